"""Will they fit: what nodes have left, counted by requests as the scheduler does."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from jamie_kubernetes.client.capacity import Host, Taint
from jamie_kubernetes.client.limits import NeedyPod, NeedySpec, Toleration
from jamie_kubernetes.facts.nodes import is_ready
from jamie_kubernetes.facts.quantities import known
from jamie_kubernetes.facts.requests import AskingSpec, Room, asked

_DONE = ("Succeeded", "Failed")


class Need(msgspec.Struct, frozen=True):
    """What one pod requests: CPU in cores, memory in bytes; and its limits."""

    cpu: float = 0.0
    memory: float = 0.0
    limit_cpu: float = 0.0
    limit_memory: float = 0.0


class _Bound(AskingSpec, Protocol):
    @property
    def node_name(self) -> str: ...


class _Phased(Protocol):
    @property
    def phase(self) -> str: ...


class _Seated(Protocol):
    @property
    def spec(self) -> _Bound: ...

    @property
    def status(self) -> _Phased: ...


def need_of(spec: AskingSpec) -> Need:
    """Add up what a pod requests: its containers together, or its largest init container."""
    requests, limits = asked(spec), asked(spec, "limits")
    return Need(
        requests.get("cpu", 0.0),
        requests.get("memory", 0.0),
        limits.get("cpu", 0.0),
        limits.get("memory", 0.0),
    )


class Taken:
    """Adds up what the pods of each node request, page by page."""

    def __init__(self) -> None:
        self.by_node: dict[str, Room] = {}

    def add(self, page: Sequence[_Seated]) -> None:
        """Take one page."""
        for pod in page:
            if pod.spec.node_name and pod.status.phase not in _DONE:
                self.of(pod.spec.node_name).take(asked(pod.spec))

    def of(self, node: str) -> Room:
        """Return what is taken on a node."""
        return self.by_node.get(node) or self.by_node.setdefault(node, Room(node))


def open_nodes(nodes: Sequence[Host], spec: NeedySpec) -> list[Host]:
    """Return the nodes that would take a pod, its requests aside: ready, chosen, tolerated."""
    return [one for one in nodes if _is_open(one, spec)]


def fitting(nodes: Sequence[Host], taken: Taken, need: Need) -> int:
    """Count how many more such pods the nodes have room for."""
    return sum(_fits_on(one, taken.of(one.metadata.name), need) for one in nodes)


def place(nodes: Sequence[Host], taken: Taken, specs: Sequence[NeedySpec]) -> int:
    """Count how many of these pods find no room, the largest placed first."""
    homeless = 0
    for spec in sorted(specs, key=lambda one: need_of(one).memory, reverse=True):
        need = need_of(spec)
        found = next(
            (
                one
                for one in open_nodes(nodes, spec)
                if _fits_on(one, taken.of(one.metadata.name), need)
            ),
            None,
        )
        if found is None:
            homeless += 1
        else:
            placed = NeedySpec(found.metadata.name, {}, spec.containers, spec.init_containers)
            taken.add([NeedyPod(placed)])

    return homeless


def _is_open(node: Host, spec: NeedySpec) -> bool:
    chosen = spec.node_selector.items() <= node.metadata.labels.items()
    taints = [one for one in node.spec.taints if one.effect in ("NoSchedule", "NoExecute")]
    borne = all(any(bears(each, one) for each in spec.tolerations) for one in taints)

    return is_ready(node) and chosen and borne and not node.spec.unschedulable


def bears(toleration: Toleration, taint: Taint) -> bool:
    """Tell whether a toleration bears a taint."""
    if toleration.effect not in ("", taint.effect):
        return False
    if not toleration.key:
        return toleration.operator == "Exists"

    same = toleration.operator == "Exists" or toleration.value == taint.value
    return toleration.key == taint.key and same


def _fits_on(node: Host, taken: Room, need: Need) -> int:
    offered = node.status.allocatable
    room = [known(offered.get("pods", "110")) - taken.pods]
    if need.cpu:
        room.append((known(offered.get("cpu", "0")) - taken.usage.cpu + 1e-9) / need.cpu)
    if need.memory:
        room.append((known(offered.get("memory", "0")) - taken.usage.memory) / need.memory)

    return max(0, int(min(room)))
