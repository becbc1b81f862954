"""Pods: how they are doing."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated

import msgspec
from pydantic import Field

from jamie_base.answer import paginate
from jamie_base.errors import NotFound
from jamie_kubernetes.answers import PodList, PodStatus, Usage
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.objects import Pod, Workload
from jamie_kubernetes.client.usage import PodUsage
from jamie_kubernetes.facts.grouping import PodTally, rank
from jamie_kubernetes.facts.pod_usage import PodKey, PodUsageTally
from jamie_kubernetes.facts.workloads import WorkloadTally
from jamie_kubernetes.kinds import JOBS, POD_METRICS
from jamie_kubernetes.render.pods import ROWS_BYTES, pods, row
from jamie_kubernetes.tools.parts import Parts
from jamie_kubernetes.tools.scope import Scope, scope_of
from jamie_kubernetes.tools.toolset import Backend, Cursor, Namespace, Selector, tools

Workload_ = Annotated[
    str,
    Field(
        description="Only its pods: deploy/web, sts/db, svc/api, or a bare name.", max_length=300
    ),
]
NodeName = Annotated[str, Field(description="Only pods on this node.", max_length=253)]
Status = Annotated[
    PodStatus, Field(description="auto: sick cluster-wide, all when narrowed by another argument.")
]
WithUsage = Annotated[bool, Field(description="Add CPU and memory in use.")]
Limit = Annotated[int, Field(ge=1, le=200, description="Rows; alike pods share one.")]


@tools.reads(pods)
async def k8s_pods(
    cluster: Backend,
    namespace: Namespace = "",
    workload: Workload_ = "",
    selector: Selector = "",
    node: NodeName = "",
    status: Status = "auto",
    usage: WithUsage = False,
    limit: Limit = 40,
    cursor: Cursor = "",
) -> PodList:
    """List pods as kubectl shows them, the sick ones first, alike ones grouped.

    Sick: crashing, cannot start, failed, or pending, unready or terminating for over a minute.
    Not sick: Completed, just starting, recovered restarts.
    """
    now_ns = cluster.now_ns
    scope = await scope_of(cluster, namespace, workload, selector, node)
    chosen = status if status != "auto" else "sick" if scope.is_cluster else "all"
    parts = Parts(cluster, scope.namespace)
    used: Mapping[PodKey, Usage] = await _used(parts, scope) if usage else {}

    def start() -> PodTally:
        return PodTally(chosen, now_ns, owner=scope.owner, usage=used)

    tally = await _tallied(parts, scope, start)
    page = paginate(
        tally.groups(),
        key=rank,
        line=partial(row, now_ns=now_ns),
        limit=limit,
        cursor=cursor,
        query=repr((namespace, workload, selector, node, chosen)),
        budget=ROWS_BYTES,
    )
    return PodList(
        now_ns=now_ns,
        scope=scope.words,
        status=chosen,
        matched=tally.total,
        sick=tally.sick,
        shown=sum(group.count for group in page.rows),
        groups=page.rows,
        states=dict(tally.states.most_common()),
        namespaces=len(tally.namespaces),
        later=page.hidden,
        cursor=page.cursor,
        changed=page.changed,
        gaps=parts.gaps(),
    )


async def _tallied(parts: Parts, scope: Scope, start: Callable[[], PodTally]) -> PodTally:
    """Read the pods, and the Jobs only where a failed try needs one to be judged."""

    async def read(namespace: str) -> PodTally:
        listing = msgspec.structs.replace(scope.listing, namespace=namespace)
        return await parts.cluster.fold(listing, Pod, start)

    pods = await parts.ask("pods", parts.scoped("pods", read))
    tally = pods.needed
    if tally.tries:
        jobs = await parts.ask("jobs", parts.scoped("jobs", partial(_jobs, parts.cluster)))
        tally.settle(jobs.value.finished if jobs.value else ())

    return tally


async def _jobs(cluster: Cluster, namespace: str) -> WorkloadTally:
    return await cluster.fold(Listing(JOBS, namespace), Workload, lambda: WorkloadTally(JOBS))


async def _used(parts: Parts, scope: Scope) -> Mapping[PodKey, Usage]:
    async def read(namespace: str) -> PodUsageTally:
        listing = Listing(POD_METRICS, namespace, scope.labels)
        return await parts.cluster.fold(listing, PodUsage, PodUsageTally)

    part = await parts.ask("metrics", parts.scoped("metrics", read))
    if isinstance(part.error, NotFound):
        part.error = NotFound("metrics API not installed")

    return part.value.by_pod if part.value else {}
