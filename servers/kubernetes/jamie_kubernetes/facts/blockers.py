"""What keeps workloads from their pods: the pods' own troubles, and events that refuse them."""

from collections.abc import Container, Iterable, Sequence

import msgspec

from jamie_base.text import count
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import EventGroup, PodGroup
from jamie_kubernetes.answers_workloads import WorkloadRow
from jamie_kubernetes.client.controllers import BoundPod
from jamie_kubernetes.client.objects import Event
from jamie_kubernetes.facts.controllers import Standing
from jamie_kubernetes.facts.grouping import PodTally, rank
from jamie_kubernetes.facts.owners import Owner, owner_of
from jamie_kubernetes.facts.standing import condition_is

NAMES_SHOWN = 4

REASONS = frozenset({
    "FailedCreate", "FailedDaemonPod", "FailedNeedsStart", "MissSchedule", "TooManyMissedTimes",
    "UnknownTimeZone", "InvalidSchedule", "UnparseableSchedule", "FailedGetScale",
    "FailedUpdateStatus", "FailedRescale",
})  # fmt: skip
"""Warnings that controllers raise about what they own, when they cannot have their way."""

Key = tuple[str, str]
"""Namespace and workload: `deploy/web`."""


def refuses(event: Event) -> bool:
    """Tell whether an event says why a controller could not do its work."""
    return event.reason in REASONS


class Blockers:
    """Gathers the sick pods of the workloads that are short, and where the pods should be."""

    def __init__(self, short: Container[Key], now_ns: Nanoseconds) -> None:
        self._short = short
        self._tally = PodTally("sick", now_ns)
        self._nodes: dict[Key, set[str]] = {}
        self._ordinals: dict[Key, dict[int, bool]] = {}

    def add(self, page: Sequence[BoundPod]) -> None:
        """Take one page of pods."""
        self._tally.add(page)
        for pod in page:
            owner = owner_of(pod.metadata)
            key = (pod.metadata.namespace, str(owner))
            if owner and key in self._short:
                self._place(pod, key, owner)

    def settle(self, finished: Container[Key]) -> None:
        """Forgive the failed tries of finished Jobs."""
        self._tally.settle(finished)

    def groups(self) -> dict[Key, list[PodGroup]]:
        """Return the sick pods by workload, the worst first."""
        found: dict[Key, list[PodGroup]] = {}
        for group in sorted(self._tally.groups(), key=rank):
            found.setdefault((group.namespace, group.owner), []).append(group)

        return found

    def where(self, row: WorkloadRow) -> list[str]:
        """Name the pod that an ordered StatefulSet waits for, or the nodes a DaemonSet lacks."""
        key = (row.namespace, row.workload)
        if row.workload.startswith("sts/"):
            return self._first_missing(key, row)
        nodes = sorted(self._nodes.get(key, ()))
        if not nodes:
            return []

        more = len(nodes) - NAMES_SHOWN
        rest = f" and {more} more" if more > 0 else ""
        return [f"not ready on {', '.join(nodes[:NAMES_SHOWN])}{rest}"]

    def _place(self, pod: BoundPod, key: Key, owner: Owner) -> None:
        ready = condition_is(pod, "Ready", "True")
        if owner.kind == "DaemonSet" and not ready and pod.spec.node:
            self._nodes.setdefault(key, set()).add(pod.spec.node)
        ordinal = pod.metadata.name.rpartition("-")[2]
        if owner.kind == "StatefulSet" and ordinal.isdecimal():
            self._ordinals.setdefault(key, {})[int(ordinal)] = ready

    def _first_missing(self, key: Key, row: WorkloadRow) -> list[str]:
        seen = self._ordinals.get(key, {})
        start = min(seen, default=0)
        name = row.workload.removeprefix("sts/")
        wanted = range(start, start + row.desired)
        first = next((number for number in wanted if not seen.get(number)), None)
        if first is None:
            return []

        state = "is not ready" if first in seen else "does not exist"
        waits = [number for number in wanted if number not in seen and number != first]
        verb = "waits" if len(waits) == 1 else "wait"
        after = f", {count('pod', len(waits))} {verb} behind it" if waits else ""
        return [f"{name}-{first} {state}{after}"]


def explained(
    row: WorkloadRow,
    groups: Sequence[PodGroup],
    where: Iterable[str],
    refusal: EventGroup | None,
) -> WorkloadRow:
    """Add to a row what its pods and the events say; sick pods make a slow rollout a stuck one."""
    pods = [_sick(group) for group in groups[:3]]
    refused = [f"{refusal.reason}"] if refusal and not row.message else []
    said = next((group.message for group in groups if group.message), "")
    stuck = row.severity == Standing.ROLLING and (pods or refused)
    return msgspec.structs.replace(
        row,
        severity=Standing.BLOCKED if stuck else row.severity,
        why=tuple(dict.fromkeys((*row.why, *refused, *where, *pods))),
        message=row.message or (refusal.message if refusal and refused else said),
        since_ns=row.since_ns
        or min((group.since_ns for group in groups if group.since_ns), default=0),
    )


def _sick(group: PodGroup) -> str:
    cause = "" if group.cause == group.state else f" ({group.cause})"
    return f"{count('pod', group.count)} {group.state}{cause}"
