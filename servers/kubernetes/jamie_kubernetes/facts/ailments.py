"""What makes a pod sick, precisely.

Sick is a pod that

* waits for something that does not come by waiting: CrashLoopBackOff, image and config errors;
* failed: an error exit, OOMKilled, Evicted (a Job's failed try counts unless the Job succeeded);
* is Pending, starting or not ready for longer than a minute (running init containers: five);
* is Terminating for a minute past its grace period; or is Unknown.

Not sick: running and ready, however often it restarted before; Completed; just starting; held back
on purpose by a scheduling gate.
"""

from enum import IntEnum

import msgspec

from jamie_base.when import Nanoseconds, age, instant, nanoseconds
from jamie_kubernetes.client.objects import Condition, ContainerStatus, Pod, Terminated
from jamie_kubernetes.facts.standing import Standing, condition_is, word

STARTING_SECONDS = 60.0
INITIALISING_SECONDS = 300.0
_SECOND = 1_000_000_000

_PATIENT = ("ContainerCreating", "PodInitializing", "")
_SIGNALS = {
    126: "not executable",
    127: "command not found",
    134: "SIGABRT",
    137: "SIGKILL",
    139: "segfault",
    143: "SIGTERM",
}


class Severity(IntEnum):
    """How bad, worst first."""

    CRASHING = 0
    NOT_STARTING = 1
    PENDING = 2
    NOT_READY = 3
    STUCK = 4
    FAILED = 5
    NONE = 9


class Ailment(msgspec.Struct, frozen=True):
    """What is wrong with a pod: our words, and the cluster's own where it has some.

    `since_ns` is when it began, 0 where that is not known.
    """

    severity: Severity
    cause: str
    message: str = ""
    since_ns: Nanoseconds = 0


def ailment_of(pod: Pod, standing: Standing, now_ns: Nanoseconds) -> Ailment | None:
    """Find what is wrong with a pod; None when nothing is, or it is too early to tell."""
    phase = pod.status.phase
    if pod.metadata.deletion_timestamp is not None:
        return _stuck(pod, now_ns)
    if phase == "Succeeded" or standing.state in ("SchedulingGated", "Completed"):
        return None
    if phase == "Failed":
        return _failed(pod, standing)

    return _broken(pod, standing) or _slow(pod, standing, now_ns)


def ending(end: Terminated) -> str:
    """Say how a container ended: `exit 137 OOMKilled`, `exit 1`."""
    reason = word(end.reason)
    meaning = reason if reason not in ("", "Error") else _SIGNALS.get(end.exit_code, "")
    return f"exit {end.exit_code} {meaning}".rstrip()


def _stuck(pod: Pod, now_ns: Nanoseconds) -> Ailment | None:
    assert pod.metadata.deletion_timestamp is not None
    due_ns = nanoseconds(pod.metadata.deletion_timestamp)
    late = (now_ns - due_ns) / _SECOND
    if late < STARTING_SECONDS:
        return None

    return Ailment(Severity.STUCK, "terminating past its grace period", "", due_ns)


def _failed(pod: Pod, standing: Standing) -> Ailment:
    ends = [one.state.terminated for one in pod.status.container_statuses if one.state.terminated]
    worst = next((end for end in ends if end.exit_code), None)
    cause = standing.state if pod.status.reason or not worst else ending(worst)
    finished = worst.finished_at if worst else None

    return Ailment(
        Severity.FAILED,
        f"failed: {cause}",
        pod.status.message,
        instant(finished),
    )


def _broken(pod: Pod, standing: Standing) -> Ailment | None:
    """Find a container that waiting will not help."""
    for status in (*pod.status.init_container_statuses, *pod.status.container_statuses):
        if ailment := _container_ailment(status, standing.total > 1):
            return ailment

    return None


def _container_ailment(status: ContainerStatus, named: bool) -> Ailment | None:
    waiting, ended = status.state.waiting, status.state.terminated
    prefix = f"{status.name}: " if named else ""
    last = status.last_state.terminated
    if waiting and waiting.reason == "CrashLoopBackOff":
        cause = f"last {ending(last)}" if last else "keeps ending"
        return Ailment(Severity.CRASHING, f"{prefix}{cause}", "", _end_ns(last))
    if waiting and waiting.reason not in _PATIENT:
        return Ailment(Severity.NOT_STARTING, f"{prefix}{word(waiting.reason)}", waiting.message)
    if ended and ended.exit_code:
        return Ailment(Severity.CRASHING, f"{prefix}{ending(ended)}", "", _end_ns(ended))

    return None


def _slow(pod: Pod, standing: Standing, now_ns: Nanoseconds) -> Ailment | None:
    """Find a pod that takes too long to be scheduled, start, or become ready."""
    ready = _condition(pod, "Ready")
    if pod.status.phase == "Running" and ready and ready.status == "True":
        return None

    scheduled = _condition(pod, "PodScheduled")
    since_ns = _waits_since(pod, ready, scheduled)
    if (now_ns - since_ns) / _SECOND < _patience(standing):
        return None
    if pod.status.phase == "Unknown":
        return Ailment(Severity.NOT_READY, "Unknown", pod.status.message, since_ns)
    if pod.status.phase == "Running":
        return Ailment(Severity.NOT_READY, _unready(pod, standing), "", since_ns)
    if scheduled and scheduled.status == "False":
        cause = word(scheduled.reason) or "not scheduled"
        return Ailment(Severity.PENDING, cause, scheduled.message, since_ns)

    return Ailment(Severity.PENDING, _starting(pod, standing), "", since_ns)


def _waits_since(pod: Pod, ready: Condition | None, scheduled: Condition | None) -> Nanoseconds:
    began = pod.metadata.creation_timestamp
    if pod.status.phase == "Running" and ready:
        began = ready.last_transition_time or began
        starts = [
            one.state.running.started_at
            for one in pod.status.container_statuses
            if one.state.running and one.state.running.started_at
        ]
        began = max([*starts, began]) if began else None
    elif scheduled and scheduled.status == "True":
        began = scheduled.last_transition_time or began

    return instant(began)


def _patience(standing: Standing) -> float:
    # Init:1/3 says that an init container runs: migrations may take their time.
    runs_init = standing.state.startswith("Init:") and standing.state[5:6].isdigit()
    return INITIALISING_SECONDS if runs_init else STARTING_SECONDS


def _unready(pod: Pod, standing: Standing) -> str:
    waiting = [one.name for one in pod.status.container_statuses if not one.ready]
    if not waiting:
        gone = "node does not answer" if _node_lost(pod) else "containers are ready, the pod is not"
        return f"not ready: {gone}"

    return f"not ready: {', '.join(waiting[:3])}" if standing.total > 1 else "not ready"


def _node_lost(pod: Pod) -> bool:
    return any(
        one.type == "Ready" and one.reason == "NodeStatusUnknown" for one in pod.status.conditions
    )


def _starting(pod: Pod, standing: Standing) -> str:
    if not pod.spec.node_name and not condition_is(pod, "PodScheduled", "True"):
        return "no scheduler has taken it"

    return f"does not get past {standing.state}"


def _condition(pod: Pod, kind: str) -> Condition | None:
    return next((one for one in pod.status.conditions if one.type == kind), None)


def _end_ns(end: Terminated | None) -> Nanoseconds:
    return nanoseconds(end.finished_at) if end and end.finished_at else 0


def lasted(since_ns: Nanoseconds, now_ns: Nanoseconds) -> str:
    """Say for how long, or nothing where the start is not known."""
    return age(max(now_ns - since_ns, 0) / _SECOND) if since_ns else ""
