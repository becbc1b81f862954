"""Pods that have a node but whose containers do not run as they should."""

from collections.abc import Sequence
from functools import partial

import anyio
from msgspec.structs import replace

from jamie_base.errors import BackendError
from jamie_base.together import pair, together
from jamie_base.when import nanoseconds
from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.client import Listing
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.objects import Event
from jamie_kubernetes.client.references import RunRecord
from jamie_kubernetes.client.whole_pods import WholePod
from jamie_kubernetes.facts.causes.cases import Case, NodeState, Stand, pod_of_survey
from jamie_kubernetes.facts.causes.containers import clue_of, finding_of, finished
from jamie_kubernetes.facts.causes.endings import ended_ns, evictions_of
from jamie_kubernetes.facts.event_index import EventIndex, Happening
from jamie_kubernetes.facts.happenings import EVENT_WINDOW_NS
from jamie_kubernetes.facts.nodes import is_ready
from jamie_kubernetes.facts.survey import PodSurvey, SickGroup
from jamie_kubernetes.kinds import CRON_JOBS, EVENTS, PODS
from jamie_kubernetes.tools.diagnosing.looking import look
from jamie_kubernetes.tools.diagnosing.round import Report, Round

CASES_LOOKED_INTO = 40
"""Of how many groups of sick pods one is read whole; the others are judged by the survey."""

AT_ONCE = 8
STEPS = 2
"""How often more may be looked for because of what was found."""

NodeStates = dict[str, NodeState]


async def examine(round_: Round, report: Report) -> None:
    """Report why pods do not run, by owner."""
    survey, events = await pair(round_.pods, round_.events)
    if survey is None:
        return

    sick = _ranked(_latest([one for one in survey.sick() if one.placed or _leaves(one)]))
    cases = [*sick, *survey.unrest()]
    if not cases:
        return

    nodes = await _nodes(round_)
    work = _Work(round_, survey, events, nodes, report)
    limiter = anyio.CapacityLimiter(AT_ONCE)
    deep = [partial(work.look_into, limiter, one) for one in cases[:CASES_LOOKED_INTO]]
    for one in cases[CASES_LOOKED_INTO:]:
        await work.judge(one)
    await together(*deep)
    for one in evictions_of(work.found):
        report(one)


class _Work:
    """What all cases of one round share."""

    def __init__(
        self,
        round_: Round,
        survey: PodSurvey,
        events: EventIndex | None,
        nodes: NodeStates | None,
        report: Report,
    ) -> None:
        self._round = round_
        self._survey = survey
        self._events = events
        self._nodes = nodes
        self._report = report
        self.found: list[Finding] = []

    async def look_into(self, limiter: anyio.CapacityLimiter, sick: SickGroup) -> None:
        """Judge a case by one of its pods, read whole, and by what it refers to."""
        async with limiter:
            case = await self._noted(await self._whole(self._case(sick)))
            clue = clue_of(case)
            if clue is None or await self._made_good(case):
                return
            for _ in range(STEPS):
                looked = await look(self._round, case, clue.seeks)
                clue = finished(clue, looked)
            self._tell(finding_of(case, clue))

    async def judge(self, sick: SickGroup) -> None:
        """Judge a case by the survey alone."""
        case = await self._noted(self._case(sick))
        clue = clue_of(case)
        if clue and not await self._made_good(case):
            self._tell(finding_of(case, clue))

    def _tell(self, one: Finding) -> None:
        self.found.append(one)
        self._report(one)

    def _case(self, sick: SickGroup) -> Case:
        pod = sick.examples[0]
        meta = pod.metadata
        node = pod.spec.node_name
        # Pods that nobody manages and that bear no labels are not told apart there.
        living = self._survey.living(meta.namespace, sick.group.owner) if sick.owner else (0, 1)
        return Case(
            group=sick.group,
            owner=sick.owner,
            pod=pod_of_survey(pod),
            now_ns=self._round.now_ns,
            stand=Stand(*living),
            events=_lately(self._events, pod_born(sick), "Pod", meta.namespace, meta.name),
            node_events=_lately(self._events, 0, "Node", "", node),
            node_state=_state(self._nodes, node),
        )

    async def _whole(self, case: Case) -> Case:
        """Read the pod whole; one that is gone or another by now stays as it was."""
        meta = case.pod.metadata
        found = await self._round.one(PODS, meta.namespace, meta.name, WholePod)
        same = found is not None and found.metadata.uid == meta.uid
        return replace(case, pod=found, whole=True) if found and same else case

    async def _noted(self, case: Case) -> Case:
        """Add what was done to a pod: killed where containers ended, pulled where none began."""
        if any(one.last_state.terminated or one.state.terminated for one in case.statuses):
            kills, remade = await pair(
                partial(self._notes, "Killing", case), partial(self._notes, "SandboxChanged", case)
            )
            node_events = case.node_events or await self._node_events(case.node)
            return replace(case, kills=kills, remade=remade, node_events=node_events)
        if case.pod.status.phase != "Pending":
            return case

        pulls, pulled = await pair(
            partial(self._notes, "Pulling", case), partial(self._notes, "Pulled", case)
        )
        return replace(case, pulls=pulls, pulled=pulled)

    async def _notes(self, reason: str, case: Case) -> tuple[Happening, ...]:
        meta = case.pod.metadata
        index = await self._round.notes(reason)
        return tuple(index.about(meta.namespace, "Pod", meta.name)) if index else ()

    async def _node_events(self, node: str) -> tuple[Happening, ...]:
        """Return what happened to a node, where the round is about a namespace only."""
        if not self._round.namespace:
            return ()

        index = await self._round.once("node events", self._read_node_events)
        return tuple(index.about("", "Node", node))

    async def _read_node_events(self) -> EventIndex:
        def start() -> EventIndex:
            return EventIndex(self._round.now_ns - EVENT_WINDOW_NS)

        # Events about what is in no namespace are kept in this one.
        fields = "involvedObject.kind=Node,type=Warning"
        try:
            listing = Listing(EVENTS, "default", fields=fields)
            return await self._round.cluster.fold(listing, Event, start)
        except Unauthorised:
            raise
        except BackendError:
            return start()

    async def _made_good(self, case: Case) -> bool:
        """Tell whether a CronJob succeeded since the failed run that a pod is left of."""
        if case.pod.status.phase != "Failed" or not case.owner or case.owner.kind != "CronJob":
            return False

        namespace, name = case.group.namespace, case.owner.name
        record = await self._round.one(CRON_JOBS, namespace, name, RunRecord)
        last = record.status.last_successful_time if record else None
        return last is not None and nanoseconds(last) > ended_ns(case)


def pod_born(sick: SickGroup) -> int:
    """Return when the example of a group was made: events before are of one of the same name."""
    return sick.examples[0].metadata.created_ns


def _leaves(sick: SickGroup) -> bool:
    return any(one.metadata.deletion_timestamp is not None for one in sick.examples)


def _latest(sick: Sequence[SickGroup]) -> list[SickGroup]:
    """Leave out how older runs of a CronJob failed, where the newest failed in another way."""
    newest: dict[tuple[str, str], int] = {}
    for one in filter(_is_failed_run, sick):
        place = (one.group.namespace, one.group.owner)
        newest[place] = max(one.group.newest_ns, newest.get(place, 0))

    return [
        one
        for one in sick
        if not _is_failed_run(one)
        or one.group.newest_ns == newest[one.group.namespace, one.group.owner]
    ]


def _is_failed_run(one: SickGroup) -> bool:
    of_schedule = one.owner is not None and one.owner.kind == "CronJob"
    return of_schedule and one.examples[0].status.phase == "Failed"


def _ranked(sick: Sequence[SickGroup]) -> list[SickGroup]:
    """Put the worst group of each owner first, then what else owners have."""
    firsts: dict[tuple[str, str], SickGroup] = {}
    more = [
        one
        for one in sick
        if firsts.setdefault((one.group.namespace, one.group.owner), one) is not one
    ]
    return [*firsts.values(), *more]


async def _nodes(round_: Round) -> NodeStates | None:
    """Return how nodes are; None where we may not know."""
    found = await round_.nodes()
    return {one.metadata.name: _node_state(one) for one in found} if found else None


def _node_state(node: Host) -> NodeState:
    return "ready" if is_ready(node) else "not ready"


def _state(nodes: NodeStates | None, node: str) -> NodeState:
    if nodes is None or not node:
        return ""

    return nodes.get(node, "gone")


def _lately(
    events: EventIndex | None, since_ns: int, kind: str, namespace: str, name: str
) -> tuple[Happening, ...]:
    if events is None or not name:
        return ()

    return tuple(one for one in events.about(namespace, kind, name) if one.last_ns >= since_ns)
