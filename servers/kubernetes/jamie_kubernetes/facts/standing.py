"""How a pod stands, in the words kubectl prints: state, readiness, restarts."""

import re

import msgspec

from jamie_kubernetes.client.objects import ContainerStatus, Pod, Terminated

_WORD = re.compile(r"[\w:/.-]{1,60}", re.ASCII)


class Standing(msgspec.Struct, frozen=True):
    """A pod's STATUS, READY and RESTARTS as kubectl shows them, and how a container last ended."""

    state: str
    ready: int
    total: int
    restarts: int = 0
    last: Terminated | None = None


def standing_of(pod: Pod) -> Standing:
    """Work out what `kubectl get pods` prints for a pod."""
    sidecars = frozenset(one.name for one in pod.spec.init_containers if one.is_sidecar)
    total = len(pod.spec.containers) + len(sidecars)
    blocked, seen = _initialising(pod, sidecars)
    helpers = [one for one in seen if one.name in sidecars]
    ready = sum(1 for one in helpers if one.started and one.ready and not _succeeded(one))
    if blocked and not condition_is(pod, "Initialized", "True"):
        state, counted = blocked, seen
    else:
        state = _running_state(pod, blocked or _phase(pod))
        counted = (*helpers, *pod.status.container_statuses)
        ready += sum(1 for one in pod.status.container_statuses if _runs_ready(one))

    restarts = sum(one.restart_count for one in counted)
    return Standing(_leaving(pod, state), ready, total, restarts, _last_end(counted))


def condition_is(pod: Pod, kind: str, status: str) -> bool:
    """Tell whether a pod has a condition with this status."""
    return any(one.type == kind and one.status == status for one in pod.status.conditions)


def word(text: str) -> str:
    """Return a reason that is one word, as reasons are; anything else is not repeated."""
    return text if _WORD.fullmatch(text) else "(odd reason)" if text else ""


def _phase(pod: Pod) -> str:
    gated = any(
        one.type == "PodScheduled" and one.reason == "SchedulingGated"
        for one in pod.status.conditions
    )
    return "SchedulingGated" if gated else word(pod.status.reason or pod.status.phase)


def _initialising(pod: Pod, sidecars: frozenset[str]) -> tuple[str, tuple[ContainerStatus, ...]]:
    """Return what initialisation waits for, if it does, and the containers looked at."""
    statuses = pod.status.init_container_statuses
    total = len(pod.spec.init_containers)
    for index, status in enumerate(statuses):
        if reason := _blocking(status, f"{index}/{total}", sidecars):
            return f"Init:{reason}", statuses[: index + 1]

    return "", statuses


def _blocking(status: ContainerStatus, progress: str, sidecars: frozenset[str]) -> str:
    ended, waiting = status.state.terminated, status.state.waiting
    if _succeeded(status) or (status.name in sidecars and status.started):
        return ""
    if ended:
        return word(ended.reason) or _bare_end(ended)
    if waiting and waiting.reason not in ("", "PodInitializing"):
        return word(waiting.reason)

    return progress


def _running_state(pod: Pod, state: str) -> str:
    # From the last container to the first, so that the first one's reason is the one shown.
    for status in reversed(pod.status.container_statuses):
        state = _reason(status) or state

    if state != "Completed" or not any(map(_runs_ready, pod.status.container_statuses)):
        return state

    return "Running" if condition_is(pod, "Ready", "True") else "NotReady"


def _reason(status: ContainerStatus) -> str:
    ended, waiting = status.state.terminated, status.state.waiting
    if waiting and waiting.reason:
        return word(waiting.reason)

    return (word(ended.reason) or _bare_end(ended)) if ended else ""


def _bare_end(ended: Terminated) -> str:
    return f"Signal:{ended.signal}" if ended.signal else f"ExitCode:{ended.exit_code}"


def _leaving(pod: Pod, state: str) -> str:
    if pod.metadata.deletion_timestamp is None:
        return state
    if pod.status.reason == "NodeLost":
        return "Unknown"

    return state if pod.status.phase in ("Succeeded", "Failed") else "Terminating"


def _succeeded(status: ContainerStatus) -> bool:
    return status.state.terminated is not None and status.state.terminated.exit_code == 0


def _runs_ready(status: ContainerStatus) -> bool:
    return status.ready and status.state.running is not None


def _last_end(statuses: tuple[ContainerStatus, ...]) -> Terminated | None:
    ends = [one.last_state.terminated for one in statuses if one.last_state.terminated]
    return max(
        ends, key=lambda end: end.finished_at.timestamp() if end.finished_at else 0.0, default=None
    )
