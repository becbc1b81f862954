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
    NotFound,
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
from jamie_kubernetes.client.sending import APPLY, MERGE, NOW, Object, Sending, part, text_at
from jamie_kubernetes.facts.copies import Wary
from jamie_kubernetes.facts.diffs import lines_of, touched_of
from jamie_kubernetes.facts.fields import Field, as_left, compared, merged, sown, untouched
from jamie_kubernetes.facts.keepers import keeper_line
from jamie_kubernetes.facts.writers import own_fields
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
    def applies(self) -> bool:
        """Tell whether it makes the object where there is none."""
        return self.sending.media == APPLY

    @property
    def path(self) -> str:
        """Return the path of what is looked at."""
        rest = (self.target.name, self.below) if self.below else (self.target.name,)
        return self.target.kind.path(self.target.namespace, *rest)


class Errand(msgspec.Struct, frozen=True, tag="change"):
    """What acting needs: the change, and the fields it is to change, as they were and will be.

    `uid` is the object's; empty where there is to be a new one.
    """

    job: Job
    fields: tuple[Field, ...]
    uid: str = ""


class WayBack(msgspec.Struct, frozen=True):
    """What undoing needs: which object, and its fields before and as we left them.

    Of an object that we made, `made` holds the fields the server notes as ours.
    """

    context: str
    target: Target
    below: str
    watch: Watch
    fields: tuple[Field, ...]
    made: Object = {}


class Acted(msgspec.Struct, frozen=True):
    """What is changed, before and after; nothing before where it is new.

    What was only `rehearsed` has no uid yet where it is new.
    """

    before: Object
    after: Object
    rehearsed: bool = False

    @property
    def uid(self) -> str:
        """Return the uid of the object, as far as it is known."""
        known = self.after if not self.rehearsed else self.before
        return text_at(known, "metadata", "uid")


class Draft(msgspec.Struct, frozen=True):
    """A change that was rehearsed: the object as it is, what would change, and a word about that.

    `whole` is empty where there is none yet. Where nothing could be rehearsed, what it would be is
    `guessed`.
    """

    job: Job
    whole: Object
    acted: Acted
    fields: tuple[Field, ...]
    note: tuple[str, ...] = ()
    guessed: bool = False

    @property
    def changes(self) -> bool:
        """Tell whether anything would be other than it is."""
        return not self.whole or bool(self.fields)

    @property
    def errand(self) -> Errand:
        """Return what acting needs."""
        fields = () if self.guessed else self.fields
        return Errand(self.job, fields, text_at(self.whole, "metadata", "uid"))


async def rehearsed(cluster: Cluster, job: Job) -> Draft:
    """Rehearse a change at the server.

    Raises:
        BackendError: The server would refuse it; in its own words.

    """
    whole = await _looked(cluster, job, job.target.path)
    before = await cluster.get(job.path, Object) if job.below else whole
    before, after, note = await _rehearsed(cluster, job, before)
    acted = Acted(before, after, rehearsed=True)

    return Draft(job, whole, acted, _fields(job, acted), note)


async def drafted(
    cluster: Cluster, marks: Redactor, job: Job, impact: Sequence[str] = (), undoes: str = ""
) -> Plan:
    """Rehearse a change at the server and plan it.

    Raises:
        InvalidArgument: There is nothing to change.
        BackendError: The server would refuse it; in its own words.

    """
    draft = await rehearsed(cluster, job)
    if not draft.changes:
        raise InvalidArgument(f"Nothing to change: {job.target.full} is like that already.")

    kind = job.target.kind.name
    wary = Wary(marks, kind, draft.acted.before, draft.acted.after)
    binding = Binding(
        target=job.target.full,
        uid=draft.errand.uid,
        generation=generation_of(draft.whole),
        touched=touched_of(draft.fields, kind, wary),
        body=msgspec.json.encode(draft.errand, order="deterministic"),
    )
    return Plan(
        summary=f"{job.summary} (context {cluster.access.context})",
        binding=binding,
        changes=lines_of(draft.fields, kind, wary),
        impact=(*draft.note, *keeper_line(draft.whole), *impact),
        undo=job.undo,
        undoes=undoes,
        ways_back=ways_back(cluster, job, draft.acted),
    )


async def carry_out(cluster: Cluster, plan: Plan) -> Outcome:
    """Send a planned change, only if the object and its fields are still as they were planned for.

    Raises:
        NotConfirmed: They are not.
        BackendError: The server refused, or nobody knows whether it did it.

    """
    errand = msgspec.json.decode(plan.binding.body, type=Errand)
    acted = await act(cluster, errand)

    return Outcome(errand.job.done, verified=False, undos=ways_back(cluster, errand.job, acted))


async def act(cluster: Cluster, errand: Errand) -> Acted:
    """Send a change, only if the object and its fields are still as they were planned for.

    Raises:
        NotConfirmed: They are not.
        BackendError: The server refused, or nobody knows whether it did it.

    """
    for _ in range(TRIES):
        before = await _looked(cluster, errand.job, errand.job.path)
        _check(before, errand)
        with suppress(Conflict):
            return Acted(before, await _sent(cluster, errand, before))

    raise NotConfirmed(
        f"{errand.job.target.full} changes faster than it can be written ({TRIES} times its version"
        " was newer than the one just read); nothing was changed. Try again."
    )


def ways_back(cluster: Cluster, job: Job, acted: Acted) -> tuple[Undo, ...]:
    """Return how to take a change back; nothing where that is not true."""
    target = job.target
    fields = _fields(job, acted)
    # An object that others wrote to in the same moment is not ours alone to delete.
    made = Object() if acted.before else own_fields(acted.after)
    if job.undo != CAN_UNDO or not (fields if acted.before else made):
        return ()

    names = join_words([one.name for one in fields[:3]])
    way = WayBack(cluster.access.context, target, job.below, job.watch, fields, made)
    undo = Undo(
        summary=f"k8s_undo deletes {target.full} again, unless somebody else changes it"
        if made
        else f"k8s_undo puts {names} of {target.full} back",
        target=target.full,
        uid=acted.uid,
        touched={},
        body=msgspec.json.encode(way),
    )
    return (undo,)


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


def _fields(job: Job, acted: Acted) -> tuple[Field, ...]:
    if acted.before:
        return tuple(compared(acted.before, acted.after))

    return tuple(sown(job.sending.content, acted.after))


async def _looked(cluster: Cluster, job: Job, path: str) -> Object:
    """Return an object, or nothing where the change may make it."""
    try:
        return await cluster.get(path, Object)
    except NotFound:
        if not job.applies:
            raise
        return {}


def _check(now: Object, errand: Errand) -> None:
    changed = [field.name for field in errand.fields if not untouched(now, field)]
    if text_at(now, "metadata", "uid") != errand.uid:
        changed = ["another object has its name now" if errand.uid else "somebody made it"]
    if changed:
        raise NotConfirmed(
            f"{errand.job.target.full} changed in the last moment ({', '.join(changed[:5])});"
            " nothing was changed. Look again, then ask again."
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


async def _rehearsed(
    cluster: Cluster, job: Job, before: Object
) -> tuple[Object, Object, tuple[str, ...]]:
    """Return the object as it is, as it would be, and a word where the server could not tell."""
    for again in range(TRIES):
        # Its status may have moved between the look and the rehearsal, as in a rollout: look again.
        now = await _looked(cluster, job, job.path) if again else before
        with suppress(Conflict):
            return now, *await _rehearsed_once(cluster, job, now)

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
