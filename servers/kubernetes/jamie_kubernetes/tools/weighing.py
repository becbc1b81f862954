"""What changing a workload would mean: who owns its replicas, what limits them, will they fit."""

from collections.abc import Sequence
from functools import partial

import msgspec

from jamie_base.errors import BackendError, NotFound
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.controllers import Autoscaler
from jamie_kubernetes.client.limits import Budget, NeedyPod, NeedySpec, Quota, RoomyNode
from jamie_kubernetes.client.objects import Meta
from jamie_kubernetes.facts.impact import autoscaler_lines, budget_lines, quota_lines, room_line
from jamie_kubernetes.facts.room import Taken, fitting, need_of, open_nodes
from jamie_kubernetes.kinds import AUTOSCALERS, BUDGETS, NODES, PODS, QUOTAS
from jamie_kubernetes.tools.parts import Part, Parts, why_of
from jamie_kubernetes.tools.targets import Target


class PodTemplate(msgspec.Struct, frozen=True):
    """What the pods of a workload are made from."""

    metadata: Meta = Meta()
    spec: NeedySpec = NeedySpec()


class TemplateSpec(msgspec.Struct, frozen=True):
    """A workload's specification, as far as its pods."""

    replicas: int = 1
    template: PodTemplate = PodTemplate()


class Templated(msgspec.Struct, frozen=True):
    """A workload, as far as its pods."""

    metadata: Meta
    spec: TemplateSpec = TemplateSpec()


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
    await parts.fill()

    labels = template.metadata.labels
    found = [
        *autoscaler_lines(scalers.value or [], target.kind.name, target.name, wanted),
        *(budget_lines(budgets.value or [], labels, wanted) if more < 0 else []),
        *(quota_lines(quotas.value or [], need_of(template.spec), more) if more > 0 else []),
        *(room.value or []),
    ]
    return [*found, *_unknown(parts.parts)]


async def autoscalers_of(cluster: Cluster, target: Target) -> list[Autoscaler]:
    """Return the autoscalers of a workload; none where they cannot be seen."""
    try:
        found = await cluster.all(Listing(AUTOSCALERS, target.namespace), Autoscaler)
    except BackendError:
        return []

    wanted = (target.kind.name, target.name)
    return [
        one
        for one in found
        if (one.spec.scale_target_ref.kind, one.spec.scale_target_ref.name) == wanted
    ]


async def _room(cluster: Cluster, spec: NeedySpec, more: int) -> list[str]:
    if more <= 0:
        return []

    nodes = open_nodes(await cluster.all(Listing(NODES), RoomyNode), spec)
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
