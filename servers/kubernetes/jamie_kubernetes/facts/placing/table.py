"""Every node with what keeps a pod off it, and the same in a few lines."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.placing import PlacingPod
from jamie_kubernetes.facts.crowd import Crowd, Port
from jamie_kubernetes.facts.placing.choice import bears_cordon, pinned, unchosen, untolerated
from jamie_kubernetes.facts.placing.neighbours import Check, Neighbourhood, Spaces, neighbour_checks
from jamie_kubernetes.facts.placing.obstacles import (
    EACH_LABEL_STEPS,
    STEPS,
    Barrier,
    Obstacle,
    Standing,
    standing,
)
from jamie_kubernetes.facts.placing.resources import short_of
from jamie_kubernetes.facts.placing.volumes import DriverRoom, Stored, volume_checks
from jamie_kubernetes.facts.requests import asked


class Scene(msgspec.Struct, frozen=True):
    """Everything on which it depends where pods fit."""

    nodes: Sequence[Host]
    crowd: Crowd
    spaces: Spaces = {}
    room: DriverRoom = DriverRoom()


class Table(msgspec.Struct, frozen=True):
    """Where a pod fits (`open`), and every other node with what keeps it off.

    `nearest` are those that come nearest to taking it. With `own` these are the nodes that pods are
    for, one each.
    """

    wants: Mapping[str, float]
    open: tuple[str, ...]
    standings: tuple[Standing, ...]
    nearest: tuple[Standing, ...]
    own: bool = False

    @property
    def total(self) -> int:
        """Return how many nodes there are."""
        return len(self.open) + len(self.standings)

    @property
    def decisive(self) -> Obstacle:
        """Return what keeps the pod off most of the nodes that come nearest."""
        found = [one.worst for one in self.nearest]
        counts = Counter((one.barrier, one.what) for one in found)
        return max(found, key=lambda one: (counts[one.barrier, one.what], -one.lacking))

    def by_first(self) -> dict[tuple[Barrier, str], list[Standing]]:
        """Group the nodes by what the scheduler names first; a resource each, as it does."""
        found: dict[tuple[Barrier, str], list[Standing]] = defaultdict(list)
        for one in self.standings:
            for key in _firsts(one):
                found[key].append(one)

        return found


def table(pod: PlacingPod, scene: Scene, stored: Sequence[Stored] = ()) -> Table:
    """Ask every node all that the scheduler asks."""
    wants = asked(pod.spec)
    around = Neighbourhood(
        {one.metadata.name: one for one in scene.nodes}, scene.crowd, scene.spaces
    )

    def short(host: Host) -> Iterator[Obstacle]:
        return short_of(host, scene.crowd.taken.of(host.metadata.name), wants)

    checks = [
        *_own_checks(pod, scene),
        short,
        *volume_checks(stored, scene.room),
        *neighbour_checks(pod, around),
    ]
    fits: list[str] = []
    found: list[Standing] = []
    for host in scene.nodes:
        obstacles = tuple(one for check in checks for one in check(host))
        if obstacles:
            found.append(standing(host.metadata.name, obstacles))
        else:
            fits.append(host.metadata.name)

    least = min((one.steps for one in found), default=0.0)
    nearest = tuple(one for one in found if one.steps == least)
    return Table(wants, tuple(fits), tuple(found), nearest)


def of_each(tables: Sequence[Table]) -> Table:
    """Return as one the tables of pods that are for a node each: every pod's own node alone."""
    found = tuple(
        one
        for each in tables
        for one in each.standings
        if all(hurdle.barrier is not Barrier.PINNED for hurdle in one.obstacles)
    )
    return Table(tables[0].wants, (), found, found, own=True) if found else tables[0]


def _own_checks(pod: PlacingPod, scene: Scene) -> list[Check]:
    spec, names = pod.spec, pinned(pod.spec)
    goes_anywhere = bears_cordon(spec.tolerations)
    ports = _ports(pod)

    def pin(host: Host) -> Iterator[Obstacle]:
        if names is not None and host.metadata.name not in names:
            yield Obstacle(Barrier.PINNED, ", ".join(sorted(names)[:2]))

    def cordon(host: Host) -> Iterator[Obstacle]:
        if host.spec.unschedulable and not goes_anywhere:
            yield Obstacle(Barrier.CORDONED, "cordoned")

    def select(host: Host) -> Iterator[Obstacle]:
        if (names is None or host.metadata.name in names) and (missing := unchosen(host, spec)):
            far = STEPS[Barrier.SELECTION] + EACH_LABEL_STEPS * (len(missing) - 1)
            yield Obstacle(Barrier.SELECTION, ", ".join(missing), far=far)

    def port(host: Host) -> Iterator[Obstacle]:
        held = scene.crowd.ports.get(host.metadata.name, {})
        for wanted in ports:
            if holder := next((who for one, who in held.items() if _clash(one, wanted)), ""):
                yield Obstacle(Barrier.PORT, f"{wanted[0]}/{wanted[1]}", holder=holder)

    def taints(host: Host) -> Iterator[Obstacle]:
        return untolerated(host, spec.tolerations)

    return [pin, cordon, taints, select, *([port] if ports else [])]


def _ports(pod: PlacingPod) -> list[Port]:
    return [
        (one.host_port, one.protocol, one.address)
        for container in pod.spec.containers
        for one in container.ports
        if one.host_port
    ]


def _clash(held: Port, wanted: Port) -> bool:
    same = held[:2] == wanted[:2]
    return same and (held[2] == wanted[2] or not held[2] or not wanted[2])


def _firsts(one: Standing) -> list[tuple[Barrier, str]]:
    resource = (Barrier.PODS, Barrier.RESOURCE)
    if one.first.barrier in resource:
        return [(each.barrier, each.what) for each in one.obstacles if each.barrier in resource]

    return [(one.first.barrier, one.first.what)]
