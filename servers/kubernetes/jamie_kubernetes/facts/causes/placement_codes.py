"""The codes of why no node takes a pod, by what is in the way or what a scheduler says."""

from enum import StrEnum

from jamie_kubernetes.facts.placing.obstacles import Barrier


class PlacementCause(StrEnum):
    """Why no node takes a pod."""

    CPU = "insufficient-cpu"
    MEMORY = "insufficient-memory"
    DISK = "insufficient-ephemeral-storage"
    EXTENDED = "insufficient-extended-resource"
    POD_SLOTS = "too-many-pods"
    TAINT = "taint-not-tolerated"
    CORDONED = "nodes-cordoned"
    UNMATCHED = "no-node-matches"
    NOT_READY = "nodes-not-ready"
    PRESSED = "nodes-under-pressure"
    PORT = "host-port-taken"
    NEAR = "pod-affinity-unmet"
    APART = "pod-anti-affinity"
    SHUNNED = "kept-away-by-anti-affinity"
    SPREAD = "topology-spread"
    VOLUME_PLACE = "volume-out-of-reach"
    VOLUME_NONE = "no-volume-to-bind"
    VOLUME_LIMIT = "too-many-volumes"
    CLAIM_UNBOUND = "claim-unbound"
    CLAIM_MISSING = "claim-missing"
    CLAIM_DELETING = "claim-deleting"
    CLAIM_TAKEN = "claim-in-use"
    DEVICES = "device-claim"
    NO_NODES = "no-nodes"
    NODE_MISSING = "node-missing"
    GATED = "scheduling-gated"
    NO_SCHEDULER = "no-scheduler"
    PREEMPTING = "preemption-pending"
    DISPLACED = "displaced-by-priority"
    OTHER = "unschedulable"


_OF_BARRIER = {
    Barrier.PINNED: PlacementCause.NODE_MISSING,
    Barrier.CORDONED: PlacementCause.CORDONED,
    Barrier.NOT_READY: PlacementCause.NOT_READY,
    Barrier.PRESSED: PlacementCause.PRESSED,
    Barrier.TAINT: PlacementCause.TAINT,
    Barrier.SELECTION: PlacementCause.UNMATCHED,
    Barrier.PORT: PlacementCause.PORT,
    Barrier.PODS: PlacementCause.POD_SLOTS,
    Barrier.VOLUME_LIMIT: PlacementCause.VOLUME_LIMIT,
    Barrier.VOLUME_PLACE: PlacementCause.VOLUME_PLACE,
    Barrier.VOLUME_NONE: PlacementCause.VOLUME_NONE,
    Barrier.VOLUME_ZONE: PlacementCause.VOLUME_PLACE,
    Barrier.SPREAD: PlacementCause.SPREAD,
    Barrier.NEAR: PlacementCause.NEAR,
    Barrier.APART: PlacementCause.APART,
    Barrier.SHUNNED: PlacementCause.SHUNNED,
}
_OF_RESOURCE = {
    "cpu": PlacementCause.CPU,
    "memory": PlacementCause.MEMORY,
    "ephemeral-storage": PlacementCause.DISK,
}
CAUSE_OF_HINDRANCE = {
    "missing": PlacementCause.CLAIM_MISSING,
    "deleting": PlacementCause.CLAIM_DELETING,
    "lost": PlacementCause.CLAIM_UNBOUND,
    "unbound": PlacementCause.CLAIM_UNBOUND,
    "taken": PlacementCause.CLAIM_TAKEN,
}
_OF_WORDS = (
    ("unbound immediate", PlacementCause.CLAIM_UNBOUND),
    ("binding volumes", PlacementCause.CLAIM_UNBOUND),
    ("ReadWriteOncePod", PlacementCause.CLAIM_TAKEN),
    ("is being deleted", PlacementCause.CLAIM_DELETING),
    ("persistentvolumeclaim", PlacementCause.CLAIM_MISSING),
    ("resourceclaim", PlacementCause.DEVICES),
    ("no nodes available", PlacementCause.NO_NODES),
)


def cause_of(barrier: Barrier, what: str) -> PlacementCause:
    """Return the code of what is in the way."""
    if barrier is Barrier.RESOURCE:
        return _OF_RESOURCE.get(what, PlacementCause.EXTENDED)

    return _OF_BARRIER[barrier]


def cause_of_words(words: str) -> PlacementCause:
    """Return the code of what a scheduler says without asking any node."""
    return next((one for part, one in _OF_WORDS if part in words), PlacementCause.OTHER)
