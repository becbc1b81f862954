"""Pods that go and do not get away, and pods that failed as a whole."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from jamie_base.text import count, join_words
from jamie_base.when import Nanoseconds, age, instant, nanoseconds
from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.facts.causes.cases import Case, Clue, ends_of, event_words
from jamie_kubernetes.facts.causes.container_causes import ContainerCause
from jamie_kubernetes.facts.findings import Harm

RECENT_NS = 24 * 3600 * 1_000_000_000
"""How long a pod that failed beside healthy ones is worth a word."""

_SECOND = 1_000_000_000
_UNKILLED = ("FailedKillPod", "ExceededGracePeriod", "FailedUnmount", "FailedUnMount")
_RESOURCE = re.compile(r"low on resource: \[?([\w/-]{1,60})|condition: \[(\w{1,40})\]")
_PRESSURES = {"MemoryPressure": "memory", "DiskPressure": "disk", "PIDPressure": "PIDs"}
_DEVICE = re.compile(r"device|[\w.-]+/\w*gpu|nvml|plugin", re.IGNORECASE)
_LOW = re.compile(r"was low on ([\w/-]+)")
_OWN_LIMITS = (
    (
        re.compile(
            r'Container ([\w.-]{1,63}) exceeded its local ephemeral storage limit "([\w.]+)"'
        ),
        "container {} used more ephemeral storage than its limit of {}",
    ),
    (
        re.compile(
            r"ephemeral local storage usage exceeds the total limit of containers ([\w.]+)\."
        ),
        "its containers used more ephemeral storage than their limits of {} together",
    ),
    (
        re.compile(r'EmptyDir volume "([\w.-]{1,80})" exceeds the limit "([\w.]+)"'),
        "its emptyDir volume {} grew over its sizeLimit of {}",
    ),
)
"""What a pod is evicted for by itself, whoever else is on its node."""


class _Ended(NamedTuple):
    pattern: str
    cause: ContainerCause
    words: str
    remedy: str


_C = ContainerCause
_REASONS = tuple(_Ended(*row) for row in (
    (r"Preempt", _C.PREEMPTED, "gave way to a critical pod on node {node}",
     "give it a higher priorityClass, or the node more room"),
    (r"NodeShutdown|Shutdown|^Terminated$", _C.NODE_SHUTDOWN,
     "was stopped because node {node} shut down", "nothing, if it was meant: delete the old pod"),
    (r"NodeLost", _C.NODE_LOST, "was given up: node {node} does not answer",
     "k8s_nodes node={node}"),
    (r"DeadlineExceeded", _C.DEADLINE, "ran longer than its activeDeadlineSeconds{deadline}",
     "raise activeDeadlineSeconds, or find why it takes so long"),
    (r"UnexpectedAdmissionError", _C.DEVICE,
     "was refused by node {node}: a device it asks for cannot be had",
     "look at the device plugin on that node"),
    (r"OutOf|NodeAffinity|NodeSelector|NodePorts|HostPort|TaintToleration|TopologyAffinity|Sysctl"
     r"|AppArmor|InvalidNodeInfo|PodOS|Rejected|PodFeatureUnsupported|InPlace",
     _C.REJECTED, "was refused by the kubelet of node {node}: {reason}",
     "delete it; if it comes again, correct what the kubelet says"),
))  # fmt: skip
_PATTERNS = tuple(re.compile(row.pattern) for row in _REASONS)


def going(case: Case) -> Clue:
    """Tell why a pod that is deleted does not go."""
    found = _finalizers(case) or _node_lost(case) or _hook(case) or _stuck(case)
    return replace(found, since_ns=case.group.since_ns, harm=_beside_the_living(case))


def going_slowly(case: Case) -> Clue:
    """Tell of a pod that is deleted and may still take its time."""
    grace = case.pod.metadata.deletion_grace_period_seconds
    grace = case.pod.spec.termination_grace_period_seconds if grace is None else grace
    due = case.pod.metadata.deletion_timestamp
    due_ns = instant(due)
    asked_ns = due_ns - grace * _SECOND
    named = "preStop hook" if _has_pre_stop(case) else "SIGTERM"
    return Clue(
        ContainerCause.GOING_SLOWLY,
        f"stops for {age((case.now_ns - asked_ns) / _SECOND)} already; its grace period is"
        f" {age(grace)}",
        evidence=event_words(case, *case.happened("FailedPreStopHook")[:1]),
        next=f"let it end on its {named}, or lower terminationGracePeriodSeconds",
        since_ns=asked_ns,
        harm=Harm.DEGRADED,
    )


def failed(case: Case) -> Clue | None:
    """Tell why a pod failed as a whole; None where only its containers did."""
    status = case.pod.status
    if status.reason == "Evicted":
        return _evicted(case)

    # Any check of the kubelet may fail unexpectedly; of devices it speaks by name.
    told = status.reason
    if told == "UnexpectedAdmissionError" and not _DEVICE.search(status.message):
        told = "Rejected"
    rows = zip(_REASONS, _PATTERNS, strict=True)
    row = next((row for row, one in rows if told and one.search(told)), None)
    if row is None:
        return None

    limit = case.pod.spec.active_deadline_seconds
    words = row.words.format(
        node=case.node, reason=status.reason[:60], deadline=f" ({limit}s)" if limit else ""
    )
    return Clue(
        row.cause,
        words,
        said=(status.message,) if status.message else (),
        next=row.remedy.format(node=case.node),
        since_ns=ended_ns(case),
        follows=() if row.cause is _C.DEADLINE else case.node_key,
        harm=_beside_the_living(case),
    )


def evictions_of(findings: Iterable[Finding]) -> list[Finding]:
    """Tell of nodes that evicted pods of several owners: it is the node that has a cause."""
    by_node: dict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        if one.cause == ContainerCause.EVICTED and one.follows:
            by_node[one.follows[0]].append(one)

    return [_evictions(node, every) for node, every in by_node.items() if len(every) > 1]


def _evictions(node: str, every: Sequence[Finding]) -> Finding:
    pods = sum(one.count for one in every)
    low = {found[1] for one in every if (found := _LOW.search(one.summary))}
    name = node.removeprefix("node/")
    return Finding(
        cause=ContainerCause.EVICTED.value,
        namespace="",
        owner=node,
        severity=Harm.DEGRADED,
        summary=f"evicted {count('pod', pods)} of {len(every)} owners: it was low on"
        f" {join_words(sorted(low))}",
        said=every[0].said,
        next=f"k8s_nodes node={name}; k8s_top by=memory: see who uses more than it requests",
        since_ns=max(one.since_ns for one in every),
        count=pods,
    )


def node_lost(case: Case) -> Clue:
    """Tell of a pod whose node does not answer."""
    gone = case.node_state == "gone"
    what = "does not exist any more" if gone else "does not answer"
    return Clue(
        ContainerCause.NODE_LOST,
        f"its node {case.node} {what}: how its pods are is not known",
        next=f"k8s_nodes node={case.node}" if not gone else "force its deletion: k8s_delete",
        since_ns=case.group.since_ns,
        follows=case.node_key,
    )


def is_old(case: Case) -> bool:
    """Tell whether a failed pod is only a record of what others have made good since."""
    ended = ended_ns(case)
    return bool(case.stand.ready and ended and case.now_ns - ended > RECENT_NS)


def left_ns(case: Case) -> Nanoseconds:
    """Return when a pod ended, or was made where nothing of it tells."""
    born = case.pod.metadata.creation_timestamp
    return ended_ns(case) or (nanoseconds(born) if born else case.now_ns)


def ended_ns(case: Case) -> Nanoseconds:
    """Return when a pod ended, as far as anything of it tells."""
    ends = [nanoseconds(end.finished_at) for _, end in ends_of(case) if end.finished_at]
    turned = [
        nanoseconds(one.last_transition_time)
        for one in case.pod.status.conditions
        if one.type in ("DisruptionTarget", "Ready") and one.last_transition_time
    ]
    return max([*ends, *turned], default=case.group.since_ns)


def _beside_the_living(case: Case) -> Harm | None:
    return Harm.DEGRADED if case.stand.ready else None


def _finalizers(case: Case) -> Clue | None:
    names = case.pod.metadata.finalizers
    alive = any(one.state.running for one in case.pod.status.container_statuses)
    if not names or (alive and case.node_state in ("ready", "")):
        return None

    return Clue(
        ContainerCause.FINALIZER,
        f"is deleted, but its finalizer {join_words(names[:3])} holds it",
        next="look at the controller of that finalizer; without one, remove the finalizer",
    )


def _node_lost(case: Case) -> Clue | None:
    if case.node_state not in ("not ready", "gone"):
        return None

    words = "does not answer" if case.node_state == "not ready" else "is gone"
    return Clue(
        ContainerCause.GOING_NODE_LOST,
        f"is deleted, but its node {case.node} {words} and cannot confirm that it stopped",
        next="when the machine is off for certain: k8s_delete with force",
        follows=case.node_key,
    )


def _hook(case: Case) -> Clue | None:
    said = case.says("FailedPreStopHook")
    if not said:
        return None

    return Clue(
        ContainerCause.PRE_STOP,
        "is deleted, but its preStop hook fails and it does not stop",
        evidence=event_words(case, *case.happened("FailedPreStopHook")[:1]),
        said=(said[0].text,),
        next="correct lifecycle.preStop of its template",
    )


def _stuck(case: Case) -> Clue:
    killing, said = case.happened(*_UNKILLED), case.says(*_UNKILLED)
    where = f" on node {case.node}" if case.node else ""
    holders = case.pod.metadata.finalizers
    held = (f"its finalizer {join_words(holders[:3])} holds it as well",) if holders else ()
    return Clue(
        ContainerCause.GOING_STUCK,
        f"is deleted, but the kubelet does not get it stopped{where}",
        evidence=(*event_words(case, *(killing or case.events)[:1]), *held),
        said=tuple(one.text for one in said[:1]),
        next=f"look at the kubelet, container runtime and volumes of node {case.node}",
        confidence="certain" if killing else "possible",
        follows=case.node_key,
    )


def _evicted(case: Case) -> Clue:
    message = case.pod.status.message
    own = next(filter(None, (_over(message, *each) for each in _OWN_LIMITS)), "")
    if own:
        remedy = "raise the limit, or write less: logs, temporary files, emptyDir"
    else:
        remedy = f"k8s_nodes node={case.node}; requests near to real use protect from eviction"

    return Clue(
        ContainerCause.EVICTED,
        f"was evicted: {own or f'node {case.node} was low on {_resource(message)}'}",
        said=(message,) if message else (),
        next=remedy,
        since_ns=ended_ns(case),
        follows=() if own else case.node_key,
        harm=_beside_the_living(case),
    )


def _over(message: str, look: re.Pattern[str], words: str) -> str:
    found = look.search(message)
    return words.format(*found.groups()) if found else ""


def _resource(message: str) -> str:
    found = _RESOURCE.search(message)
    if found is None:
        return "a resource"

    return found[1] or _PRESSURES.get(found[2], found[2])


def _has_pre_stop(case: Case) -> bool:
    return any(one.lifecycle.pre_stop for one in case.pod.spec.containers)
