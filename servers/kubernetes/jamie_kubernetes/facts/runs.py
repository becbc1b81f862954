"""The runs of containers: which one it is, whether it goes on, how it ended."""

from collections.abc import Iterable

import msgspec

from jamie_kubernetes.client.objects import ContainerStatus, Pod, Terminated
from jamie_kubernetes.facts.standing import word

Place = tuple[str, str, str]
"""Namespace, pod, container."""


class Run(msgspec.Struct, frozen=True):
    """One run of a container: its number, how it ended where it did, and how the one before did."""

    number: int
    ended: str = ""
    before: str = ""

    def end_of(self, number: int) -> str:
        """Say how a run ended, seen from this one; nothing where it goes on."""
        if number == self.number:
            return self.ended

        return (self.before if number == self.number - 1 else "") or "restarted"


def runs_in(pods: Iterable[Pod]) -> dict[Place, Run]:
    """Return the present or last run of every container."""
    return {
        (pod.metadata.namespace, pod.metadata.name, status.name): _run(status)
        for pod in pods
        for status in (*pod.status.init_container_statuses, *pod.status.container_statuses)
    }


def all_over(pods: Iterable[Pod]) -> bool:
    """Tell whether none of the pods will run again."""
    return all(pod.status.phase in ("Succeeded", "Failed") for pod in pods)


def _run(status: ContainerStatus) -> Run:
    last = _words(status.last_state.terminated)
    if status.state.waiting and last:
        # While it waits for its next start, the run before is the one that counts.
        return Run(status.restart_count, last)

    return Run(status.restart_count, _words(status.state.terminated), last)


def _words(ended: Terminated | None) -> str:
    if ended is None:
        return ""

    why = word(ended.reason)
    exited = f"exit {ended.exit_code}"
    return exited if why in ("", "Error", "Completed") else f"{why}, {exited}"
