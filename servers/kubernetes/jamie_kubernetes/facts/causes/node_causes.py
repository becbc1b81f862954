"""What nodes are judged by, and the causes they may have."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers_diagnose import Confidence, Finding
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.facts.event_index import Happening
from jamie_kubernetes.facts.findings import Harm

_SECOND = 1_000_000_000


class NodeCause(StrEnum):
    """What is wrong with a node, or with all of them."""

    SILENT = "node-silent"
    NOT_READY = "node-not-ready"
    MEMORY = "memory-pressure"
    DISK = "disk-pressure"
    PID = "pid-pressure"
    NETWORK = "network-unavailable"
    PROBLEM = "node-problem"
    UNINITIALISED = "node-uninitialised"
    DELETING = "node-deletion-stuck"
    OUT_OF_SERVICE = "node-out-of-service"
    FLAPPING = "node-flapping"
    RESTARTING = "kubelet-restarting"
    SYSTEM_OOM = "system-oom"
    IMAGE_GC = "image-gc-failed"
    EVICTING = "eviction-threshold"
    LEASE = "node-lease-stale"
    CLOCK = "clock-skew"
    SKEW = "kubelet-skew"
    CORDONED = "node-cordoned"
    FULL = "cluster-full"


class Around(msgspec.Struct, frozen=True):
    """What is known around a node: who is on it, what happened to it, when it last reported.

    `pods` run there, where they could be `counted`; of `owners` some pods there are not ready.
    `warnings` and `notes` are events about it; `renewed_ns` is when it renewed its lease, by its
    own clock.
    """

    now_ns: Nanoseconds
    api_version: str = ""
    pods: int = 0
    counted: bool = True
    unready: int = 0
    owners: tuple[str, ...] = ()
    warnings: Sequence[Happening] = ()
    notes: Sequence[Happening] = ()
    renewed_ns: Nanoseconds = 0


def node_finding(
    host: Host,
    cause: NodeCause,
    harm: Harm,
    says: str,
    around: Around,
    *,
    confidence: Confidence = "certain",
    evidence: tuple[str, ...] = (),
    said: tuple[str, ...] = (),
    next: str = "",  # noqa: A002  # as the field is called
    since_ns: Nanoseconds = 0,
    affects: tuple[str, ...] = (),
) -> Finding:
    """Return a finding about a node."""
    return Finding(
        cause=cause,
        namespace="",
        owner=f"node/{host.metadata.name}",
        severity=harm,
        summary=says,
        confidence=confidence,
        evidence=evidence,
        said=said,
        next=next,
        since_ns=since_ns,
        count=around.pods,
        affects=affects,
    )


def seconds_since(since_ns: Nanoseconds, around: Around) -> float:
    """Return how long ago something was."""
    return (around.now_ns - since_ns) / _SECOND
