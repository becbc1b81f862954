"""Nodes that work and are not well: what their events say, and their clocks."""

from collections.abc import Iterator

from jamie_base.text import count
from jamie_base.when import age
from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.facts.causes.node_causes import (
    Around,
    NodeCause,
    node_finding,
    seconds_since,
)
from jamie_kubernetes.facts.causes.telling import ago, happened
from jamie_kubernetes.facts.event_index import Happening
from jamie_kubernetes.facts.findings import Harm

STALE_SECONDS = 120
AHEAD_SECONDS = 60
RESTARTS_TOLD = 3
FLAPS_TOLD = 3


def unrest(host: Host, around: Around) -> Iterator[Finding]:
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


def clocked(host: Host, around: Around) -> Iterator[Finding]:
    """Compare the clock by which a node renews its lease with ours."""
    late = seconds_since(around.renewed_ns, around)
    if not around.renewed_ns or -AHEAD_SECONDS < late < STALE_SECONDS:
        return

    if late < 0:
        yield node_finding(
            host,
            NodeCause.CLOCK,
            Harm.DEGRADED,
            f"its clock is {age(-late)} ahead of ours, by the lease it renews",
            around,
            confidence="likely",
            next="look at its time synchronisation (chrony, ntp)",
        )
    else:
        yield node_finding(
            host,
            NodeCause.LEASE,
            Harm.DEGRADED,
            f"counts as ready, but renewed its lease {ago(around.renewed_ns, around.now_ns)}:"
            " its clock is behind, or nobody notices that it is gone",
            around,
            confidence="possible",
            next="look at its clock, and at the node controller in kube-controller-manager",
        )


def _told(
    host: Host, cause: NodeCause, says: str, one: Happening, around: Around, step: str
) -> Finding:
    return node_finding(
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
