"""What pods ask for, as the scheduler counts it, summed by node while the pods come."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from jamie_kubernetes.answers import Usage
from jamie_kubernetes.answers_nodes import Tenant
from jamie_kubernetes.client.capacity import Resources, SizedPod
from jamie_kubernetes.facts.owners import owner_of
from jamie_kubernetes.facts.quantities import known

Side = Literal["requests", "limits"]

Amounts = dict[str, float]
"""By resource: cores of `cpu`, bytes of `memory`, pieces of anything else."""


class _Asking(Protocol):
    """A container, as far as what it asks for."""

    @property
    def resources(self) -> Resources: ...

    @property
    def restart_policy(self) -> str: ...


class AskingSpec(Protocol):
    """A pod, as far as what it asks for."""

    @property
    def containers(self) -> Sequence[_Asking]:
        """Return its containers."""
        ...

    @property
    def init_containers(self) -> Sequence[_Asking]:
        """Return its init containers."""
        ...

    @property
    def overhead(self) -> Mapping[str, str]:
        """Return what its runtime takes besides."""
        ...

    @property
    def resources(self) -> Resources:
        """Return what it asks for as a whole."""
        ...


def asked(spec: AskingSpec, kind: Side = "requests") -> Amounts:
    """Return what a pod asks for: its containers and sidecars, or a larger init container.

    What the pod as a whole asks for takes the place of its containers' sum. A limit without a
    request is the request, too.
    """
    total = _sum(kind, spec.containers)
    if spec.init_containers:
        total = _initial(kind, spec.init_containers, total)
    if whole := spec.resources.requests if kind == "requests" else spec.resources.limits:
        total = {**total, **_read(whole)}

    return _add(total, _read(spec.overhead)) if spec.overhead else total


class Room:
    """What the pods on one node take."""

    __slots__ = ("ended", "name", "pods", "sums")

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.pods = 0
        self.ended = 0
        self.sums: Amounts = {}

    def take(self, wants: Mapping[str, float]) -> None:
        """Take a pod in."""
        self.pods += 1
        for name, amount in wants.items():
            self.sums[name] = self.sums.get(name, 0.0) + amount

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
                self._take(pod, self.rooms.setdefault(node, Room(node)))

    def of(self, node: str) -> Room:
        """Return what is taken on a node."""
        return self.rooms.get(node) or Room(node)

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

        wants = asked(pod.spec)
        room.take(wants)
        if self._named == pod.spec.node_name:
            owner = str(owner_of(pod.metadata) or f"pod/{pod.metadata.name}")
            sums = self._tenants.setdefault((pod.metadata.namespace, owner), [0.0, 0.0, 0.0])
            more = (1.0, wants.get("cpu", 0.0), wants.get("memory", 0.0))
            sums[:] = [a + b for a, b in zip(sums, more, strict=True)]


def _initial(kind: Side, steps: Sequence[_Asking], steady: Amounts) -> Amounts:
    sidecars: Amounts = {}
    peak: Amounts = {}
    for one in steps:
        if one.restart_policy == "Always":
            sidecars = _add(sidecars, _of(one, kind))
            peak = _most(peak, sidecars)
        else:
            peak = _most(peak, _add(sidecars, _of(one, kind)))

    return _most(_add(steady, sidecars), peak)


def _of(one: _Asking, kind: Side) -> Amounts:
    given = one.resources
    if kind == "limits":
        return _read(given.limits)

    return _read({**given.limits, **given.requests} if given.limits else given.requests)


def _read(given: Mapping[str, str]) -> Amounts:
    return {name: known(text) for name, text in given.items()}


def _sum(kind: Side, containers: Sequence[_Asking]) -> Amounts:
    total: Amounts = {}
    for one in containers:
        more = _of(one, kind)
        total = _add(total, more) if total else more

    return total


def _add(one: Mapping[str, float], other: Mapping[str, float]) -> Amounts:
    return {name: one.get(name, 0.0) + other.get(name, 0.0) for name in {**one, **other}}


def _most(one: Mapping[str, float], other: Mapping[str, float]) -> Amounts:
    return {name: max(one.get(name, 0.0), other.get(name, 0.0)) for name in {**one, **other}}
