"""Taking a change back."""

from typing import Annotated

import msgspec
from pydantic import Field

from jamie_base.errors import BackendError, InvalidArgument, NotFound
from jamie_base.plan import Outcome, Plan
from jamie_base.redact import Redactor
from jamie_base.text import join_words
from jamie_base.toolset import INJECTED_UNDO_LOG
from jamie_base.undo import UndoLog
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.sending import OPERATIONS, Object, Sending, text_at
from jamie_kubernetes.facts.fields import as_left, back
from jamie_kubernetes.facts.writers import other_writers, own_fields
from jamie_kubernetes.tools.aftermath import look_after
from jamie_kubernetes.tools.change import Errand, Job, WayBack
from jamie_kubernetes.tools.changing import carry_out, drafted
from jamie_kubernetes.tools.losses import losses
from jamie_kubernetes.tools.removing import (
    FOR_GOOD,
    Removal,
    planned_removal,
    rehearsed,
    remove,
    see_gone,
)
from jamie_kubernetes.tools.toolset import Backend, Marks, tools

Undos = Annotated[UndoLog, INJECTED_UNDO_LOG]
Record = Annotated[
    str, Field(description="The record an earlier write named: undo-1a2b3c4d.", max_length=40)
]


async def take_back(cluster: Cluster, plan: Plan) -> Outcome:
    """Send what takes a write back: a change, or the deletion of what the write made."""
    step = msgspec.json.decode(plan.binding.body, type=Errand | Removal)

    return await (remove if isinstance(step, Removal) else carry_out)(cluster, plan)


async def look_back(cluster: Cluster, plan: Plan, outcome: Outcome) -> Outcome:
    """See whether it is taken back."""
    step = msgspec.json.decode(plan.binding.body, type=Errand | Removal)

    return await (see_gone if isinstance(step, Removal) else look_after)(cluster, plan, outcome)


@tools.writes(take_back, look_back)
async def k8s_undo(cluster: Backend, marks: Marks, undos: Undos, record: Record) -> Plan:
    """Take an earlier write back, after its user agreed.

    Restores exactly the fields it changed; refuses when somebody else changed them since.
    """
    kept = undos.load(record).undo
    way = _read(record, kept.body)
    if way.context != cluster.access.context:
        raise InvalidArgument(
            f"{record} belongs to context {way.context!r}, not {cluster.access.context!r}."
        )

    job = Job(way.target, Sending("PATCH", "", []), "", "", way.watch, way.below)
    now = await _object(cluster, job, kept.uid)
    if way.made_it:
        _refuse_written(record, way, now)
    changed = [field.name for field in way.fields if not as_left(now, field)]
    if changed:
        raise InvalidArgument(
            f"{record} cannot be undone: {join_words(changed[:5])} of {way.target.full}"
            f" {'was' if len(changed) == 1 else 'were'} changed by somebody else since; nothing was"
            " changed. Set what you want with the tool for it."
        )
    if way.made_it:
        return await _unmade(cluster, marks, record, way)

    operations = back(now, way.fields)
    fields = join_words([field.name for field in way.fields][:3])
    job = msgspec.structs.replace(
        job,
        sending=Sending("PATCH", job.path, operations, OPERATIONS),
        summary=f"undo {record}: put {fields} of {way.target.full} back",
        done=f"{way.target.full} is as it was before {record}",
    )
    return await drafted(cluster, marks, job, undoes=record, weighs=True)


async def _unmade(cluster: Cluster, marks: Redactor, record: str, way: WayBack) -> Plan:
    """Plan the deletion of what a write made."""
    removal = Removal(way.target)
    whole, note = await rehearsed(cluster, removal)
    impact = [*note, *await losses(cluster, removal, whole)]
    plan = planned_removal(cluster, marks, removal, whole, impact)

    return msgspec.structs.replace(
        plan, summary=f"undo {record}: {plan.summary}", undo=FOR_GOOD, undoes=record
    )


def _refuse_written(record: str, way: WayBack, now: Object) -> None:
    """Refuse to delete what somebody, or another write of ours, has changed since it was made."""
    writers = other_writers(now)
    if not writers and own_fields(now) != way.made:
        writers = ["another write of Jamie's"]
    if writers:
        raise InvalidArgument(
            f"{record} cannot be undone: {way.target.full} was changed since by"
            f" {join_words(writers[:3])}; nothing was changed. k8s_delete deletes it all the same."
        )


def _read(record: str, body: bytes) -> WayBack:
    try:
        return msgspec.json.decode(body, type=WayBack)
    except msgspec.DecodeError as exc:
        raise BackendError(f"The undo record {record!r} cannot be read ({exc}).") from exc


async def _object(cluster: Backend, job: Job, uid: str) -> Object:
    try:
        now = await cluster.get(job.path, Object)
    except NotFound as exc:
        raise NotFound(f"{job.target.full} is gone: there is nothing to undo.") from exc

    # A record that was kept before its object was made knows no uid yet, only who wrote what.
    if uid and text_at(now, "metadata", "uid") != uid:
        raise NotFound(f"{job.target.full} is another object of that name now; not undone.")

    return now
