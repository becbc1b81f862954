"""What a pod requests against what a node has left."""

from collections.abc import Iterator, Mapping

from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.facts.placing.obstacles import NEVER_STEPS, Barrier, Obstacle
from jamie_kubernetes.facts.quantities import known
from jamie_kubernetes.facts.requests import Room

NEVER_FITS_STEPS = 2.5
_GRAIN = 1e-6
"""Sums of requests are fractions: nobody lacks a millionth of a core."""


def short_of(host: Host, room: Room, wants: Mapping[str, float]) -> Iterator[Obstacle]:
    """Find what a node has too little of, the pods it may hold first."""
    offered = host.status.allocatable
    slots = known(offered.get("pods", "0"))
    if room.pods + 1 > slots:
        yield Obstacle(Barrier.PODS, "pods", 1.0, slots - room.pods, slots)

    for name, wanted in wants.items():
        if wanted <= 0:
            continue
        whole = known(offered.get(name, "0"))
        free = whole - room.sums.get(name, 0.0)
        if wanted > free + _GRAIN:
            yield Obstacle(
                Barrier.RESOURCE, name, wanted, max(free, 0.0), whole, far=_far(wanted, whole)
            )


def _far(wanted: float, whole: float) -> float:
    if not whole:
        return NEVER_STEPS

    return NEVER_FITS_STEPS if wanted > whole else 0.0
