"""Draining a node: cordoned, its pods evicted one after another as budgets allow, seen through."""

import time
from collections.abc import Mapping, Sequence
from functools import partial

import anyio
import msgspec
from msgspec import structs

from jamie_base.errors import InvalidArgument, NotFound
from jamie_base.plan import Binding, Outcome, Plan
from jamie_base.progress import progress
from jamie_base.redact import Redactor
from jamie_base.text import count
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.evictions import Guest, Neighbour
from jamie_kubernetes.client.limits import Budget
from jamie_kubernetes.client.objects import Named
from jamie_kubernetes.facts.diffs import lines_of, touched_of
from jamie_kubernetes.facts.draining import (
    Guests,
    NeighbourTally,
    budget_lines,
    going_lines,
    guests_of,
    loss_lines,
    outage_lines,
    refusal,
    room_lines,
    silent_lines,
)
from jamie_kubernetes.facts.removals import unseen_line
from jamie_kubernetes.kinds import BUDGETS, NODES, PODS
from jamie_kubernetes.tools.aftermath import SPARE_SECONDS
from jamie_kubernetes.tools.change import Draft, Errand, Job
from jamie_kubernetes.tools.changing import act, ways_back
from jamie_kubernetes.tools.evicting import Evicted, check_allowed, evict_all, to_evict
from jamie_kubernetes.tools.parts import Parts, why_of
from jamie_kubernetes.tools.rehearsing import rehearsed
from jamie_kubernetes.tools.targets import Target

POLL_SECONDS = 0.5
RETRY_SECONDS = 3.0
"""How long a refused eviction waits before it is asked for again."""

LEFT_NAMED = 8

CORDON_ONLY = (
    "Cordoning can be undone (k8s_undo, or action=uncordon); evictions cannot: pods do not move"
    " back."
)
OUT_OF_REACH = "Pods of namespaces that are off limits here are not seen and stay on it"
NOTHING_BACK = "Evictions cannot be undone; action=uncordon lets the node take pods again."


class Draining(msgspec.Struct, frozen=True, tag="drain"):
    """A drain: of which node, and its cordoning where it takes pods yet."""

    node: Target
    cordon: Errand | None = None


async def drafted_drain(cluster: Cluster, marks: Redactor, cordon: Job, *, force: bool) -> Plan:
    """Rehearse the cordoning of a node and plan its drain.

    Raises:
        InvalidArgument: It would cost what only force may, or there is nothing to do.
        Denied: Evicting is not allowed.

    """
    node = cordon.target
    draft = await rehearsed(cluster, cordon)
    guests = guests_of(await cluster.all(_on(node), Guest))
    if not (draft.changes or guests.go):
        raise InvalidArgument(f"Nothing to drain: {node} is cordoned and none of its pods goes.")
    if (why := refusal(guests)) and not force:
        raise InvalidArgument(
            f"{node} is not drained: {why}. force=true evicts them all the same; nothing was"
            " changed."
        )

    evictions = to_evict(guests.go)
    await check_allowed(cluster, evictions)
    impact = await _impact(cluster, node, guests)
    return _plan(cluster, marks, draft, guests, [*draft.note, *impact])


async def drain(cluster: Cluster, plan: Plan) -> Outcome:
    """Cordon the node and ask once for the eviction of each pod that was agreed to.

    Raises:
        NotConfirmed: The node is not as it was planned for.
        BackendError: The server refused to cordon it, or nobody knows whether it did it.

    """
    until = anyio.current_effective_deadline() - SPARE_SECONDS
    draining = msgspec.json.decode(plan.binding.body, type=Draining)
    undos = ()
    if cordon := draining.cordon:
        undos = ways_back(cluster, cordon.job, await act(cluster, cordon))
    with anyio.CancelScope(deadline=until):
        await evict_all(cluster, _agreed(plan))

    return Outcome(f"{draining.node} is being drained", verified=False, undos=undos)


async def see_drained(cluster: Cluster, plan: Plan, outcome: Outcome) -> Outcome:
    """Try again what budgets held up, until the pods are gone or the time is over."""
    node = msgspec.json.decode(plan.binding.body, type=Draining).node
    agreed = {one.uid: one for one in _agreed(plan)}
    until = anyio.current_effective_deadline() - SPARE_SECONDS
    started = again = time.monotonic()
    refused: Mapping[str, str] = {}
    told = ""
    while True:
        left = await _left(cluster, node, agreed)
        if time.monotonic() >= again:
            held = [agreed[uid] for uid, leaving in left.items() if not leaving]
            with anyio.CancelScope(deadline=until):
                refused = await evict_all(cluster, held)
            again = time.monotonic() + RETRY_SECONDS
        said = _progress(len(agreed), left, refused)
        if said != told:
            told = said
            await progress(f"{node}: {told}")
        if not left or anyio.current_time() + POLL_SECONDS > until:
            took = f"{told}, after {time.monotonic() - started:.0f} s"
            lines = _left_lines([agreed[uid] for uid in left], refused)
            if not left and cluster.fence.spaces.limited:
                lines = [OUT_OF_REACH]
            return _ended(outcome, node, [took] if agreed else [], lines, drained=not left)
        await anyio.sleep(POLL_SECONDS)


def _on(node: Target, *, bare: bool = False) -> Listing:
    return Listing(PODS, fields=f"spec.nodeName={node.name}", bare=bare)


def _agreed(plan: Plan) -> list[Evicted]:
    return msgspec.json.decode(plan.errand, type=list[Evicted])


async def _impact(cluster: Cluster, node: Target, guests: Guests) -> list[str]:
    parts = Parts(cluster)
    budgets = parts.plan("pdb", partial(cluster.all, Listing(BUDGETS), Budget))
    hosts = parts.plan("nodes", partial(cluster.all, Listing(NODES), Host))
    tally = parts.plan("pods", partial(cluster.fold, Listing(PODS), Neighbour, NeighbourTally))
    await parts.fill()

    missing = [
        f"{part.name} ({why_of(part.error)})"
        for part in parts.parts
        if part.error and not isinstance(part.error, NotFound)
    ]
    named = {one.metadata.name: one for one in hosts.value or []}
    here = named.pop(node.name, None)
    pods = tally.value
    seconds = cluster.deadline - SPARE_SECONDS
    limited = cluster.fence.spaces.limited
    return [
        *([f"{OUT_OF_REACH}."] if limited else []),
        *loss_lines(guests),
        *silent_lines(guests, here),
        *budget_lines(guests, budgets.value or []),
        *(outage_lines(guests, pods) if pods else []),
        *(room_lines(guests, [*named.values()], pods) if pods and here else []),
        *unseen_line(missing),
        f"Evictions go on for {seconds:.0f} s; the same call goes on with what is left then.",
    ]


def _plan(
    cluster: Cluster, marks: Redactor, draft: Draft, guests: Guests, impact: Sequence[str]
) -> Plan:
    node, kind = draft.job.target, draft.job.target.kind.name
    cordon = draft.errand if draft.changes else None
    binding = Binding(
        target=node.full,
        uid=draft.errand.uid,
        generation=0,
        touched=touched_of(draft.fields, kind, marks),
        body=msgspec.json.encode(Draining(node, cordon), order="deterministic"),
    )
    pods = count("pod", len(guests.go))
    first = "cordon it and " if cordon else ""
    return Plan(
        summary=f"drain {node}: {first}evict {pods} (context {cluster.access.context})",
        binding=binding,
        changes=(*lines_of(draft.fields, kind, marks), *going_lines(guests)),
        impact=(*impact,),
        undo=CORDON_ONLY if cordon else NOTHING_BACK,
        # Pods come and go while the user thinks: those that were agreed to go, and no others.
        errand=msgspec.json.encode(to_evict(guests.go)),
        ways_back=ways_back(cluster, draft.job, draft.acted),
    )


async def _left(cluster: Cluster, node: Target, agreed: Mapping[str, Evicted]) -> dict[str, bool]:
    """Return which of the pods are still there, by uid, and whether they are leaving."""
    found = await cluster.all(_on(node, bare=True), Named)
    return {
        one.metadata.uid: one.metadata.deletion_timestamp is not None
        for one in found
        if one.metadata.uid in agreed
    }


def _progress(number: int, left: Mapping[str, bool], refused: Mapping[str, str]) -> str:
    leaving = sum(left.values())
    parts = [
        f"{number - len(left)} of {count('pod', number)} gone",
        *([f"{leaving} stopping"] if leaving else []),
        *([f"{len(refused)} refused"] if refused else []),
    ]
    return ", ".join(parts)


def _left_lines(left: Sequence[Evicted], refused: Mapping[str, str]) -> list[str]:
    lines = [
        f"left: {one.full}: {refused.get(one.full, 'stopping')}"
        for one in sorted(left, key=lambda one: one.full not in refused)
    ]
    more = len(lines) - LEFT_NAMED
    return [*lines[:LEFT_NAMED], *([f"... and {count('pod', more)} more"] if more > 0 else [])]


def _ended(
    outcome: Outcome, node: Target, took: Sequence[str], lines: Sequence[str], *, drained: bool
) -> Outcome:
    summary = (
        f"{node} is drained and takes no new pods"
        if drained
        else f"{node} takes no new pods and is not drained yet; the same call goes on"
    )
    return structs.replace(outcome, summary=summary, verified=drained, details=(*took, *lines))
