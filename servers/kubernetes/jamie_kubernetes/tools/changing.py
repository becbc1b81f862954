"""One change of one object, whatever the tool: rehearsed, planned, sent on condition."""

from collections.abc import Sequence
from contextlib import suppress

import msgspec

from jamie_base.errors import (
    BackendError,
    InvalidArgument,
    NotConfirmed,
    NotReached,
    TimedOut,
    Unreachable,
    Unsure,
)
from jamie_base.plan import Binding, Outcome, Plan, Undo
from jamie_base.redact import Redactor
from jamie_base.text import join_words
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.api_server import Conflict
from jamie_kubernetes.client.sending import Object, part, text_at
from jamie_kubernetes.facts.copies import Wary
from jamie_kubernetes.facts.diffs import lines_of, touched_of
from jamie_kubernetes.facts.fields import as_left, untouched
from jamie_kubernetes.facts.keepers import keeper_line
from jamie_kubernetes.facts.writers import is_ours, own_fields
from jamie_kubernetes.tools.change import (
    CAN_UNDO,
    Acted,
    Draft,
    Errand,
    Job,
    WayBack,
    fields_of,
    moves,
)
from jamie_kubernetes.tools.rehearsing import TRIES, body_of, looked, rehearsed
from jamie_kubernetes.tools.weighing import applying_lines

FOR_GOOD = "This cannot be undone: the object will be gone."


async def drafted(
    cluster: Cluster,
    marks: Redactor,
    job: Job,
    impact: Sequence[str] = (),
    undoes: str = "",
    *,
    weighs: bool = False,
) -> Plan:
    """Rehearse a change at the server and plan it.

    `weighs` asks what the fields that would change mean for a workload's pods.

    Raises:
        InvalidArgument: There is nothing to change.
        BackendError: The server would refuse it; in its own words.

    """
    draft = await rehearsed(cluster, job)
    if _ends(draft):
        job = msgspec.structs.replace(job, undo=FOR_GOOD, watch="gone")
        draft = msgspec.structs.replace(draft, job=job)
    if not draft.changes:
        raise InvalidArgument(f"Nothing to change: {job.target.full} is like that already.")

    target, after = job.target, draft.acted.after
    weighed = (
        await applying_lines(cluster, target, draft.whole, after, draft.fields) if weighs else []
    )
    kind = target.kind.name
    wary = Wary(marks, kind, draft.acted.before, after)
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
        impact=(*draft.note, *leaving_line(draft), *keeper_line(draft.whole), *impact, *weighed),
        undo=job.undo,
        undoes=undoes,
        ways_back=ways_back(cluster, job, draft.acted),
    )


def leaving_line(draft: Draft) -> Sequence[str]:
    """Say of an object that is being deleted what becomes of it."""
    if _ends(draft):
        return ("It is being deleted, and nothing will hold it any more: it will be gone at once.",)

    leaving = text_at(draft.whole, "metadata", "deletionTimestamp")
    return ("It is being deleted: what is changed goes with it.",) if leaving else ()


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
        before = await looked(cluster, errand.job, errand.job.path)
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
    fields = fields_of(job, acted)
    # An object that others wrote to in the same moment is not ours alone to delete.
    ours = not acted.before and is_ours(acted.after)
    made = own_fields(acted.after) if ours else Object()
    if job.undo != CAN_UNDO or not (fields if acted.before else ours):
        return ()

    names = join_words([one.name for one in fields[:3]])
    way = WayBack(cluster.access.context, target, job.below, job.watch, fields, made, new=ours)
    undo = Undo(
        summary=f"k8s_undo deletes {target.full} again, unless somebody else changes it"
        if ours
        else f"k8s_undo puts {names} of {target.full} back",
        target=target.full,
        uid=acted.uid,
        touched={},
        body=msgspec.json.encode(way),
    )
    return (undo,)


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


def _ends(draft: Draft) -> bool:
    """Tell whether a change takes the last finalizer from an object that is being deleted."""
    held, holds = (
        bool(part(one, "metadata", "finalizers")) for one in (draft.whole, draft.acted.after)
    )
    leaving = bool(text_at(draft.whole, "metadata", "deletionTimestamp"))

    return leaving and held and not holds and not draft.job.below


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
        return await cluster.send(errand.job.sending, body_of(errand.job.sending, before))
    except NotReached:
        raise
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
