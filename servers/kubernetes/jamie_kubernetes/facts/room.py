"""Will they fit: what nodes have left, counted by requests as the scheduler does."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from jamie_kubernetes.client.limits import (
    NeedyPod,
    NeedySpec,
    Resources,
    RoomyNode,
    Taint,
    Toleration,
)
from jamie_kubernetes.facts.quantities import known

_DONE = ("Succeeded", "Failed")


class Need(msgspec.Struct, frozen=True):
    """What one pod requests: CPU in cores, memory in bytes; and its limits."""

    cpu: float = 0.0
    memory: float = 0.0
    limit_cpu: float = 0.0
    limit_memory: float = 0.0


class _Asking(Protocol):
    @property
    def resources(self) -> Resources: ...

    @property
    def restart_policy(self) -> str: ...


class _Needing(Protocol):
    @property
    def containers(self) -> Sequence[_Asking]: ...

    @property
    def init_containers(self) -> Sequence[_Asking]: ...


class _Phased(Protocol):
    @property
    def phase(self) -> str: ...


class _Bound(_Needing, Protocol):
    @property
    def node_name(self) -> str: ...


class _Seated(Protocol):
    @property
    def spec(self) -> _Bound: ...

    @property
    def status(self) -> _Phased: ...


def need_of(spec: _Needing) -> Need:
    """Add up what a pod requests: its containers together, or its largest init container."""
    sidecars = [one for one in spec.init_containers if one.restart_policy == "Always"]
    steps = [one for one in spec.init_containers if one.restart_policy != "Always"]

    def total(field: str, resource: str) -> float:
        running = sum(_asked(one, field, resource) for one in (*spec.containers, *sidecars))
        return max([running, *(_asked(one, field, resource) for one in steps)])

    return Need(
        total("requests", "cpu"),
        total("requests", "memory"),
        total("limits", "cpu"),
        total("limits", "memory"),
    )


class Taken:
    """Adds up what the pods of each node request, page by page."""

    def __init__(self) -> None:
        self.by_node: dict[str, list[float]] = {}

    def add(self, page: Sequence[_Seated]) -> None:
        """Take one page."""
        for pod in page:
            if pod.spec.node_name and pod.status.phase not in _DONE:
                need = need_of(pod.spec)
                sums = self.by_node.setdefault(pod.spec.node_name, [0.0, 0.0, 0.0])
                sums[0] += need.cpu
                sums[1] += need.memory
                sums[2] += 1


def open_nodes(nodes: Sequence[RoomyNode], spec: NeedySpec) -> list[RoomyNode]:
    """Return the nodes that would take a pod, its requests aside: ready, chosen, tolerated."""
    return [one for one in nodes if _is_open(one, spec)]


def fitting(nodes: Sequence[RoomyNode], taken: Taken, need: Need) -> int:
    """Count how many more such pods the nodes have room for."""
    return sum(_fits_on(one, taken.by_node.get(one.metadata.name, []), need) for one in nodes)


def place(nodes: Sequence[RoomyNode], taken: Taken, specs: Sequence[NeedySpec]) -> int:
    """Count how many of these pods find no room, the largest placed first."""
    homeless = 0
    for spec in sorted(specs, key=lambda one: need_of(one).memory, reverse=True):
        need = need_of(spec)
        found = next(
            (
                one
                for one in open_nodes(nodes, spec)
                if _fits_on(one, taken.by_node.get(one.metadata.name, []), need)
            ),
            None,
        )
        if found is None:
            homeless += 1
        else:
            placed = NeedySpec(found.metadata.name, {}, spec.containers, spec.init_containers)
            taken.add([NeedyPod(placed)])

    return homeless


def _asked(one: _Asking, field: str, resource: str) -> float:
    asked = one.resources.requests if field == "requests" else one.resources.limits
    # A limit without a request is the request, too.
    fallback = one.resources.limits.get(resource, "0") if field == "requests" else "0"

    return known(asked.get(resource, fallback))


def _is_open(node: RoomyNode, spec: NeedySpec) -> bool:
    ready = any(one.type == "Ready" and one.status == "True" for one in node.status.conditions)
    chosen = spec.node_selector.items() <= node.metadata.labels.items()
    taints = [one for one in node.spec.taints if one.effect in ("NoSchedule", "NoExecute")]
    borne = all(any(_bears(each, one) for each in spec.tolerations) for one in taints)

    return ready and chosen and borne and not node.spec.unschedulable


def _bears(toleration: Toleration, taint: Taint) -> bool:
    if toleration.effect not in ("", taint.effect):
        return False
    if not toleration.key:
        return toleration.operator == "Exists"

    same = toleration.operator == "Exists" or toleration.value == taint.value
    return toleration.key == taint.key and same


def _fits_on(node: RoomyNode, taken: Sequence[float], need: Need) -> int:
    cpu, memory, pods = taken or (0.0, 0.0, 0.0)
    offered = node.status.allocatable
    room = [known(offered.get("pods", "110")) - pods]
    if need.cpu:
        room.append((known(offered.get("cpu", "0")) - cpu + 1e-9) / need.cpu)
    if need.memory:
        room.append((known(offered.get("memory", "0")) - memory) / need.memory)

    return max(0, int(min(room)))
