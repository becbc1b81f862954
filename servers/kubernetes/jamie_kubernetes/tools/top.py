"""Usage: who uses most, and who is closest to a limit."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, TypeVar

import msgspec
from pydantic import Field

from jamie_base.answer import paginate
from jamie_kubernetes.answers import Usage
from jamie_kubernetes.answers_top import Level, Order, Top, TopRow
from jamie_kubernetes.client import Listing
from jamie_kubernetes.client.capacity import Host, SizedPod
from jamie_kubernetes.client.usage import PodUsage
from jamie_kubernetes.facts.consumers import (
    NAMES_KEPT,
    ConsumerTally,
    ContainerUsageTally,
    bare,
    node_rows,
    rank,
)
from jamie_kubernetes.facts.hosts import total
from jamie_kubernetes.facts.pod_usage import PodKey
from jamie_kubernetes.facts.requests import RequestTally
from jamie_kubernetes.kinds import NODES, POD_METRICS, PODS
from jamie_kubernetes.render.top import ROWS_BYTES, row_line, top
from jamie_kubernetes.tools.metrics import node_usage, readable
from jamie_kubernetes.tools.parts import Parts
from jamie_kubernetes.tools.scope import Scope, scope_of
from jamie_kubernetes.tools.toolset import Backend, Cursor, Namespace, Selector, tools

T = TypeVar("T")

ROWS = 40

Of = Annotated[Level, Field(description="Level.")]
By = Annotated[Order, Field(description="limit: nearest it.")]


class _Measured(msgspec.Struct, frozen=True):
    """What was measured, ranked later; `metrics` says why only requests are known."""

    rows: list[TopRow]
    total: int = 0
    used: Usage = Usage()
    requested: Usage = Usage()
    unmeasured: list[str] = []
    unlimited: int = 0
    metrics: str = ""


@tools.reads(top)
async def k8s_top(
    cluster: Backend,
    of: Of = "pods",
    namespace: Namespace = "",
    selector: Selector = "",
    by: By = "cpu",
    cursor: Cursor = "",
) -> Top:
    """Show use by pods, containers or nodes against limits."""
    now_ns = cluster.now_ns
    if of == "nodes":
        parts, scope = Parts(cluster), f"in {cluster.access.context}"
        found = await _nodes(parts, selector)
    else:
        chosen = await scope_of(cluster, namespace, selector=selector)
        parts, scope = Parts(cluster, chosen.namespace), chosen.words
        found = await _pods(parts, chosen, of, by)
    page = paginate(
        found.rows,
        key=partial(rank, order=by),
        line=row_line,
        limit=ROWS,
        cursor=cursor,
        query=repr((of, namespace, selector, by)),
        budget=ROWS_BYTES,
    )
    return Top(
        now_ns=now_ns,
        scope=scope,
        level=of,
        order=by,
        total=found.total,
        rows=page.rows,
        used=found.used,
        requested=found.requested,
        metrics=found.metrics,
        unmeasured=tuple(sorted(found.unmeasured)[:NAMES_KEPT]),
        unmeasured_count=len(found.unmeasured),
        unlimited=found.unlimited,
        dropped=found.total - len(found.rows),
        later=page.hidden,
        cursor=page.cursor,
        changed=page.changed,
        gaps=parts.gaps(),
    )


async def _nodes(parts: Parts, selector: str) -> _Measured:
    cluster = parts.cluster
    labels = selector.strip()
    listed = parts.plan("nodes", partial(cluster.all, Listing(NODES, labels=labels), Host))
    used = parts.plan("metrics", partial(readable, partial(node_usage, cluster)))
    pods = parts.plan("pods", partial(cluster.fold, Listing(PODS), SizedPod, RequestTally))
    await parts.fill()
    known, unknown = _parted(used.needed)
    # Metrics bear no labels of nodes, so without the list a selector chooses none.
    named = listed.value is None and known is not None and not labels
    hosts = [bare(name) for name in known or ()] if named else listed.needed

    rows = node_rows(hosts, known, pods.value)
    seen = {row.name for row in rows}
    return _Measured(
        rows,
        total=len(rows),
        used=total([row.used for row in rows]),
        requested=total([row.requested for row in rows]),
        unmeasured=[one.metadata.name for one in hosts if one.metadata.name not in seen],
        metrics=unknown,
    )


async def _pods(parts: Parts, scope: Scope, level: Level, order: Order) -> _Measured:
    known, unknown = _parted(await _used(parts, scope))

    async def read(namespace: str) -> ConsumerTally:
        # Pods of namespaces whose use may not be read would all count as not measured.
        where = parts.cluster.namespace if "metrics" in parts.narrowed else namespace
        listing = msgspec.structs.replace(scope.listing, namespace=where)
        start = partial(ConsumerTally, known, level, order)
        return await parts.cluster.fold(listing, SizedPod, start)

    pods = await parts.ask("pods", parts.scoped("pods", read))
    tally = pods.needed
    return _Measured(
        tally.rows(),
        total=tally.total,
        used=Usage(tally.cpu, tally.memory),
        requested=Usage(tally.asked_cpu, tally.asked_memory),
        unmeasured=tally.unmeasured,
        unlimited=tally.unlimited,
        metrics=unknown,
    )


async def _used(parts: Parts, scope: Scope) -> Mapping[PodKey, tuple[tuple[str, Usage], ...]] | str:
    async def read(namespace: str) -> ContainerUsageTally:
        listing = Listing(POD_METRICS, namespace, scope.labels)
        return await parts.cluster.fold(listing, PodUsage, ContainerUsageTally)

    part = await parts.ask("metrics", partial(readable, parts.scoped("metrics", read)))
    return part.needed if isinstance(part.needed, str) else part.needed.pods


def _parted(usage: T | str) -> tuple[T | None, str]:
    """Part what is in use from why nobody knows it."""
    return (None, usage) if isinstance(usage, str) else (usage, "")
