"""What changing a workload would mean: who owns its replicas, what limits them, will they fit."""

from collections.abc import Sequence
from functools import partial

from msgspec import structs

from jamie_base.errors import NotFound
from jamie_base.text import count
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.controllers import Autoscaler
from jamie_kubernetes.client.limits import Budget, NeedyPod, NeedySpec, Quota, Templated
from jamie_kubernetes.client.sending import Object, typed
from jamie_kubernetes.facts.fields import Field
from jamie_kubernetes.facts.impact import (
    autoscaler_lines,
    budget_lines,
    quota_lines,
    replaced_lines,
    room_line,
    surge_of,
)
from jamie_kubernetes.facts.room import Taken, fitting, need_of, open_nodes
from jamie_kubernetes.kinds import (
    AUTOSCALERS,
    BUDGETS,
    DAEMON_SETS,
    DEPLOYMENTS,
    NODES,
    PODS,
    QUOTAS,
    ROLLED,
)
from jamie_kubernetes.tools.callers import caller_lines
from jamie_kubernetes.tools.parts import Part, Parts, why_of
from jamie_kubernetes.tools.targets import Target


async def scaling_lines(
    cluster: Cluster, target: Target, workload: Templated, wanted: int
) -> list[str]:
    """Say what scaling to `wanted` replicas would mean."""
    parts = Parts(cluster, target.namespace)
    own = target.namespace
    template = workload.spec.template
    more = wanted - workload.spec.replicas
    scalers = parts.plan("hpa", partial(cluster.all, Listing(AUTOSCALERS, own), Autoscaler))
    budgets = parts.plan("pdb", partial(cluster.all, Listing(BUDGETS, own), Budget))
    quotas = parts.plan("quota", partial(cluster.all, Listing(QUOTAS, own), Quota))
    room = parts.plan("room on the nodes", partial(_room, cluster, template.spec, more))
    labels = template.metadata.labels
    ends = wanted == 0
    callers = parts.plan("services", partial(caller_lines, cluster, own, labels)) if ends else None
    await parts.fill()

    found = [
        *(callers.value or [] if callers else []),
        *autoscaler_lines(scalers.value or [], target.kind.name, target.name, wanted),
        *(budget_lines(budgets.value or [], labels, wanted) if more < 0 else []),
        *(quota_lines(quotas.value or [], need_of(template.spec), more) if more > 0 else []),
        *(room.value or []),
    ]
    return [*found, *_unknown(parts.parts)]


async def replacing_lines(cluster: Cluster, target: Target, workload: Templated) -> list[str]:
    """Say what replacing every pod of a workload would mean."""
    strategy = (
        workload.spec.strategy if target.kind == DEPLOYMENTS else workload.spec.update_strategy
    )
    pods = _pods_of(target, workload)
    lines = replaced_lines(target.kind, strategy, pods)
    surge = surge_of(strategy, pods) if target.kind == DEPLOYMENTS else 0
    if not (surge and pods) or workload.spec.paused:
        return lines

    parts = Parts(cluster, target.namespace)
    need = need_of(workload.spec.template.spec)
    quotas = parts.plan("quota", partial(cluster.all, Listing(QUOTAS, target.namespace), Quota))
    room = parts.plan("room on the nodes", partial(_room, cluster, workload.spec.template.spec, 1))
    await parts.fill()

    tight = [line for line in room.value or [] if "only" in line]
    return [
        *lines,
        *quota_lines(quotas.value or [], need, 1),
        *tight,
        *_unknown(parts.parts),
    ]


async def running_lines(cluster: Cluster, namespace: str, spec: NeedySpec, pods: int) -> list[str]:
    """Say whether so many more pods are within the quota and find room."""
    parts = Parts(cluster, namespace)
    quotas = parts.plan("quota", partial(cluster.all, Listing(QUOTAS, namespace), Quota))
    room = parts.plan("room on the nodes", partial(_room, cluster, spec, pods))
    await parts.fill()

    short = quota_lines(quotas.value or [], need_of(spec), pods)
    return [*short, *(room.value or []), *_unknown(parts.parts)]


async def applying_lines(
    cluster: Cluster, target: Target, before: Object, after: Object, fields: Sequence[Field]
) -> list[str]:
    """Say what a workload's becoming another, or new, would mean for its pods."""
    if target.kind not in ROLLED:
        return []

    wanted = typed(after, Templated)
    if not before:
        return await _starting_lines(cluster, target, wanted)

    lines: list[str] = []
    if any(one.path[:2] == ("spec", "template") for one in fields):
        lines += await replacing_lines(cluster, target, wanted)
    for one in fields:
        if one.path == ("spec", "replicas"):
            # A scale of nothing has no replicas.
            number = one.after if isinstance(one.after, int) else 0
            lines += await scaling_lines(cluster, target, typed(before, Templated), number)

    return lines


async def _starting_lines(cluster: Cluster, target: Target, wanted: Templated) -> list[str]:
    if target.kind == DAEMON_SETS:
        return ["A pod will start on every node that takes it."]

    none = structs.replace(wanted, spec=structs.replace(wanted.spec, replicas=0))
    lines = await scaling_lines(cluster, target, none, wanted.spec.replicas)
    return [f"{count('pod', wanted.spec.replicas)} will start.", *lines]


def _pods_of(target: Target, workload: Templated) -> int:
    if target.kind == DAEMON_SETS:
        return workload.status.desired_number_scheduled

    return workload.spec.replicas


async def _room(cluster: Cluster, spec: NeedySpec, more: int) -> list[str]:
    if more <= 0:
        return []

    nodes = open_nodes(await cluster.all(Listing(NODES), Host), spec)
    taken = await cluster.fold(Listing(PODS), NeedyPod, Taken)
    need = need_of(spec)

    return [room_line(need, more, fitting(nodes, taken, need))]


def _unknown(parts: Sequence[Part[object]]) -> list[str]:
    # An API that is not there limits nothing; one that may not be read may.
    missing = [
        f"{part.name} ({why_of(part.error)})"
        for part in parts
        if part.error and not isinstance(part.error, NotFound)
    ]
    return [f"Not checked: {', '.join(missing)}."] if missing else []
