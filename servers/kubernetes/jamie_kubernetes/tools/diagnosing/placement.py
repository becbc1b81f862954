"""Pods that no node takes: some read whole, and every node asked what the scheduler asks."""

from collections.abc import Mapping, Sequence
from functools import partial

import anyio.lowlevel
import msgspec
from msgspec.structs import replace

from jamie_base.together import pair, together
from jamie_kubernetes.client import Listing
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.objects import Named
from jamie_kubernetes.client.placing import PlacingPod
from jamie_kubernetes.client.storage import Attachment, CsiNode
from jamie_kubernetes.facts.ailments import Severity
from jamie_kubernetes.facts.causes.devices import Lack
from jamie_kubernetes.facts.causes.displaced import (
    PREEMPTED,
    Displaced,
    Pushing,
    Taker,
    is_why,
    pushing,
    taker,
)
from jamie_kubernetes.facts.causes.placement import Unplaced, gated_finding, placement_finding
from jamie_kubernetes.facts.event_index import EventIndex, Happening
from jamie_kubernetes.facts.placing.gates import Gated, GatedTally
from jamie_kubernetes.facts.placing.table import Scene, Table, of_each, table
from jamie_kubernetes.facts.placing.verdicts import verdict_of
from jamie_kubernetes.facts.placing.volumes import DriverRoom, Stored, driver_room, hindrance
from jamie_kubernetes.facts.survey import PodSurvey, SickGroup
from jamie_kubernetes.kinds import ATTACHMENTS, CSI_NODES, NAMESPACES, PODS
from jamie_kubernetes.tools.diagnosing.claims import stored_of
from jamie_kubernetes.tools.diagnosing.devices import lacking
from jamie_kubernetes.tools.diagnosing.reading import quietly
from jamie_kubernetes.tools.diagnosing.round import Report, Round

GROUPS_READ = 40
"""Of how many owners an example is read whole; the others are judged by the scheduler's words."""

DAEMONS_READ = 3
"""How many pods of a DaemonSet are: each is for a node of its own."""

_AUTOSCALED = ("NotTriggerScaleUp", "TriggeredScaleUp")


class Example(msgspec.Struct, frozen=True):
    """A pod read whole, with its claims."""

    pod: PlacingPod
    stored: tuple[Stored, ...]
    devices: Lack | None = None


async def examine(round_: Round, report: Report) -> None:
    """Report pods without a node by owner."""
    survey = await round_.pods()
    if survey is None:
        return

    unplaced = [
        one
        for one in survey.sick()
        if one.group.severity == Severity.PENDING and not one.placed and one.examples
    ]
    if unplaced:
        await _explain(round_, survey, unplaced, report)
    if survey.tally.states["SchedulingGated"]:
        for gated in await _gated(round_):
            report(gated_finding(gated))


async def _explain(
    round_: Round, survey: PodSurvey, unplaced: Sequence[SickGroup], report: Report
) -> None:
    async def read() -> list[tuple[Example, ...]]:
        near = unplaced[:GROUPS_READ]
        return await together(*(partial(_read, round_, survey, one) for one in near))

    examples, events = await pair(read, partial(_events, round_))
    scene = await _scene(round_, [one for each in examples for one in each])
    nodes = {one.metadata.name: one for one in scene.nodes} if scene else {}
    rest: list[tuple[Example, ...]] = [() for _ in unplaced[GROUPS_READ:]]
    for sick, found in zip(unplaced, (*examples, *rest), strict=True):
        case = _case(round_, survey, sick, events)
        if found:
            displaced = await _displaced(round_, sick, found[0].pod)
            case = _looked_into(case, found, scene, nodes, displaced)
        report(placement_finding(case))
        # Many owners on many nodes take a while; other calls get their turn in between.
        await anyio.lowlevel.checkpoint()


async def _read(round_: Round, survey: PodSurvey, sick: SickGroup) -> tuple[Example, ...]:
    number = DAEMONS_READ if _is_daemon(sick) else 1
    names = [one.metadata.name for one in sick.examples[:number]]
    found = await together(*(partial(_example, round_, survey, sick, name) for name in names))
    return tuple(one for one in found if one is not None)


async def _example(round_: Round, survey: PodSurvey, sick: SickGroup, name: str) -> Example | None:
    pod = await round_.one(PODS, sick.group.namespace, name, PlacingPod)
    if pod is None or pod.spec.node_name:
        return None

    stored = await stored_of(round_, survey, pod)
    return Example(pod, stored, await lacking(round_, pod))


async def _scene(round_: Round, examples: Sequence[Example]) -> Scene | None:
    nodes, crowd = await pair(round_.nodes, round_.crowd)
    if nodes is None or crowd is None:
        return None

    spaces: Mapping[str, Mapping[str, str]] = {}
    if crowd.asks_of_namespaces or any(
        one.pod.spec.affinity.asks_of_namespaces for one in examples
    ):
        known = await round_.listed(NAMESPACES, Named) or []
        spaces = {one.metadata.name: one.metadata.labels for one in known}

    return Scene(nodes, crowd, spaces, await _driver_room(round_, examples))


async def _driver_room(round_: Round, examples: Sequence[Example]) -> DriverRoom:
    volumes = [each.volume for one in examples for each in one.stored if each.volume]
    if not any(one.spec.csi for one in volumes):
        return DriverRoom()

    drivers, attached = await pair(
        partial(round_.listed, CSI_NODES, CsiNode), partial(round_.listed, ATTACHMENTS, Attachment)
    )
    return driver_room(drivers or [], attached or [])


async def _events(round_: Round) -> list[EventIndex]:
    found = await together(round_.events, *(partial(round_.notes, one) for one in _AUTOSCALED))
    return [one for one in found if one is not None]


def _case(
    round_: Round, survey: PodSurvey, sick: SickGroup, events: Sequence[EventIndex]
) -> Unplaced:
    group = sick.group
    happened: dict[str, Happening] = {}
    for index in events:
        for name in group.names:
            for one in index.about(group.namespace, "Pod", name):
                happened.setdefault(one.reason, one)

    return Unplaced(
        group=group,
        now_ns=round_.now_ns,
        verdict=verdict_of(group.message),
        ready=survey.living(group.namespace, group.owner)[0],
        happened=tuple(happened.values()),
        each=_is_daemon(sick),
    )


def _is_daemon(sick: SickGroup) -> bool:
    return sick.owner is not None and sick.owner.kind == "DaemonSet"


def _shown(case: Unplaced, tables: Sequence[Table]) -> Table | None:
    if not tables:
        return None

    return of_each(tables) if case.each else tables[0]


def _looked_into(
    case: Unplaced,
    found: Sequence[Example],
    scene: Scene | None,
    nodes: Mapping[str, Host],
    displaced: Displaced | None,
) -> Unplaced:
    first = found[0]
    tables = [table(one.pod, scene, one.stored) for one in found] if scene else []
    return replace(
        case,
        pod=first.pod,
        verdict=verdict_of(first.pod.verdict.message if first.pod.verdict else ""),
        table=_shown(case, tables),
        hindrance=hindrance(first.stored),
        nodes=nodes,
        devices=first.devices,
        displaced=displaced,
    )


async def _displaced(round_: Round, sick: SickGroup, pod: PlacingPod) -> Displaced | None:
    """Look whether a pod came instead of some that were sent away, and for whom."""
    index = await round_.notes(PREEMPTED)
    # Those are gone: their names tell only of Deployments whose they were.
    owners = [sick.group.owner, *([f"{sick.owner.name}-*"] if sick.owner else [])]
    said = [index.of_owner(sick.group.namespace, one) for one in owners] if index else []
    event = next((one for each in said for one in each if is_why(one, pod)), None)
    if event is None:
        return None

    async def read(who: Pushing) -> Taker | None:
        there = Listing(PODS, fields=f"spec.nodeName={who.node}")
        return taker(who, await quietly(round_, there, PlacingPod))

    takers = await together(*(partial(read, one) for one in pushing(event)))
    return Displaced(event, tuple(one for one in takers if one))


async def _gated(round_: Round) -> list[Gated]:
    async def read(namespace: str) -> GatedTally:
        def start() -> GatedTally:
            return GatedTally(round_.now_ns)

        waiting = Listing(PODS, namespace, fields="spec.nodeName=,status.phase=Pending")
        return await round_.cluster.fold(waiting, PlacingPod, start)

    part = await round_.parts.ask("gated pods", round_.parts.scoped("gated pods", read))
    return part.value.done() if part.value else []
