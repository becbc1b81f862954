"""What pods ask for, as the scheduler counts it, summed by node while the pods come."""

from collections.abc import Mapping, Sequence
from typing import Literal

from jamie_kubernetes.answers import Usage
from jamie_kubernetes.answers_nodes import Tenant
from jamie_kubernetes.client.capacity import Resources, SizedContainer, SizedPod
from jamie_kubernetes.facts.owners import owner_of
from jamie_kubernetes.facts.quantities import known

Side = Literal["requests", "limits"]


def asked(pod: SizedPod, kind: Side = "requests") -> Mapping[str, float]:
    """Return what a pod asks for: its containers and sidecars, or a larger init container.

    What the pod as a whole asks for takes the place of its containers' sum.
    """
    spec = pod.spec
    steady = _sum(kind, spec.containers)
    sidecars: dict[str, float] = {}
    peak: dict[str, float] = {}
    for one in spec.init_containers:
        if one.restart_policy == "Always":
            sidecars = _add(sidecars, _of(one, kind))
            peak = _most(peak, sidecars)
        else:
            peak = _most(peak, _add(sidecars, _of(one, kind)))

    total = _most(_add(steady, sidecars), peak)
    whole = _read(spec.resources, kind)
    over = {name: known(text) for name, text in spec.overhead.items()}
    return _add({**total, **whole}, over)


class Room:
    """What the pods on one node take."""

    __slots__ = ("ended", "pods", "sums")

    def __init__(self) -> None:
        self.pods = 0
        self.ended = 0
        self.sums: dict[str, float] = {}

    @property
    def usage(self) -> Usage:
        """Return CPU and memory requested."""
        return Usage(self.sums.get("cpu", 0.0), self.sums.get("memory", 0.0))


class RequestTally:
    """Sums requests by node; of the node that was named also by owner."""

    def __init__(self, named: str = "") -> None:
        self._named = named
        self.rooms: dict[str, Room] = {}
        self._tenants: dict[tuple[str, str], list[float]] = {}

    def add(self, page: Sequence[SizedPod]) -> None:
        """Take one page of pods."""
        for pod in page:
            if node := pod.spec.node_name:
                self._take(pod, self.rooms.setdefault(node, Room()))

    def of(self, node: str) -> Room:
        """Return what is taken on a node."""
        return self.rooms.get(node) or Room()

    def tenants(self) -> list[Tenant]:
        """Return who asks for how much on the named node, the largest first."""
        found = [
            Tenant(namespace, owner, int(pods), Usage(cpu, memory))
            for (namespace, owner), (pods, cpu, memory) in self._tenants.items()
        ]
        return sorted(
            found,
            key=lambda one: (-one.requested.cpu, -one.requested.memory, one.namespace, one.owner),
        )

    def _take(self, pod: SizedPod, room: Room) -> None:
        if pod.ended:
            room.ended += 1
            return

        wants = asked(pod)
        room.pods += 1
        room.sums = _add(room.sums, wants)
        if self._named == pod.spec.node_name:
            owner = str(owner_of(pod.metadata) or f"pod/{pod.metadata.name}")
            sums = self._tenants.setdefault((pod.metadata.namespace, owner), [0.0, 0.0, 0.0])
            more = (1.0, wants.get("cpu", 0.0), wants.get("memory", 0.0))
            sums[:] = [a + b for a, b in zip(sums, more, strict=True)]


def _of(one: SizedContainer, kind: Side) -> dict[str, float]:
    return _read(one.resources, kind)


def _read(resources: Resources, kind: Side) -> dict[str, float]:
    given = resources.requests if kind == "requests" else resources.limits
    return {name: known(text) for name, text in given.items()}


def _sum(kind: Side, containers: Sequence[SizedContainer]) -> dict[str, float]:
    total: dict[str, float] = {}
    for one in containers:
        total = _add(total, _of(one, kind))

    return total


def _add(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {name: one.get(name, 0.0) + other.get(name, 0.0) for name in {**one, **other}}


def _most(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {name: max(one.get(name, 0.0), other.get(name, 0.0)) for name in {**one, **other}}
