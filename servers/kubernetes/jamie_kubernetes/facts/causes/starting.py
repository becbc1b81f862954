"""Why a pod that has a node does not start."""

from jamie_base.when import Nanoseconds, age, nanoseconds
from jamie_kubernetes.client.objects import ContainerStatus
from jamie_kubernetes.facts.causes import pulls, sandboxes, volumes
from jamie_kubernetes.facts.causes.cases import Case, Clue, Lines, event_words, logs_call
from jamie_kubernetes.facts.causes.container_causes import ContainerCause
from jamie_kubernetes.facts.causes.last_words import remark
from jamie_kubernetes.facts.causes.probing import startup_words
from jamie_kubernetes.facts.causes.waits import awaited

_SECOND = 1_000_000_000


def clue(case: Case) -> Clue:
    """Tell why a pod does not get past its start."""
    found = volumes.clue(case) or sandboxes.clue(case)
    if found and _none_runs(case):
        return found

    return _sidecar(case) or _init(case) or pulls.slow_clue(case) or found or _stuck(case)


def _none_runs(case: Case) -> bool:
    return not any(one.state.running or one.state.terminated for one in case.statuses)


def _sidecar(case: Case) -> Clue | None:
    blocking = next((one for one in _sidecars(case) if one.state.running and not one.started), None)
    if blocking is None:
        return None

    since = _since(blocking)
    return Clue(
        ContainerCause.SIDECAR,
        f"sidecar {blocking.name} runs but is not started, so the others are not begun",
        evidence=startup_words(case, blocking.name),
        said=tuple(one.text for one in case.says("Unhealthy")[:1]),
        next=f"correct startupProbe or postStart of {blocking.name}",
        since_ns=since,
        seeks=(Lines(blocking.name, previous=False),),
        finish=remark,
    )


def _init(case: Case) -> Clue | None:
    running = [
        one
        for one in case.pod.status.init_container_statuses
        if one.state.running and case.is_init(one.name)
    ]
    if not running:
        return None

    since = _since(running[0])
    ran = f" for {age((case.now_ns - since) / _SECOND)}" if since else ""
    name = running[0].name
    hosts = awaited(case.container(name))
    waits = f": it waits for {hosts[0]}" if len(hosts) == 1 else ""
    return Clue(
        ContainerCause.INIT_STUCK,
        f"init container {name} runs{ran} and does not end, so the others are not begun{waits}",
        next=logs_call(case, name),
        confidence="likely",
        since_ns=since,
        needs=hosts,
        seeks=(Lines(name, previous=False),),
        finish=remark,
    )


def _stuck(case: Case) -> Clue:
    states = sorted({one.state.waiting.reason for one in case.statuses if one.state.waiting})
    named = ", ".join(word for word in states if word) or case.group.state
    return Clue(
        ContainerCause.START_STUCK,
        f"does not get past {named} on node {case.node}, and no event says why",
        evidence=event_words(case, *case.events[:2]),
        next=f"k8s_nodes node={case.node}: look at its kubelet and container runtime",
        confidence="possible",
        follows=case.node_key,
        since_ns=case.group.since_ns,
    )


def _sidecars(case: Case) -> list[ContainerStatus]:
    return [one for one in case.pod.status.init_container_statuses if not case.is_init(one.name)]


def _since(status: ContainerStatus) -> Nanoseconds:
    running = status.state.running
    return nanoseconds(running.started_at) if running and running.started_at else 0
