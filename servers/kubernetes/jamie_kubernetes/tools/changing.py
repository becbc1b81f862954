"""One change of one object, whatever the tool: rehearsed, planned, sent on condition."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from jamie_base.errors import (
    BackendError,
    InvalidArgument,
    NotConfirmed,
    TimedOut,
    Unreachable,
    Unsure,
)
from jamie_base.plan import Binding, Outcome, Plan, Undo
from jamie_base.redact import Redactor
from jamie_base.text import join_words
from jamie_base.toolset import INJECTED_REDACTOR
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.api_server import Conflict
from jamie_kubernetes.client.sending import MERGE, NOW, Object, Sending, part, text_at
from jamie_kubernetes.facts.diffs import lines_of, touched_of
from jamie_kubernetes.facts.fields import Field, as_left, compared, merged, untouched
from jamie_kubernetes.facts.keepers import keeper_line
from jamie_kubernetes.tools.targets import Target

Marks = Annotated[Redactor, INJECTED_REDACTOR]

Watch = Literal["fields", "rollout", "gone"]

CAN_UNDO = "This can be undone with k8s_undo."
NOT_REHEARSED = (
    "Not rehearsed: an admission webhook refuses dry runs; it may change or refuse this."
)
TRIES = 5
"""How often a change is sent again because only the object's version moved."""


class Job(msgspec.Struct, frozen=True):
    """A change as a tool wants it: of what, sent how, in which words, checked how.

    `summary` is an infinitive, `done` what is so afterwards; `below` names the subresource that is
    looked at and changed instead of the object.
    """

    target: Target
    sending: Sending
    summary: str
    done: str
    watch: Watch = "fields"
    below: str = ""
    undo: str = CAN_UNDO

    @property
    def path(self) -> str:
        """Return the path of what is looked at."""
        rest = (self.target.name, self.below) if self.below else (self.target.name,)
        return self.target.kind.path(self.target.namespace, *rest)


class Errand(msgspec.Struct, frozen=True):
    """What acting needs: the change, and the fields it is to change, as they were and will be."""

    job: Job
    fields: tuple[Field, ...]


class WayBack(msgspec.Struct, frozen=True):
    """What undoing needs: which object, and its fields before and as we left them."""

    context: str
    target: Target
    below: str
    watch: Watch
    fields: tuple[Field, ...]


async def drafted(
    cluster: Cluster, marks: Redactor, job: Job, impact: Sequence[str] = (), undoes: str = ""
) -> Plan:
    """Rehearse a change at the server and plan it.

    Raises:
        InvalidArgument: There is nothing to change.
        BackendError: The server would refuse it; in its own words.

    """
    whole = await cluster.get(job.target.path, Object)
    before = await cluster.get(job.path, Object) if job.below else whole
    after, note = await _rehearsed(cluster, job, before)
    fields = compared(before, after)
    if not fields:
        raise InvalidArgument(f"Nothing to change: {job.target.full} is like that already.")

    kind = job.target.kind.name
    binding = Binding(
        target=job.target.full,
        uid=text_at(whole, "metadata", "uid"),
        generation=generation_of(whole),
        touched=touched_of(fields, kind, marks),
        body=msgspec.json.encode(Errand(job, tuple(fields)), order="deterministic"),
    )
    return Plan(
        summary=f"{job.summary} (context {cluster.access.context})",
        binding=binding,
        changes=lines_of(fields, kind, marks),
        impact=(*note, *keeper_line(whole), *impact),
        undo=job.undo,
        undoes=undoes,
        ways_back=_ways_back(cluster, binding, job, fields),
    )


async def carry_out(cluster: Cluster, plan: Plan) -> Outcome:
    """Send a planned change, only if the object and its fields are still as they were planned for.

    Raises:
        NotConfirmed: They are not.
        BackendError: The server refused, or nobody knows whether it did it.

    """
    errand = msgspec.json.decode(plan.binding.body, type=Errand)
    for _ in range(TRIES):
        before = await cluster.get(errand.job.path, Object)
        _check(before, plan.binding, errand)
        with suppress(Conflict):
            after = await _sent(cluster, errand, before)
            return _done(cluster, plan, errand, compared(before, after))

    raise NotConfirmed(
        f"{plan.binding.target} changes faster than it can be written ({TRIES} times its version"
        " was newer than the one just read); nothing was changed. Try again."
    )


def moves(field: Field) -> bool:
    """Tell whether a field holds the moment of sending, which no plan knows."""
    return field.after == NOW


def generation_of(one: Object) -> int:
    """Return how often the object was changed, as far as the server counts that."""
    found = part(one, "metadata", "generation")
    return found if isinstance(found, int) else 0


def unknown(summary: str, error: BackendError) -> Unsure:
    """Return the error for a change of which nobody knows whether it was made."""
    return Unsure(
        f"It may or may not have been done: {summary}. The request was sent and no answer came"
        f" ({error}) Look before you try again."
    )


def _check(now: Object, binding: Binding, errand: Errand) -> None:
    changed = [field.name for field in errand.fields if not untouched(now, field)]
    if text_at(now, "metadata", "uid") != binding.uid:
        changed = ["another object has its name now"]
    if changed:
        raise NotConfirmed(
            f"{binding.target} changed in the last moment ({', '.join(changed[:5])}); nothing was"
            " changed. Look again, then ask again."
        )


async def _sent(cluster: Cluster, errand: Errand, before: Object) -> Object:
    try:
        return await cluster.send(errand.job.sending, _body(errand.job.sending, before))
    except (TimedOut, Unreachable) as exc:
        now = await _look_again(cluster, errand, exc)
        if not all(as_left(now, field) for field in errand.fields if not moves(field)):
            raise unknown(errand.job.summary, exc) from exc

        return now


async def _look_again(cluster: Cluster, errand: Errand, error: BackendError) -> Object:
    try:
        return await cluster.get(errand.job.path, Object)
    except BackendError as exc:
        raise unknown(errand.job.summary, error) from exc


def _done(cluster: Cluster, plan: Plan, errand: Errand, fields: Sequence[Field]) -> Outcome:
    undos = _ways_back(cluster, plan.binding, errand.job, fields)
    return Outcome(errand.job.done, verified=False, undos=undos)


def _ways_back(
    cluster: Cluster, binding: Binding, job: Job, fields: Sequence[Field]
) -> tuple[Undo, ...]:
    """Return what undoes a change of these fields, where that is true."""
    if job.undo != CAN_UNDO or not fields:
        return ()

    names = join_words([one.name for one in fields[:3]])
    way = WayBack(cluster.access.context, job.target, job.below, job.watch, tuple(fields))
    undo = Undo(
        summary=f"k8s_undo puts {names} of {job.target.full} back",
        target=binding.target,
        uid=binding.uid,
        touched={},
        body=msgspec.json.encode(way),
    )
    return (undo,)


async def _rehearsed(cluster: Cluster, job: Job, before: Object) -> tuple[Object, tuple[str, ...]]:
    """Return what the object would be, and a word where the server could not tell."""
    for seen in (before, None):
        # Its status may have moved between the look and the rehearsal: look again, once.
        now = seen or await cluster.get(job.path, Object)
        with suppress(Conflict):
            return await _rehearsed_once(cluster, job, now)

    raise NotConfirmed(f"{job.target.full} changes while it is looked at; try again.")


async def _rehearsed_once(
    cluster: Cluster, job: Job, before: Object
) -> tuple[Object, tuple[str, ...]]:
    sending = job.sending
    try:
        return await cluster.send(sending, _body(sending, before, NOW), rehearse=True), ()
    except BackendError as exc:
        if "does not support dry run" not in str(exc):
            raise
        if sending.media != MERGE or isinstance(sending.content, list):
            raise InvalidArgument(
                f"{job.target.full}: this cannot be rehearsed, so it is not planned: {exc}"
            ) from exc

        return merged(before, sending.content), (NOT_REHEARSED,)


def _body(sending: Sending, seen: Object, moment: str = "") -> bytes:
    return sending.body(
        text_at(seen, "metadata", "uid"),
        text_at(seen, "metadata", "resourceVersion"),
        moment or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
