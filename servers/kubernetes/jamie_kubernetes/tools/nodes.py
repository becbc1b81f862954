"""Nodes: how they are, what they offer, and what is asked of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from msgspec.structs import replace
from pydantic import Field

from jamie_base.answer import paginate
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import Usage
from jamie_kubernetes.answers_nodes import NodeDetail, NodeList, NodeStatusAsked
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.capacity import Host, SizedPod
from jamie_kubernetes.client.objects import Event
from jamie_kubernetes.facts.happenings import EVENT_WINDOW_NS, EventTally
from jamie_kubernetes.facts.hosts import Condition, Survey, grouped, offers, rank, total, verdict
from jamie_kubernetes.facts.requests import RequestTally
from jamie_kubernetes.facts.standing import word
from jamie_kubernetes.kinds import EVENTS, NODES, PODS
from jamie_kubernetes.render.nodes import ROWS_BYTES, nodes, row_line
from jamie_kubernetes.tools.metrics import measured, node_usage
from jamie_kubernetes.tools.parts import Part, Parts
from jamie_kubernetes.tools.scope import node_named
from jamie_kubernetes.tools.toolset import Backend, Cursor, Selector, tools

ROWS = 60
EVENTS_KEPT = 8

NodeName = Annotated[str, Field(description="One node, in full, with its pods.", max_length=253)]
Status = Annotated[NodeStatusAsked, Field(description="sick: leave the healthy out.")]


@dataclass(frozen=True)
class _Asked:
    """The parts of an answer while they come in; what happened is asked of a single node only."""

    hosts: Part[list[Host]]
    version: Part[str]
    pods: Part[RequestTally]
    used: Part[Mapping[str, Usage] | str]
    happened: Part[EventTally] | None

    @property
    def usage(self) -> Mapping[str, Usage] | None:
        """Return what nodes use; None where nobody measures it."""
        return None if isinstance(self.used.value, str) else self.used.value

    @property
    def survey(self) -> Survey:
        """Return what nodes are judged by."""
        return Survey(self.version.value or "", self.pods.value, self.usage)


@tools.reads(nodes)
async def k8s_nodes(
    cluster: Backend,
    node: NodeName = "",
    selector: Selector = "",
    status: Status = "auto",
    cursor: Cursor = "",
) -> NodeList:
    """Show nodes, sick first: pressure, taints, requests against usage, skew."""
    now_ns = cluster.now_ns
    name = await node_named(cluster, node) if node else ""
    parts = Parts(cluster)
    asked = _plan(parts, name, selector.strip(), now_ns)
    await parts.fill()
    there = asked.hosts.needed
    groups = grouped(there, asked.survey)
    page = paginate(
        [one for one in groups if status != "sick" or one.severity < Condition.FULL],
        key=rank,
        line=partial(row_line, now_ns=now_ns),
        limit=ROWS,
        cursor=cursor,
        query=repr((name, selector, status)),
        budget=ROWS_BYTES,
    )
    return replace(
        _counted(asked, now_ns),
        context=cluster.access.context,
        status="sick" if status == "sick" else "all",
        groups=page.rows,
        detail=_detail(there[0], asked) if name and there else None,
        later=page.hidden,
        cursor=page.cursor,
        changed=page.changed,
        gaps=parts.gaps(),
    )


def _plan(parts: Parts, name: str, selector: str, now_ns: Nanoseconds) -> _Asked:
    cluster = parts.cluster
    listed = Listing(NODES, labels=selector, fields=f"metadata.name={name}" if name else "")
    return _Asked(
        hosts=parts.plan("nodes", partial(cluster.all, listed, Host)),
        version=parts.plan("version", cluster.version),
        pods=parts.plan("pods", partial(_requests, cluster, name)),
        used=parts.plan("metrics", partial(measured, partial(node_usage, cluster))),
        happened=parts.plan("events", partial(_events, cluster, name, now_ns)) if name else None,
    )


def _counted(asked: _Asked, now_ns: Nanoseconds) -> NodeList:
    """Return the sums over all nodes that were asked for."""
    there, survey, usage = asked.hosts.needed, asked.survey, asked.usage or {}
    verdicts = [verdict(one, survey).severity for one in there]
    measures = [usage[one.metadata.name] for one in there if one.metadata.name in usage]
    return NodeList(
        now_ns=now_ns,
        context="",
        status="",
        groups=(),
        total=len(there),
        ready=sum(one != Condition.DOWN for one in verdicts),
        sick=sum(one < Condition.FULL for one in verdicts),
        version=survey.api_version,
        metrics=asked.used.value if isinstance(asked.used.value, str) else "",
        allocatable=total([offers(one) for one in there]),
        requested=_requested(asked.pods.value, there),
        used=total(measures) if usage else None,
    )


async def _requests(cluster: Cluster, name: str) -> RequestTally:
    listing = Listing(PODS, fields=f"spec.nodeName={name}" if name else "")
    return await cluster.fold(listing, SizedPod, partial(RequestTally, name))


async def _events(cluster: Cluster, name: str, now_ns: Nanoseconds) -> EventTally:
    about = f"involvedObject.kind=Node,involvedObject.name={name},type=Warning"
    start = partial(EventTally, now_ns - EVENT_WINDOW_NS)
    return await cluster.fold(Listing(EVENTS, fields=about), Event, start)


def _requested(pods: RequestTally | None, hosts: list[Host]) -> Usage | None:
    if pods is None:
        return None

    return total([pods.of(one.metadata.name).usage for one in hosts])


def _detail(host: Host, asked: _Asked) -> NodeDetail:
    info, name = host.status.node_info, host.metadata.name
    pods, happened = asked.pods.value, asked.happened
    room = pods.of(name) if pods else None
    return NodeDetail(
        system=f"{info.os_image}, kernel {info.kernel_version}, {info.container_runtime_version},"
        f" {info.architecture}",
        conditions=tuple(f"{word(one.type)}={one.status}" for one in host.status.conditions),
        capacity=dict(list(host.status.capacity.items())[:12]),
        requests=room.sums if room else {},
        tenants=tuple(pods.tenants()) if pods else (),
        ended=room.ended if room else 0,
        events=tuple(happened.value.groups()[:EVENTS_KEPT]) if happened and happened.value else (),
    )
