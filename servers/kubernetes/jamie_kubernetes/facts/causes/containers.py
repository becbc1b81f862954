"""Pods that have a node but do not run as they should: which clue a case has, and what it makes."""

from msgspec.structs import replace

from jamie_base.text import count
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.client.objects import ContainerStatus
from jamie_kubernetes.facts.causes import (
    configuring,
    crashes,
    endings,
    kills,
    pulls,
    readiness,
    resizing,
    starting,
)
from jamie_kubernetes.facts.causes.cases import Case, Clue, Looked, ends_of, events_call
from jamie_kubernetes.facts.causes.container_causes import ContainerCause
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.unrest import GOING, RESIZING, RESTARTING, restless_container

EVIDENCE_KEPT = 4
SAID_KEPT = 2
LEFT_NS = 24 * 3600 * 1_000_000_000
"""After what time a failed pod of nobody is something left lying about."""

_PATIENT = ("", "ContainerCreating", "PodInitializing", "CrashLoopBackOff")
_PLAIN = (
    ContainerCause.APP_ERROR,
    ContainerCause.TERMINATED,
    ContainerCause.EXITS_ZERO,
    ContainerCause.KILLED,
)
"""Ends that say less than that they come again and again."""


def clue_of(case: Case) -> Clue | None:
    """Tell what a case suffers from, as far as it is known; None: nothing any more."""
    if case.group.cause == GOING:
        return endings.going_slowly(case)
    if case.group.cause == RESIZING:
        return resizing.clue(case)
    if case.group.cause == RESTARTING:
        return _restless(case)
    if case.pod.metadata.deletion_timestamp is not None:
        return endings.going(case)
    if case.pod.status.phase == "Failed":
        return _failed(case)
    if _is_lost(case):
        return endings.node_lost(case)

    return _broken(case) or _unstarted(case)


def finished(clue: Clue, looked: Looked) -> Clue:
    """Make of what was found a clue that may seek more, and is final otherwise."""
    return clue.finish(replace(clue, seeks=(), finish=None), looked) if clue.finish else clue


def finding_of(case: Case, clue: Clue) -> Finding:
    """Say a clue as a finding of its owner."""
    group = case.group
    return Finding(
        cause=_code(case, clue),
        namespace=group.namespace,
        owner=group.owner,
        severity=_harm(case, clue),
        summary=_summary(case, clue),
        confidence=clue.confidence,
        evidence=tuple(dict.fromkeys((*_others(case, clue), *clue.evidence)))[:EVIDENCE_KEPT],
        said=tuple(dict.fromkeys(clue.said))[:SAID_KEPT],
        next=clue.next,
        since_ns=clue.since_ns or group.since_ns,
        count=group.count,
        pods=group.names,
        follows=clue.follows,
        needs=clue.needs,
    )


def _restless(case: Case) -> Clue | None:
    status = restless_container(case.pod, case.now_ns)
    end = status.last_state.terminated if status else None
    return crashes.clue(case, status, end) if status and end else None


def _failed(case: Case) -> Clue | None:
    if endings.is_old(case):
        return None
    found = endings.failed(case) or _ended(case) or _bare_failure(case)
    ended = endings.left_ns(case)
    return found if case.owner or case.now_ns - ended < LEFT_NS else _left(case, found, ended)


def _left(case: Case, found: Clue, ended: Nanoseconds) -> Clue:
    """Say of a failed pod that nobody missed it for a day: who needs it would have."""
    return replace(
        found,
        harm=Harm.RISK,
        evidence=(f"it failed{case.ago(ended)}; nobody made it again", *found.evidence),
        next="delete it if nobody needs it: it is only a record",
        seeks=(),
        finish=None,
    )


def _bare_failure(case: Case) -> Clue:
    status = case.pod.status
    return Clue(
        ContainerCause.REJECTED,
        f"failed on node {case.node}" if case.node else "failed",
        said=(status.message,) if status.message else (),
        next=events_call(case),
        confidence="possible",
    )


def _is_lost(case: Case) -> bool:
    if case.pod.status.phase == "Unknown" or case.node_state == "gone":
        return True

    ready = case.condition("Ready")
    stale = ready is not None and ready.reason == "NodeStatusUnknown"
    waits = case.pod.status.phase == "Running" and not any(ends_of(case))
    return stale or (case.node_state == "not ready" and waits)


def _broken(case: Case) -> Clue | None:
    """Find a container that waiting will not help, those first that start first."""
    for status in case.statuses:
        waiting = status.state.waiting
        if waiting and waiting.reason not in _PATIENT:
            return _waiting(case, status, waiting.reason, waiting.message)

    return _ended(case) or _forgotten(case)


def _forgotten(case: Case) -> Clue | None:
    """Tell of a container that is restarted, and of whose ends the kubelet knows nothing more."""
    for status in case.statuses:
        if status.state.waiting and status.state.waiting.reason == "CrashLoopBackOff":
            return crashes.forgotten_clue(case, status)

    return None


def _ended(case: Case) -> Clue | None:
    for status, end in ends_of(case):
        return crashes.clue(case, status, end)

    return None


def _waiting(case: Case, status: ContainerStatus, reason: str, message: str) -> Clue:
    if reason in pulls.REASONS:
        return pulls.clue(case, status)
    if reason in configuring.REASONS:
        known = configuring.clue(case, status.name, message)
        return known or configuring.other_clue(case, status.name, message)
    if reason == "PostStartHookError":
        return kills.hook_clue(case, status.name)

    # Some runtimes say only in the create error that a reference is missing.
    told = message or next((one.text for one in case.says("Failed")), "")
    known = configuring.clue(case, status.name, told) if "not found" in told else None
    return known or crashes.start_clue(case, status.name, told)


def _unstarted(case: Case) -> Clue | None:
    if case.pod.status.phase == "Pending" or case.group.state.startswith("Init:"):
        return starting.clue(case)

    return _unsteady(case) or readiness.clue(case)


def _unsteady(case: Case) -> Clue | None:
    """Tell why a container that is not ready keeps ending: it never gets the time to be."""
    status = restless_container(case.pod, case.now_ns)
    end = status.last_state.terminated if status and not status.ready else None
    return crashes.clue(case, status, end) if status and end else None


def _others(case: Case, clue: Clue) -> tuple[str, ...]:
    """Name further containers that do not run."""
    held = [
        (case.called(one.name), one.state.waiting.reason)
        for one in case.statuses
        if one.state.waiting and one.state.waiting.reason not in _PATIENT[:3]
    ]
    return tuple(f"also {name}: {reason}" for name, reason in held if name not in clue.what)[:1]


def _code(case: Case, clue: Clue) -> str:
    again = case.group.cause == RESTARTING and clue.code in _PLAIN
    return (ContainerCause.RESTARTING if again else clue.code).value


def _harm(case: Case, clue: Clue) -> Harm:
    if clue.harm is not None:
        return clue.harm
    if case.group.cause == RESTARTING:
        return Harm.DEGRADED
    # A run that failed is not a service that is down.
    if case.runs_to_end or case.stand.ready:
        return Harm.BROKEN

    return Harm.DOWN


def _summary(case: Case, clue: Clue) -> str:
    ready, total = case.stand
    again = "keeps restarting: " if case.group.cause == RESTARTING else ""
    of = f"{ready} of {total} ready" if total > 1 else ""
    pods = count("pod", case.group.count) if case.group.count > 1 else ""
    where = ", ".join(part for part in (pods, of) if part)

    return f"{again}{clue.what}{f' ({where})' if where else ''}"
