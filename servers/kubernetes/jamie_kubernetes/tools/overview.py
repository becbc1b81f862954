"""The overview: how is my cluster doing."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from msgspec.structs import replace

from jamie_base.errors import BackendError, Denied, NotFound, TimedOut, Unreachable
from jamie_base.text import join_words
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import Cause, Gap, Overview, Pods, Usage
from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.answers_top import NOT_MEASURED
from jamie_kubernetes.client import Cluster, Listing, OffLimits
from jamie_kubernetes.client.objects import Event, Node, Workload
from jamie_kubernetes.client.survey import SurveyedPod
from jamie_kubernetes.client.usage import NodeUsage, PodUsage
from jamie_kubernetes.facts.findings import Harm, condensed, merged
from jamie_kubernetes.facts.findings import rank as cause_rank
from jamie_kubernetes.facts.grouping import PodTally, rank
from jamie_kubernetes.facts.happenings import EVENT_WINDOW_NS, EventTally
from jamie_kubernetes.facts.nodes import NodeTally, UsageTally
from jamie_kubernetes.facts.pod_usage import PodUsageTally
from jamie_kubernetes.facts.survey import PodSurvey
from jamie_kubernetes.facts.workloads import WorkloadTally, in_all
from jamie_kubernetes.kinds import (
    EVENTS,
    NODE_METRICS,
    NODES,
    POD_METRICS,
    PODS,
    WORKLOADS,
    Kind,
)
from jamie_kubernetes.render.overview import overview
from jamie_kubernetes.tools.diagnosing.round import Round
from jamie_kubernetes.tools.diagnosing.subject import Subject
from jamie_kubernetes.tools.metrics import measured
from jamie_kubernetes.tools.parts import Part, Parts, check_namespace
from jamie_kubernetes.tools.toolset import Backend, Marks, Namespace, tools

EVENTS_KEPT = 20
CAUSES_SHOWN = 5
UNFINISHED = Gap("causes", "not all looked for in time; k8s_diagnose has more of it")
GROUPS_KEPT = 200


@dataclass(frozen=True)
class _Asked:
    """The parts of an overview while they come in."""

    there: Part[None] | None
    version: Part[str]
    api: Part[str]
    nodes: Part[NodeTally] | None
    pods: Part[PodSurvey]
    workloads: list[Part[WorkloadTally]]
    events: Part[EventTally]
    usage: Part[Usage | str]


@tools.reads(overview)
async def k8s_overview(cluster: Backend, marks: Marks, namespace: Namespace = "") -> Overview:
    """Tell how the cluster, or one namespace, is doing: start here.

    Nodes ready, pods by state, workloads short of desired, sick pods by owner with the cause,
    warning events of the last hour, CPU and memory in use, API server health.
    """
    now_ns = cluster.now_ns
    parts = Parts(cluster, namespace)
    asked = _Asked(
        there=parts.plan("namespace", partial(check_namespace, cluster, namespace))
        if namespace
        else None,
        version=parts.plan("version", cluster.version),
        api=parts.plan("API server", partial(_health, cluster)),
        nodes=None if namespace else parts.plan("nodes", partial(_nodes, cluster)),
        pods=parts.plan("pods", parts.scoped("pods", partial(_pods, cluster, now_ns))),
        workloads=[
            parts.plan(
                kind.plural,
                parts.scoped(kind.plural, partial(_workloads, cluster, kind)),
            )
            for kind in WORKLOADS
        ],
        events=parts.plan("events", parts.scoped("events", partial(_events, cluster, now_ns))),
        usage=parts.plan("metrics", partial(measured, partial(_usage, cluster, namespace))),
    )
    await parts.fill()
    answer = _answer(parts, asked, now_ns)
    round_ = Round(Parts(cluster, parts.namespace), marks, now_ns, asked.pods.value)
    told = await _told(round_)
    causes = _causes(told)
    return replace(
        answer,
        causes=tuple(causes[:CAUSES_SHOWN]),
        found=len(causes),
        risks=len(told) - len(causes),
        gaps=(*answer.gaps, *_unsought(round_.parts, answer.gaps)),
    )


def _unsought(parts: Parts, known: Sequence[Gap]) -> list[Gap]:
    """Name in one gap what the causes were not looked for in, beside what is missing anyway."""
    if any(isinstance(part.error, TimedOut) for part in parts.parts):
        return [UNFINISHED]

    named = {gap.part for gap in known}
    unread = [part.name for part in parts.parts if part.error and part.name not in named]
    return [Gap("causes", f"not looked for in {join_words(unread)}")] if unread else []


async def _told(round_: Round) -> list[Finding]:
    from jamie_kubernetes.tools.diagnosing.areas import examined  # half a start's imports

    subject = Subject("", round_.namespace)
    return [one for one in merged(await examined(round_)) if subject.concerns(one)]


def _causes(told: Sequence[Finding]) -> list[Cause]:
    found = condensed([one for one in told if one.severity < Harm.RISK])
    return [
        Cause(one.key, one.cause, one.severity, one.summary, one.next)
        for one in sorted(found, key=cause_rank)
    ]


def _answer(parts: Parts, asked: _Asked, now_ns: Nanoseconds) -> Overview:
    if asked.there and isinstance(asked.there.error, NotFound | OffLimits):
        raise asked.there.error

    gaps = parts.gaps()
    tallies = [part.value for part in asked.workloads if part.value]
    used = asked.usage.value
    return Overview(
        now_ns=now_ns,
        context=parts.cluster.access.context,
        namespace=parts.namespace,
        version=asked.version.value or "",
        api=asked.api.value or "",
        nodes=asked.nodes.value.done() if asked.nodes and asked.nodes.value else None,
        pods=_counted(asked.pods.value.tally, tallies) if asked.pods.value else None,
        workloads=in_all(tallies) if tallies else None,
        events=tuple(asked.events.value.groups()[:EVENTS_KEPT]) if asked.events.value else None,
        usage=used if isinstance(used, Usage) else None,
        metrics=used if isinstance(used, str) else "",
        gaps=gaps,
    )


def _counted(tally: PodTally, workloads: list[WorkloadTally]) -> Pods:
    finished = {job for one in workloads for job in one.finished}
    tally.settle(finished)
    return Pods(
        total=tally.total,
        namespaces=len(tally.namespaces),
        states=dict(tally.states.most_common()),
        phases=dict(tally.phases.most_common()),
        sick=tally.sick,
        groups=tuple(sorted(tally.groups(), key=rank)[:GROUPS_KEPT]),
        recovered=tuple(sorted(tally.recovered(), key=rank)[:GROUPS_KEPT]),
    )


async def _nodes(cluster: Cluster) -> NodeTally:
    return await cluster.fold(Listing(NODES), Node, NodeTally)


async def _pods(cluster: Cluster, now_ns: Nanoseconds, namespace: str) -> PodSurvey:
    return await cluster.fold(Listing(PODS, namespace), SurveyedPod, lambda: PodSurvey(now_ns))


async def _workloads(cluster: Cluster, kind: Kind, namespace: str) -> WorkloadTally:
    return await cluster.fold(Listing(kind, namespace), Workload, lambda: WorkloadTally(kind))


async def _events(cluster: Cluster, now_ns: Nanoseconds, namespace: str) -> EventTally:
    warnings = Listing(EVENTS, namespace, fields="type=Warning")
    return await cluster.fold(warnings, Event, lambda: EventTally(now_ns - EVENT_WINDOW_NS))


async def _health(cluster: Cluster) -> str:
    try:
        return "ready" if await cluster.text("/readyz") == "ok" else "answers oddly to /readyz"
    except (Denied, Unreachable):
        raise
    except BackendError as exc:
        return f"not ready ({exc})"


async def _usage(cluster: Cluster, namespace: str) -> Usage | str:
    """Return CPU and memory in use; nothing measured is not nothing in use."""
    if namespace:
        listing = Listing(POD_METRICS, namespace)
        used = (await cluster.fold(listing, PodUsage, PodUsageTally)).done()
    else:
        used = (await cluster.fold(Listing(NODE_METRICS), NodeUsage, UsageTally)).done()

    return used or NOT_MEASURED
