"""Workloads reduced while they come: which are short of what they should be, and why."""

from collections.abc import Sequence

from jamie_base.when import Nanoseconds, instant
from jamie_kubernetes.answers import Shortfall, Workloads
from jamie_kubernetes.client.objects import Condition, Workload
from jamie_kubernetes.facts.standing import word
from jamie_kubernetes.kinds import DAEMON_SETS, JOBS, Kind

SHORT_KEPT = 500


class WorkloadTally:
    """Counts workloads of one kind and keeps those short of desired; of Jobs, those that failed."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self.total = 0
        self.short: list[Shortfall] = []
        self.finished: set[tuple[str, str]] = set()

    def add(self, page: Sequence[Workload]) -> None:
        """Take one page."""
        for one in page:
            self.total += 1
            if self._kind == JOBS and _condition(one, "Complete"):
                self.finished.add((one.metadata.namespace, one.metadata.name))
            if short := self._shortfall(one):
                self.short.append(short)

    def _shortfall(self, one: Workload) -> Shortfall | None:
        if self._kind == JOBS:
            return _failed_job(one)

        return _short(self._kind, one)


def in_all(tallies: Sequence[WorkloadTally]) -> Workloads:
    """Put the kinds together: nothing ready first, then the largest shortfall, Jobs by age."""
    short = [one for tally in tallies for one in tally.short]
    short.sort(key=_rank)

    return Workloads(sum(tally.total for tally in tallies), tuple(short[:SHORT_KEPT]))


def _rank(one: Shortfall) -> tuple[bool, bool, int, int, str, str]:
    job = one.workload.startswith("job/")
    return (
        job,
        one.ready > 0,
        one.ready - one.desired,
        -one.since_ns if job else 0,
        one.namespace,
        one.workload,
    )


def _short(kind: Kind, one: Workload) -> Shortfall | None:
    status = one.status
    if kind == DAEMON_SETS:
        desired, ready = status.desired_number_scheduled, status.number_ready
    else:
        desired, ready = one.spec.replicas, status.ready_replicas
    if ready >= desired:
        return None

    blocked = _blocked(one)
    return Shortfall(
        namespace=one.metadata.namespace,
        workload=f"{kind.short}/{one.metadata.name}",
        desired=desired,
        ready=ready,
        why=word(blocked.reason) if blocked else "paused" if one.spec.paused else "",
        message=blocked.message if blocked else "",
        since_ns=_at(blocked),
    )


def _blocked(one: Workload) -> Condition | None:
    """Find what keeps a Deployment from its replicas: pods refused, or a rollout past its time."""
    refused = _condition(one, "ReplicaFailure")
    late = next(
        (
            each
            for each in one.status.conditions
            if each.type == "Progressing" and each.status == "False"
        ),
        None,
    )
    return refused or late


def _failed_job(one: Workload) -> Shortfall | None:
    failed = _condition(one, "Failed")
    if failed is None:
        return None

    return Shortfall(
        namespace=one.metadata.namespace,
        workload=f"job/{one.metadata.name}",
        desired=1 if one.spec.completions is None else one.spec.completions,
        ready=one.status.succeeded,
        why=f"failed: {word(failed.reason)}",
        since_ns=_at(failed),
    )


def _condition(one: Workload, kind: str) -> Condition | None:
    found = (each for each in one.status.conditions if each.type == kind and each.status == "True")
    return next(found, None)


def _at(condition: Condition | None) -> Nanoseconds:
    moment = condition.last_transition_time if condition else None
    return instant(moment)
