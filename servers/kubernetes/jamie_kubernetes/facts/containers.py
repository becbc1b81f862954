"""Which containers of which pods to read logs from, and which have nothing to say."""

from collections.abc import Iterable, Sequence

import msgspec

from jamie_kubernetes.client.objects import ContainerStatus, Pod
from jamie_kubernetes.facts.ailments import ailment_of
from jamie_kubernetes.facts.standing import standing_of, word


class Source(msgspec.Struct, frozen=True):
    """A container to read, or why it cannot be (`missing`)."""

    namespace: str
    pod: str
    container: str
    label: str
    missing: str = ""


def containers_in(pods: Iterable[Pod]) -> list[str]:
    """Return every container's name, once."""
    names = [one.name for pod in pods for one in (*pod.spec.containers, *pod.spec.init_containers)]
    return list(dict.fromkeys(names))


def chosen(
    pods: Sequence[Pod], container: str, now_ns: int, *, previous: bool, named: bool = False
) -> list[Source]:
    """Choose what to read: the sick pods first, then the newest; without a name all that run.

    `named` labels them with their pod's name though there is only one now.
    """
    ranked = sorted(pods, key=lambda one: _rank(one, now_ns))
    wanted = [(pod, status) for pod in ranked for status in _wanted(pod, container)]
    several = len({status.name for _, status in wanted}) > 1
    inits = any(status in pod.status.init_container_statuses for pod, status in wanted)
    found = [
        Source(
            namespace=pod.metadata.namespace,
            pod=pod.metadata.name,
            container=status.name,
            label=_label(pod, status, pods=named or len(pods) > 1, containers=several or inits),
            missing=_missing(status, previous=previous),
        )
        for pod, status in wanted
    ]

    # Those with nothing to read would take the place of those that have.
    return sorted(found, key=lambda one: bool(one.missing))


def still_there(pods: Iterable[Pod], sources: Iterable[Source]) -> list[Source]:
    """Return those that have a run of their own now.

    The newest run of one that waits to be started again *is* the previous one.
    """
    runs = {
        (pod.metadata.namespace, pod.metadata.name, one.name)
        for pod in pods
        for one in (*pod.status.init_container_statuses, *pod.status.container_statuses)
        if one.state.running or one.state.terminated
    }
    return [
        one
        for one in sources
        if not one.missing and (one.namespace, one.pod, one.container) in runs
    ]


def _rank(pod: Pod, now_ns: int) -> tuple[bool, int]:
    healthy = ailment_of(pod, standing_of(pod), now_ns) is None

    return healthy, -pod.metadata.created_ns


def _wanted(pod: Pod, container: str) -> list[ContainerStatus]:
    inits, mains = pod.status.init_container_statuses, pod.status.container_statuses
    if container:
        return [one for one in (*inits, *mains) if one.name == container]

    sidecars = {one.name for one in pod.spec.init_containers if one.is_sidecar}
    # An init container speaks for its pod while the others cannot.
    blocking = [one for one in inits if one.name in sidecars or not _done(one)]
    return [*blocking, *mains]


def _done(status: ContainerStatus) -> bool:
    ended = status.state.terminated
    return ended is not None and ended.exit_code == 0


def _missing(status: ContainerStatus, *, previous: bool) -> str:
    waiting = status.state.waiting
    if previous:
        return "" if status.last_state.terminated else "never restarted, no previous run"
    if waiting and not status.last_state.terminated:
        return f"has not started ({word(waiting.reason) or 'waiting'})"

    return ""


def _label(pod: Pod, status: ContainerStatus, *, pods: bool, containers: bool) -> str:
    parts = [pod.metadata.name] if pods or not containers else []
    return "/".join([*parts, *([status.name] if containers else [])])
