"""Nodes that do not take part, are short of something, or will be trouble."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

import msgspec

from jamie_base.text import count, join_words
from jamie_base.when import Nanoseconds, age, instant, nanoseconds
from jamie_kubernetes.answers_diagnose import Confidence, Finding
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.objects import Condition
from jamie_kubernetes.facts.causes.telling import ago, happened
from jamie_kubernetes.facts.event_index import Happening
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.hosts import skew
from jamie_kubernetes.facts.nodes import BAD, is_ready
from jamie_kubernetes.facts.placing.choice import UNSCHEDULABLE
from jamie_kubernetes.facts.standing import word

_SECOND = 1_000_000_000
STALE_SECONDS = 120
AHEAD_SECONDS = 60
JOINING_SECONDS = 300
LEAVING_SECONDS = 600
RESTARTS_TOLD = 3
FLAPS_TOLD = 3

UNINITIALISED_TAINT = "node.cloudprovider.kubernetes.io/uninitialized"
OUT_TAINT = "node.kubernetes.io/out-of-service"
_ON_PURPOSE = (
    "ToBeDeletedByClusterAutoscaler",
    "DeletionCandidateOfClusterAutoscaler",
    "karpenter.sh/disrupted",
    "karpenter.sh/disruption",
)
"""Taints of what takes nodes away as its work: nobody forgot to uncordon these."""


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


class _Row(msgspec.Struct, frozen=True):
    """What a condition means when it is True."""

    cause: NodeCause
    says: str
    step: str


_CONDITIONS: Mapping[str, _Row] = {
    "MemoryPressure": _Row(
        NodeCause.MEMORY,
        "is short of memory: it evicts pods and takes no best-effort ones",
        "find what uses it, and give it a limit or another node: k8s_top",
    ),
    "DiskPressure": _Row(
        NodeCause.DISK,
        "is short of disk space: it evicts pods and takes no new ones",
        "free its disk: images, logs, emptyDirs; or make it larger",
    ),
    "PIDPressure": _Row(
        NodeCause.PID,
        "is short of process ids: it takes no new pods",
        "find the pod that starts so many processes, and set podPidsLimit",
    ),
    "NetworkUnavailable": _Row(
        NodeCause.NETWORK,
        "has no network for pods",
        "look at the network plugin's pod on that node, and at the cloud's routes",
    ),
}


def node_findings(host: Host, around: Around) -> Iterator[Finding]:
    """Say what is wrong with a node, the worst first."""
    ready = next((one for one in host.status.conditions if one.type == "Ready"), None)
    yield from _standing(host, ready, around)
    for one in host.status.conditions:
        if one.status == "True" and BAD.search(one.type):
            yield _pressed(host, one, around)
    yield from _joining(host, around)
    yield from _unrest(host, around)
    if ready and ready.status == "True":
        yield from _clocked(host, around)
    yield from _risks(host, ready, around)


def _standing(host: Host, ready: Condition | None, around: Around) -> Iterator[Finding]:
    if ready and ready.status == "True":
        return

    born = host.metadata.creation_timestamp
    if ready is None and born and _seconds(nanoseconds(born), around) < JOINING_SECONDS:
        return

    silent = ready is None or ready.status == "Unknown"
    if ready is None:
        says = "has never reported"
    elif silent:
        says = "its kubelet stopped reporting"
    else:
        says = f"its kubelet says that it is not ready ({word(ready.reason)})"
    step = (
        "look at the machine and its kubelet; when it is gone for good, delete the node"
        if silent
        else "look at what its kubelet waits for: runtime, network plugin, disk"
    )
    yield _finding(
        host,
        NodeCause.SILENT if silent else NodeCause.NOT_READY,
        Harm.BROKEN,
        says,
        around,
        evidence=_who(around),
        said=(ready.message,) if ready and not silent and ready.message else (),
        next=step,
        since_ns=_since(ready) if ready else 0,
        affects=around.owners,
    )


def _pressed(host: Host, one: Condition, around: Around) -> Finding:
    row = _CONDITIONS.get(one.type)
    kind = word(one.type)
    return _finding(
        host,
        row.cause if row else NodeCause.PROBLEM,
        Harm.DEGRADED,
        row.says if row else f"has {kind}, says what watches it ({word(one.reason)})",
        around,
        evidence=_who(around),
        said=(one.message,) if one.message else (),
        next=row.step if row else f"look at the machine: {kind}",
        since_ns=_since(one),
        affects=around.owners,
    )


def _joining(host: Host, around: Around) -> Iterator[Finding]:
    """Tell of a node that nobody finishes, or that nothing finishes taking away."""
    born = host.metadata.creation_timestamp
    taints = {one.key for one in host.spec.taints}
    if UNINITIALISED_TAINT in taints and born:
        since = nanoseconds(born)
        if _seconds(since, around) > JOINING_SECONDS:
            says = "waits to be initialised by the cloud controller manager"
            step = "look at the cloud controller manager"
            cause = NodeCause.UNINITIALISED
            yield _finding(host, cause, Harm.BROKEN, says, around, next=step, since_ns=since)

    leaves = host.metadata.deletion_timestamp
    if leaves and _seconds(nanoseconds(leaves), around) > LEAVING_SECONDS:
        held = join_words([word(one) for one in host.metadata.finalizers])
        yield _finding(
            host,
            NodeCause.DELETING,
            Harm.DEGRADED,
            f"is being deleted and does not go: held by {held or 'nothing that is named'}",
            around,
            next="look at the controller that owns the finalizer; it is not for kubectl to remove",
            since_ns=nanoseconds(leaves),
        )
    if OUT_TAINT in taints and is_ready(host):
        yield _finding(
            host,
            NodeCause.OUT_OF_SERVICE,
            Harm.DEGRADED,
            "is ready again but still marked out of service: its pods are deleted by force",
            around,
            next=f"take the taint {OUT_TAINT} away",
        )


def _unrest(host: Host, around: Around) -> Iterator[Finding]:
    """Tell what its events say."""
    warned = {one.reason: one for one in around.warnings}
    for reason in ("SystemOOM", "OOMKilling"):
        if one := warned.get(reason):
            says = f"ran out of memory {count('time', one.count)} in the last hour"
            step = "find what outgrew its memory limit, or has none: k8s_top"
            yield _told(host, NodeCause.SYSTEM_OOM, says, one, around, step)
    for reason in ("ImageGCFailed", "FreeDiskSpaceFailed", "ContainerGCFailed"):
        # Right after a kubelet starts it fails once for want of figures.
        if (one := warned.get(reason)) and one.count > 1:
            says = "cannot clean up images or containers"
            step = "free its disk, and look at the container runtime"
            yield _told(host, NodeCause.IMAGE_GC, says, one, around, step)
    if one := warned.get("EvictionThresholdMet"):
        says = "evicts pods to get something back"
        yield _told(host, NodeCause.EVICTING, says, one, around, "find what uses it up: k8s_top")
    yield from _restless(host, around)


def _restless(host: Host, around: Around) -> Iterator[Finding]:
    noted = {one.reason: one for one in around.notes}
    starts = sum(
        one.count
        for note in (noted.get("Starting"),)
        if note
        for one in note.sayings.values()
        if "kubelet" in one.text
    )
    if starts >= RESTARTS_TOLD:
        says = f"its kubelet started {count('time', starts)} in the last hour"
        step = "look at the kubelet's own log on that machine"
        yield _told(host, NodeCause.RESTARTING, says, noted["Starting"], around, step)

    lost = noted.get("NodeNotReady")
    if lost and lost.count >= FLAPS_TOLD:
        says = f"went away and came back {count('time', lost.count)} in the last hour"
        step = "look at its load, its network, and whether its kubelet gets to report in time"
        yield _told(host, NodeCause.FLAPPING, says, lost, around, step)


def _clocked(host: Host, around: Around) -> Iterator[Finding]:
    """Compare the clock by which a node renews its lease with ours."""
    late = _seconds(around.renewed_ns, around)
    if not around.renewed_ns or -AHEAD_SECONDS < late < STALE_SECONDS:
        return

    if late < 0:
        yield _finding(
            host,
            NodeCause.CLOCK,
            Harm.DEGRADED,
            f"its clock is {age(-late)} ahead of ours, by the lease it renews",
            around,
            confidence="likely",
            next="look at its time synchronisation (chrony, ntp)",
        )
    else:
        yield _finding(
            host,
            NodeCause.LEASE,
            Harm.DEGRADED,
            f"counts as ready, but renewed its lease {ago(around.renewed_ns, around.now_ns)}:"
            " its clock is behind, or nobody notices that it is gone",
            around,
            confidence="possible",
            next="look at its clock, and at the node controller in kube-controller-manager",
        )


def _risks(host: Host, ready: Condition | None, around: Around) -> Iterator[Finding]:
    taints = {one.key: one for one in host.spec.taints}
    if host.spec.unschedulable and not any(one in taints for one in _ON_PURPOSE):
        cordon = taints.get(UNSCHEDULABLE)
        since = cordon.time_added if cordon else None
        yield _finding(
            host,
            NodeCause.CORDONED,
            Harm.RISK,
            "is cordoned: it takes no new pods",
            around,
            evidence=(f"{count('pod', around.pods)} still on it",) if ready else (),
            next=f"uncordon it once what it was cordoned for is done: {host.metadata.name}",
            since_ns=instant(since),
        )
    if says := skew(host.status.node_info.kubelet_version, around.api_version):
        step = "bring its kubelet within three minor versions below the API server"
        yield _finding(host, NodeCause.SKEW, Harm.RISK, says, around, next=step)


def _told(
    host: Host, cause: NodeCause, says: str, one: Happening, around: Around, step: str
) -> Finding:
    return _finding(
        host,
        cause,
        Harm.DEGRADED,
        says,
        around,
        evidence=(happened(one, around.now_ns),),
        said=(one.message,) if one.message else (),
        next=step,
        since_ns=one.first_ns,
    )


def _finding(
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


def _who(around: Around) -> tuple[str, ...]:
    if not around.pods:
        return ("no pods on it",) if around.counted else ()

    hurt = f", {around.unready} not ready" if around.unready else ""
    return (f"{count('pod', around.pods)} on it{hurt}",)


def _since(one: Condition) -> Nanoseconds:
    return instant(one.last_transition_time)


def _seconds(since_ns: Nanoseconds, around: Around) -> float:
    return (around.now_ns - since_ns) / _SECOND
