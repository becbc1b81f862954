"""Nodes: how they are, what they offer, and what is asked of them."""

from functools import partial
from typing import Annotated

from pydantic import Field

from jamie_base.answer import paginate
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import Usage
from jamie_kubernetes.answers_nodes import NodeDetail, NodeList, NodeStatusAsked
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.capacity import Host, SizedPod
from jamie_kubernetes.client.objects import Event
from jamie_kubernetes.facts.happenings import EventTally
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
EVENT_WINDOW_NS = 3600 * 1_000_000_000

NodeName = Annotated[str, Field(description="One node, in full, with its pods.", max_length=253)]
Status = Annotated[NodeStatusAsked, Field(description="sick: leave the healthy out.")]


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
    listed = Listing(NODES, labels=selector.strip(), fields=f"metadata.name={name}" if name else "")
    hosts = parts.plan("nodes", partial(cluster.all, listed, Host))
    version = parts.plan("version", cluster.version)
    pods = parts.plan("pods", partial(_requests, cluster, name))
    used = parts.plan("metrics", partial(measured, partial(node_usage, cluster)))
    happened = parts.plan("events", partial(_events, cluster, name, now_ns)) if name else None
    await parts.fill()
    there = hosts.needed
    usage = used.value if isinstance(used.value, dict) else None
    survey = Survey(version.value or "", pods.value, usage)
    groups = [
        one for one in grouped(there, survey) if status != "sick" or one.severity < Condition.FULL
    ]
    page = paginate(
        groups,
        key=rank,
        line=partial(row_line, now_ns=now_ns),
        limit=ROWS,
        cursor=cursor,
        query=repr((name, selector, status)),
        budget=ROWS_BYTES,
    )
    return NodeList(
        now_ns=now_ns,
        context=cluster.access.context,
        status="sick" if status == "sick" else "all",
        total=len(there),
        ready=sum(verdict(one, survey).severity != Condition.DOWN for one in there),
        sick=sum(verdict(one, survey).severity < Condition.FULL for one in there),
        groups=page.rows,
        version=survey.api_version,
        metrics=used.value if isinstance(used.value, str) else "",
        allocatable=total([offers(one) for one in there]),
        requested=_requested(pods, there),
        used=total([usage[one.metadata.name] for one in there if one.metadata.name in usage])
        if usage
        else None,
        detail=_detail(there[0], pods, happened) if name and there else None,
        later=page.hidden,
        cursor=page.cursor,
        changed=page.changed,
        gaps=parts.gaps(),
    )


async def _requests(cluster: Cluster, name: str) -> RequestTally:
    listing = Listing(PODS, fields=f"spec.nodeName={name}" if name else "")
    return await cluster.fold(listing, SizedPod, partial(RequestTally, name))


async def _events(cluster: Cluster, name: str, now_ns: Nanoseconds) -> EventTally:
    about = f"involvedObject.kind=Node,involvedObject.name={name},type=Warning"
    start = partial(EventTally, now_ns - EVENT_WINDOW_NS)
    return await cluster.fold(Listing(EVENTS, fields=about), Event, start)


def _requested(pods: Part[RequestTally], hosts: list[Host]) -> Usage | None:
    if pods.value is None:
        return None

    return total([pods.value.of(one.metadata.name).usage for one in hosts])


def _detail(host: Host, pods: Part[RequestTally], happened: Part[EventTally] | None) -> NodeDetail:
    info, name = host.status.node_info, host.metadata.name
    room = pods.value.of(name) if pods.value else None
    return NodeDetail(
        system=f"{info.os_image}, kernel {info.kernel_version}, {info.container_runtime_version},"
        f" {info.architecture}",
        conditions=tuple(f"{word(one.type)}={one.status}" for one in host.status.conditions),
        capacity=dict(list(host.status.capacity.items())[:12]),
        requests=room.sums if room else {},
        tenants=tuple(pods.value.tenants()) if pods.value else (),
        ended=room.ended if room else 0,
        events=tuple(happened.value.groups()[:EVENTS_KEPT]) if happened and happened.value else (),
    )
