"""What keeps a pod off a node."""

from enum import IntEnum

import msgspec


class Barrier(IntEnum):
    """The scheduler's filters, in the order in which it asks them of a node."""

    PINNED = 0
    """The pod names other nodes."""

    CORDONED = 1
    NOT_READY = 2
    PRESSED = 3
    TAINT = 4
    SELECTION = 5
    PORT = 6
    PODS = 7
    RESOURCE = 8
    VOLUME_LIMIT = 9
    VOLUME_PLACE = 10
    """The node cannot reach the volume."""

    VOLUME_NONE = 11
    """No volume is there to be bound."""

    VOLUME_ZONE = 12
    SPREAD = 13
    NEAR = 14
    APART = 15
    SHUNNED = 16
    """Other pods want it away from them."""


STEPS = {
    Barrier.NOT_READY: 1.0,
    Barrier.PRESSED: 1.5,
    Barrier.PODS: 2.0,
    Barrier.RESOURCE: 2.0,
    Barrier.PORT: 2.0,
    Barrier.APART: 2.0,
    Barrier.SHUNNED: 2.0,
    Barrier.SPREAD: 2.0,
    Barrier.VOLUME_LIMIT: 2.0,
    Barrier.NEAR: 3.0,
    Barrier.CORDONED: 3.0,
    Barrier.TAINT: 4.0,
    Barrier.VOLUME_ZONE: 4.0,
    Barrier.VOLUME_PLACE: 4.0,
    Barrier.VOLUME_NONE: 4.0,
    Barrier.SELECTION: 5.0,
    Barrier.PINNED: 50.0,
}
"""How far a node is from taking a pod, by what is in the way: what passes by itself is near."""

NEVER_STEPS = 6.0
"""A node that could not take the pod if it were empty."""

CONTROL_PLANE_STEPS = 9.0
EACH_LABEL_STEPS = 0.2


class Obstacle(msgspec.Struct, frozen=True):
    """One thing that keeps a pod off one node.

    `what` names it: a resource, a taint, a label, a port, a topology key. Of a resource the node
    has `free` left of `offered`, and the pod wants `wanted`. `holder` is who is in the way. Of a
    spread over too few domains `few` tells how many there are.
    """

    barrier: Barrier
    what: str
    wanted: float = 0.0
    free: float = 0.0
    offered: float = 0.0
    holder: str = ""
    few: str = ""
    far: float = 0.0

    @property
    def steps(self) -> float:
        """Return how far it keeps the node from taking the pod."""
        return self.far or STEPS[self.barrier]

    @property
    def lacking(self) -> float:
        """Return which part of what is wanted is not there."""
        return 1 - self.free / self.wanted if self.barrier is Barrier.RESOURCE else 0.0


class Standing(msgspec.Struct, frozen=True):
    """A node and what keeps a pod off it, in the scheduler's order, and how far that is."""

    node: str
    obstacles: tuple[Obstacle, ...]
    steps: float

    @property
    def first(self) -> Obstacle:
        """Return what the scheduler names."""
        return self.obstacles[0]

    @property
    def worst(self) -> Obstacle:
        """Return what is hardest to remove."""
        return max(self.obstacles, key=lambda one: (one.steps, one.lacking))


def standing(node: str, obstacles: tuple[Obstacle, ...]) -> Standing:
    """Add up how far a node is from taking the pod; of resources the scarcest counts."""
    if len(obstacles) == 1:
        return Standing(node, obstacles, obstacles[0].steps)

    resources = [one.steps for one in obstacles if one.barrier is Barrier.RESOURCE]
    others = {
        (one.barrier, one.what): one.steps
        for one in obstacles
        if one.barrier is not Barrier.RESOURCE
    }
    return Standing(node, obstacles, sum(others.values()) + max(resources, default=0.0))
