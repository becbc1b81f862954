"""Deployments, StatefulSets and DaemonSets judged: what they lack, and what keeps them from it."""

from collections.abc import Callable, Sequence
from enum import IntEnum

from jamie_base.when import Nanoseconds, instant
from jamie_kubernetes.answers_workloads import WorkloadRow
from jamie_kubernetes.client.controllers import Controller
from jamie_kubernetes.client.objects import Condition
from jamie_kubernetes.facts.standing import word
from jamie_kubernetes.kinds import DAEMON_SETS, DEPLOYMENTS, STATEFUL_SETS, Kind

UNSEEN_SECONDS = 60.0
_SECOND = 1_000_000_000


class Standing(IntEnum):
    """How bad, worst first; from NOTED on nothing is wrong."""

    DOWN = 0
    BLOCKED = 1
    SHORT = 2
    SCALING = 3
    FAILED = 4
    LATE = 5
    ROLLING = 6
    NOTED = 7
    WELL = 9


class ControllerTally:
    """Judges the workloads of one kind while they come."""

    def __init__(self, kind: Kind, now_ns: Nanoseconds) -> None:
        self._kind = kind
        self._now = now_ns
        self.rows: list[WorkloadRow] = []

    def add(self, page: Sequence[Controller]) -> None:
        """Take one page."""
        judge = _JUDGES[self._kind]
        self.rows += [judge(one, self._now) for one in page]


def created(one: Controller) -> Nanoseconds:
    """Return when it was made."""
    return one.metadata.created_ns


def moment(condition: Condition | None) -> Nanoseconds:
    """Return since when a condition holds."""
    at = condition.last_transition_time if condition else None
    return instant(at)


def _deployment(one: Controller, now_ns: Nanoseconds) -> WorkloadRow:
    status, desired = one.status, one.spec.replicas
    refused, late = one.condition("ReplicaFailure"), one.condition("Progressing", "False")
    blocked = refused or late
    short = desired > min(status.ready_replicas, status.available_replicas)
    changing = status.updated_replicas < desired or status.replicas > desired
    paused = ["paused"] if one.spec.paused else []
    if blocked:
        why = [word(blocked.reason), *paused]
        level = Standing.BLOCKED if status.ready_replicas or not desired else Standing.DOWN
    elif short:
        level, why = _short(status.ready_replicas), paused
        level = Standing.ROLLING if _progresses(one) and not paused else level
    elif paused:
        waits = f"a rollout waits, {status.updated_replicas} of {desired} updated"
        level, why = Standing.NOTED, [*paused, *([waits] if changing else [])]
    else:
        level, why = (Standing.ROLLING if changing else Standing.WELL), []

    return _row(
        one,
        DEPLOYMENTS,
        now_ns,
        level,
        why,
        counts=(desired, status.ready_replicas, status.updated_replicas, status.available_replicas),
        blocked=blocked,
    )


def _stateful_set(one: Controller, now_ns: Nanoseconds) -> WorkloadRow:
    status, desired = one.status, one.spec.replicas
    old = desired - status.updated_replicas
    strategy = one.spec.update_strategy
    partition = strategy.rolling_update.partition if strategy.rolling_update else 0
    level, why = Standing.WELL, list[str]()
    if status.ready_replicas < desired:
        level = _short(status.ready_replicas)
    elif old > 0 and strategy.type == "OnDelete":
        level, why = Standing.NOTED, [f"OnDelete: {old} old pods stay until deleted"]
    elif 0 < old <= partition:
        level, why = Standing.NOTED, [f"partition {partition} keeps {old} old pods"]
    elif old > 0:
        level = Standing.ROLLING

    counts = (desired, status.ready_replicas, status.updated_replicas, status.available_replicas)
    return _row(one, STATEFUL_SETS, now_ns, level, why, counts=counts)


def _daemon_set(one: Controller, now_ns: Nanoseconds) -> WorkloadRow:
    status = one.status
    desired, placed = status.desired_number_scheduled, status.current_number_scheduled
    old = desired - status.updated_number_scheduled
    level, why = Standing.WELL, list[str]()
    if status.number_ready < desired:
        level = _short(status.number_ready)
        why = [f"{desired - placed} nodes without its pod"] if placed < desired else []
    elif old > 0 and one.spec.update_strategy.type == "OnDelete":
        level, why = Standing.NOTED, [f"OnDelete: {old} old pods stay until deleted"]
    elif old > 0:
        level = Standing.ROLLING
    elif not desired:
        level, why = Standing.NOTED, ["no node fits it"]

    counts = (desired, status.number_ready, status.updated_number_scheduled)
    return _row(one, DAEMON_SETS, now_ns, level, why, counts=(*counts, status.number_available))


_JUDGES: dict[Kind, Callable[[Controller, Nanoseconds], WorkloadRow]] = {
    DEPLOYMENTS: _deployment,
    STATEFUL_SETS: _stateful_set,
    DAEMON_SETS: _daemon_set,
}


def _row(
    one: Controller,
    kind: Kind,
    now_ns: Nanoseconds,
    level: Standing,
    why: list[str],
    *,
    counts: tuple[int, int, int, int],
    blocked: Condition | None = None,
) -> WorkloadRow:
    unseen = _unseen(one, now_ns)
    desired, ready, updated, available = counts
    return WorkloadRow(
        namespace=one.metadata.namespace,
        workload=f"{kind.short}/{one.metadata.name}",
        severity=min(level, Standing.BLOCKED) if unseen else level,
        desired=desired,
        ready=ready,
        updated=updated,
        available=available,
        why=(*why, *unseen),
        message=blocked.message if blocked else "",
        since_ns=moment(blocked or one.condition("Available", "False")),
        created_ns=created(one),
        images=one.spec.template.images,
    )


def _unseen(one: Controller, now_ns: Nanoseconds) -> list[str]:
    """Tell whether the controller manager is asleep, as far as a new object can show it."""
    if one.status.observed_generation or now_ns - created(one) < UNSEEN_SECONDS * _SECOND:
        return []

    return ["its controller has never seen it (is kube-controller-manager well?)"]


def _short(ready: int) -> Standing:
    return Standing.SHORT if ready else Standing.DOWN


def _progresses(one: Controller) -> bool:
    """Tell whether a rollout goes on; after it, the reason stays NewReplicaSetAvailable."""
    progressing = one.condition("Progressing")
    return bool(progressing and progressing.reason != "NewReplicaSetAvailable")
