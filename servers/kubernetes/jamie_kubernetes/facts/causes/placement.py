"""Pods that no node takes: why, and the smallest change that would help."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from jamie_base.text import count, join_words
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import PodGroup
from jamie_kubernetes.answers_diagnose import Confidence, Finding, key_of
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.placing import PlacingPod
from jamie_kubernetes.facts.causes.devices import Lack
from jamie_kubernetes.facts.causes.displaced import Displaced, taken_by
from jamie_kubernetes.facts.causes.placement_codes import (
    CAUSE_OF_HINDRANCE,
    PlacementCause,
    cause_of,
    cause_of_words,
)
from jamie_kubernetes.facts.causes.telling import happened
from jamie_kubernetes.facts.event_index import Happening
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.placing.gates import Gated
from jamie_kubernetes.facts.placing.lines import lines
from jamie_kubernetes.facts.placing.obstacles import STEPS, Barrier, Obstacle
from jamie_kubernetes.facts.placing.phrases import phrase, word_for
from jamie_kubernetes.facts.placing.remedies import remedies
from jamie_kubernetes.facts.placing.table import Table
from jamie_kubernetes.facts.placing.verdicts import Verdict, counted, plain
from jamie_kubernetes.facts.placing.volumes import Stored

DEFAULT_SCHEDULER = "default-scheduler"
SAID_KEPT = 2

_LIMITED = "kubernetes.io/limit-ranger"

AUTOSCALING = ("NotTriggerScaleUp", "TriggeredScaleUp", "FailedScaleUp", "ScaleUpTimedOut")
"""What node autoscalers say of pods without a node."""


class Unplaced(msgspec.Struct, frozen=True):
    """Pods without a node: what is known of them and where they might go.

    `pod` is an example read whole, `table` its nodes; None where that was not looked at. `verdict`
    is what the scheduler said of it, `happened` what events say, `devices` which of them it does
    not get. `displaced` tells who took the place of the pods they came instead of. Of the
    owner's pods `ready` are. With `each` there is one for each node.
    """

    group: PodGroup
    now_ns: Nanoseconds
    verdict: Verdict
    ready: int = 0
    pod: PlacingPod | None = None
    table: Table | None = None
    hindrance: tuple[str, Stored] | None = None
    nodes: Mapping[str, Host] = {}
    happened: Sequence[Happening] = ()
    devices: Lack | None = None
    displaced: Displaced | None = None
    each: bool = False


class _Told(msgspec.Struct, frozen=True):
    """What to say of it."""

    cause: PlacementCause
    why: str
    confidence: Confidence = "certain"
    next: str = ""
    follows: tuple[str, ...] = ()
    count: str = ""
    agreed: bool = False


def placement_finding(case: Unplaced) -> Finding:
    """Say why no node takes them."""
    told = _displaced(case, _told(case))
    group = case.group
    table = lines(case.table, case.nodes) if case.table else []
    shown = table if told.cause not in _WITHOUT_TABLE else []
    return Finding(
        cause=told.cause,
        namespace=group.namespace,
        owner=group.owner,
        severity=Harm.BROKEN if case.ready else Harm.DOWN,
        summary=f"{count('pod', group.count)} unschedulable: {told.why}",
        confidence=told.confidence,
        evidence=(*shown, *_happened(case, told)),
        said=tuple(dict.fromkeys(_said(case, told)))[:SAID_KEPT],
        next=told.next or f"k8s_events object={group.owner} namespace={group.namespace}",
        since_ns=group.since_ns,
        count=group.count,
        pods=group.names,
        follows=told.follows,
    )


def gated_finding(gated: Gated) -> Finding:
    """Say what holds pods back that somebody forgot."""
    gates = join_words(gated.gates)
    return Finding(
        cause=PlacementCause.GATED,
        namespace=gated.namespace,
        owner=gated.owner,
        severity=Harm.RISK,
        summary=f"{count('pod', gated.count)} held back by scheduling gate {gates}",
        next=f"find what should remove the gate {gates}, and why it does not",
        since_ns=gated.since_ns,
        count=gated.count,
        pods=gated.names,
    )


_WITHOUT_TABLE = frozenset({
    PlacementCause.CLAIM_UNBOUND, PlacementCause.CLAIM_MISSING, PlacementCause.CLAIM_DELETING,
    PlacementCause.CLAIM_TAKEN, PlacementCause.NO_SCHEDULER, PlacementCause.NO_NODES,
    PlacementCause.PREEMPTING, PlacementCause.OTHER, PlacementCause.DEVICES,
})  # fmt: skip

_TAKEN_FROM_OTHERS = frozenset({
    PlacementCause.CPU, PlacementCause.MEMORY, PlacementCause.DISK, PlacementCause.EXTENDED,
    PlacementCause.POD_SLOTS, PlacementCause.PORT, PlacementCause.VOLUME_LIMIT,
    PlacementCause.APART, PlacementCause.SHUNNED, PlacementCause.SPREAD,
})  # fmt: skip
"""What the scheduler sends pods away for."""

_NEXT = {
    PlacementCause.NODE_MISSING: "bring that node back, or change the affinity that names it",
    PlacementCause.VOLUME_NONE: "make a volume that its nodes reach, or let a provisioner do it",
}


def _told(case: Unplaced) -> _Told:
    pod = case.pod
    if case.devices:
        return _Told(PlacementCause.DEVICES, case.devices.why, next=case.devices.next, agreed=True)
    if pod and pod.verdict is None and not case.verdict.why and not _claimed(case):
        return _untaken(pod)
    if _claimed(case):
        return _claim(case)
    if pod and pod.status.nominated_node_name:
        return _preempting(pod.status.nominated_node_name)
    if case.verdict.why and not case.verdict.counts:
        return _by_words(case)
    if case.table is None or not case.table.standings:
        return _by_scheduler(case)

    return _by_table(case, case.table)


def _claimed(case: Unplaced) -> bool:
    """Tell whether a claim is in the way, for which no node will do.

    A claim whose node was chosen is: unless the scheduler since asked the nodes again.
    """
    if case.hindrance is None:
        return False

    why, stored = case.hindrance
    return not (why == "unbound" and stored.waits and case.verdict.counts)


def _claim(case: Unplaced) -> _Told:
    why, stored = case.hindrance or ("unbound", Stored("", None))
    name = f"pvc/{stored.name}"
    key = key_of(case.group.namespace, name)
    cause = CAUSE_OF_HINDRANCE[why]
    match why:
        case "missing":
            step = f"create {name} in {case.group.namespace}, or name another in the pod's volumes"
            return _Told(cause, f"{name} does not exist", next=step, agreed=True)
        case "taken":
            holder = stored.users[0]
            step = f"scale to one replica, or use ReadWriteMany: only one pod may use {name}"
            return _Told(
                cause, f"{name} is ReadWriteOncePod and in use by {holder}", next=step, agreed=True
            )
        case "deleting":
            return _Told(cause, f"{name} is being deleted", follows=(key,))
        case _:
            said = f"{name} is {stored.claim.status.phase if stored.claim else 'not there'}"
            return _Told(cause, said, follows=(key,))


def _untaken(pod: PlacingPod) -> _Told:
    name = pod.spec.scheduler_name or DEFAULT_SCHEDULER
    if name == DEFAULT_SCHEDULER:
        return _Told(
            PlacementCause.NO_SCHEDULER,
            "the scheduler has not looked at it",
            "likely",
            next="check kube-scheduler in kube-system: is it running, and does it hold its lease?",
        )

    return _Told(
        PlacementCause.NO_SCHEDULER,
        f"no scheduler named {name} takes it",
        next=f"start the scheduler {name}, or set schedulerName: {DEFAULT_SCHEDULER}",
    )


def _displaced(case: Unplaced, told: _Told) -> _Told:
    """Say who has the room that is lacking, where that is known."""
    if case.displaced is None or case.pod is None or told.cause not in _TAKEN_FROM_OTHERS:
        return told

    priority = case.pod.spec.priority
    ways = told.next.split("; or ") if told.next else []
    if "priorityClassName" not in told.next:
        ways.append(f"give it a priorityClassName of a higher value than {priority}")
    return replace(
        told,
        cause=PlacementCause.DISPLACED,
        why=f"{taken_by(case.displaced.takers, priority)} took their place, and {told.why}",
        next="; or ".join(ways),
        follows=(),
    )


def _preempting(node: str) -> _Told:
    return _Told(
        PlacementCause.PREEMPTING,
        f"it displaces pods of lower priority on {node} that have not left yet",
        next=f"k8s_pods node={node}: which are terminating, and what holds them?",
    )


def _by_words(case: Unplaced) -> _Told:
    """Judge by what the scheduler said without asking any node."""
    words = case.verdict.why
    cause = cause_of_words(words)
    if cause is PlacementCause.NO_NODES or not (case.nodes or case.table is None):
        return _Told(
            PlacementCause.NO_NODES, "the cluster has no nodes", next="add a node to the cluster"
        )

    return _Told(cause, "the scheduler says why below", "likely")


def _by_scheduler(case: Unplaced) -> _Told:
    """Judge by the scheduler's counts alone."""
    counts = case.verdict.counts
    if not counts:
        return _Told(PlacementCause.OTHER, "the scheduler says why below", "likely")

    barrier, what = min(counts, key=lambda one: (STEPS[one[0]], -counts[one]))
    return _Told(cause_of(barrier, what), f"the scheduler counted {_counts(case)}", "likely")


def _by_table(case: Unplaced, table: Table) -> _Told:
    """Judge by our own table, unless the scheduler counted nothing like it."""
    decisive, theirs = table.decisive, case.verdict.counts
    if theirs and (table.open or plain(decisive.barrier, decisive.what) not in theirs):
        return _by_scheduler(case)

    cause = cause_of(decisive.barrier, decisive.what)
    ways = remedies(table, case.nodes, case.group.count, each=case.each)
    why, step = phrase(decisive, table), "; or ".join(ways) or _NEXT.get(cause, "")
    if _is_default(case, decisive):
        why += f"; a LimitRange made it ask for that much {decisive.what}"
        step = (
            f"request what it needs in its template, or lower that default: k8s_get"
            f" what=limitranges namespace={case.group.namespace} output=yaml"
        )
    same = "it counts the same" if counted(table) == theirs else f"it counted {_counts(case)}"
    return _Told(
        cause,
        why,
        next=step,
        follows=_explained_by(decisive, table, case.group.namespace),
        # The scheduler counts all nodes for each pod, the table those that the pods are for.
        count="" if case.each else same,
        agreed=True,
    )


def _is_default(case: Unplaced, decisive: Obstacle) -> bool:
    """Tell whether nobody asked for what is lacking: admission notes what it set."""
    note = case.pod.metadata.annotations.get(_LIMITED, "") if case.pod else ""
    return decisive.barrier is Barrier.RESOURCE and f"{decisive.what} request for" in note


def _explained_by(decisive: Obstacle, table: Table, namespace: str) -> tuple[str, ...]:
    """Return whose finding would explain it: nodes that are lost, a claim that finds no volume."""
    if decisive.barrier in (Barrier.NOT_READY, Barrier.PRESSED):
        return tuple(f"node/{one.node}" for one in table.nearest[:3])
    if decisive.barrier is Barrier.VOLUME_NONE and not decisive.holder:
        return (key_of(namespace, decisive.what),)

    return ()


def _counts(case: Unplaced) -> str:
    """Say what the scheduler counted."""
    found = sorted(case.verdict.counts.items())
    said = ", ".join(f"{number} {word_for(*reason)}" for reason, number in found)
    return f"{said} of {count('node', case.verdict.nodes)}"


def _happened(case: Unplaced, told: _Told) -> list[str]:
    """Say what the scheduler and a node autoscaler made of it."""
    found = [one for one in case.happened if one.reason in ("FailedScheduling", *AUTOSCALING)]
    if case.displaced and told.cause is PlacementCause.DISPLACED:
        found.append(case.displaced.event)
    add = f": {told.count}" if told.count and case.verdict.counts else ""
    return [
        f"{happened(one, case.now_ns)}{add if one.reason == 'FailedScheduling' else ''}"
        for one in found
    ]


def _said(case: Unplaced, told: _Told) -> list[str]:
    """Quote them, the scheduler only where its words add something."""
    verdict = case.pod.verdict if case.pod else None
    words = "" if told.agreed else verdict.message if verdict else case.group.message
    reactions = [one.message for one in case.happened if one.reason in AUTOSCALING]
    return [one for one in (words, *reactions) if one]
