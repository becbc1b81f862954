"""Nodes that do not take part, are short of something, or will be trouble."""

from collections.abc import Iterator, Mapping

import msgspec

from jamie_base.text import count, join_words
from jamie_base.when import Nanoseconds, instant, nanoseconds
from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.objects import Condition
from jamie_kubernetes.facts.causes.node_causes import (
    Around,
    NodeCause,
    node_finding,
    seconds_since,
)
from jamie_kubernetes.facts.causes.node_unrest import clocked, unrest
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.hosts import skew
from jamie_kubernetes.facts.nodes import BAD, is_ready
from jamie_kubernetes.facts.placing.choice import UNSCHEDULABLE
from jamie_kubernetes.facts.standing import word

JOINING_SECONDS = 300
LEAVING_SECONDS = 600

UNINITIALISED_TAINT = "node.cloudprovider.kubernetes.io/uninitialized"
OUT_TAINT = "node.kubernetes.io/out-of-service"
_ON_PURPOSE = (
    "ToBeDeletedByClusterAutoscaler",
    "DeletionCandidateOfClusterAutoscaler",
    "karpenter.sh/disrupted",
    "karpenter.sh/disruption",
)
"""Taints of what takes nodes away as its work: nobody forgot to uncordon these."""


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
    yield from unrest(host, around)
    if ready and ready.status == "True":
        yield from clocked(host, around)
    yield from _risks(host, ready, around)


def _standing(host: Host, ready: Condition | None, around: Around) -> Iterator[Finding]:
    if ready and ready.status == "True":
        return

    born = host.metadata.creation_timestamp
    if ready is None and born and seconds_since(nanoseconds(born), around) < JOINING_SECONDS:
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
    yield node_finding(
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
    return node_finding(
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
        if seconds_since(since, around) > JOINING_SECONDS:
            says = "waits to be initialised by the cloud controller manager"
            step = "look at the cloud controller manager"
            cause = NodeCause.UNINITIALISED
            yield node_finding(host, cause, Harm.BROKEN, says, around, next=step, since_ns=since)

    leaves = host.metadata.deletion_timestamp
    if leaves and seconds_since(nanoseconds(leaves), around) > LEAVING_SECONDS:
        held = join_words([word(one) for one in host.metadata.finalizers])
        yield node_finding(
            host,
            NodeCause.DELETING,
            Harm.DEGRADED,
            f"is being deleted and does not go: held by {held or 'nothing that is named'}",
            around,
            next="look at the controller that owns the finalizer; it is not for kubectl to remove",
            since_ns=nanoseconds(leaves),
        )
    if OUT_TAINT in taints and is_ready(host):
        yield node_finding(
            host,
            NodeCause.OUT_OF_SERVICE,
            Harm.DEGRADED,
            "is ready again but still marked out of service: its pods are deleted by force",
            around,
            next=f"take the taint {OUT_TAINT} away",
        )


def _risks(host: Host, ready: Condition | None, around: Around) -> Iterator[Finding]:
    taints = {one.key: one for one in host.spec.taints}
    if host.spec.unschedulable and not any(one in taints for one in _ON_PURPOSE):
        cordon = taints.get(UNSCHEDULABLE)
        since = cordon.time_added if cordon else None
        yield node_finding(
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
        yield node_finding(host, NodeCause.SKEW, Harm.RISK, says, around, next=step)


def _who(around: Around) -> tuple[str, ...]:
    if not around.pods:
        return ("no pods on it",) if around.counted else ()

    hurt = f", {around.unready} not ready" if around.unready else ""
    return (f"{count('pod', around.pods)} on it{hurt}",)


def _since(one: Condition) -> Nanoseconds:
    return instant(one.last_transition_time)
