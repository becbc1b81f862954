"""Several changes, one after another; where one fails, what was done and what was not is said."""

from collections.abc import Sequence

import anyio
import msgspec
from mcp.server.mcpserver.exceptions import ToolError

from jamie_base.errors import TimedOut, Unsure
from jamie_base.plan import Outcome, Plan, Undo
from jamie_base.progress import progress
from jamie_base.text import count, join_words
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.tools.aftermath import SPARE_SECONDS, Seen, look_at
from jamie_kubernetes.tools.change import Errand, Job
from jamie_kubernetes.tools.changing import act, ways_back

NAMED = 3


async def apply_all(cluster: Cluster, plan: Plan) -> Outcome:
    """Send planned changes in order; the first that fails ends it.

    Raises:
        NotConfirmed: The first object is not as it was planned for.
        BackendError: The server refused the first, or nobody knows whether it did it.

    """
    errands = msgspec.json.decode(plan.binding.body, type=list[Errand])
    until = anyio.current_effective_deadline() - SPARE_SECONDS
    undos: list[Undo] = []
    for place, errand in enumerate(errands):
        if place:
            await progress(f"{place} of {len(errands)} applied")
        try:
            undos += await _acted(cluster, errand, until)
        except ToolError as exc:
            unsure = isinstance(exc, Unsure)
            if not place and not (unsure and len(errands) > 1):
                raise
            if unsure:
                undos += [one for one in plan.ways_back if one.target == errand.job.target.full]
            return _half_way(errands, place, undos, str(exc))

    verb = "was" if len(errands) == 1 else "were"
    summary = f"{named([one.job for one in errands])} {verb} applied"
    return Outcome(summary, verified=False, undos=tuple(undos))


async def look_at_all(cluster: Cluster, plan: Plan, outcome: Outcome) -> Outcome:
    """See whether every object is as it was applied, and whether rollouts get through."""
    if outcome.details:
        # It ended half-way, and said so.
        return outcome

    errands = msgspec.json.decode(plan.binding.body, type=list[Errand])
    seen = [(errand, await look_at(cluster, errand)) for errand in errands]
    alone = len(errands) == 1
    return Outcome(
        outcome.summary,
        verified=all(one.verified for _, one in seen),
        details=tuple(line for errand, one in seen for line in _told(errand, one, alone=alone)),
    )


def named(jobs: Sequence[Job]) -> str:
    """Name objects, the first few of many."""
    names = [one.target.full for one in jobs]
    more = len(names) - NAMED
    shown = names if more < 1 else [*names[:NAMED], count("other", more)]

    return join_words(shown)


async def _acted(cluster: Cluster, errand: Errand, until: float) -> Sequence[Undo]:
    if anyio.current_time() > until:
        raise TimedOut("there was no time left for it; it was not sent.")

    with anyio.CancelScope(deadline=until):
        return ways_back(cluster, errand.job, await act(cluster, errand))

    raise Unsure(f"It may or may not have been done: {errand.job.summary}; no answer in time.")


def _half_way(errands: Sequence[Errand], done: int, undos: Sequence[Undo], why: str) -> Outcome:
    names = [one.job.target.full for one in errands]
    left = names[done + 1 :]
    details = (
        f"applied: {', '.join(names[:done]) or 'none'}",
        f"failed: {names[done]}: {why}",
        *([f"not tried: {', '.join(left)}"] if left else []),
    )
    summary = f"only {done} of {count('object', len(names))} were applied"

    return Outcome(summary, verified=False, details=details, undos=tuple(undos))


def _told(errand: Errand, seen: Seen, *, alone: bool) -> list[str]:
    if alone:
        return [*seen.details]

    lines = seen.details or (("as applied",) if seen.verified else ("not as applied",))
    return [f"{errand.job.target.full}: {line}" for line in lines]
