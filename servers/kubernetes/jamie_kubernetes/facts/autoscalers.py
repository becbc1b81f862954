"""HorizontalPodAutoscalers judged: no metrics, no target, at the limit, two of them on one."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers_workloads import WorkloadRow
from jamie_kubernetes.client.controllers import Autoscaler
from jamie_kubernetes.client.objects import Condition
from jamie_kubernetes.facts.controllers import Standing, moment
from jamie_kubernetes.facts.standing import word
from jamie_kubernetes.kinds import short_kind

YOUNG_NS = 60 * 1_000_000_000


class AutoscalerTally:
    """Judges autoscalers; `target` (`deploy/web`) keeps those of one workload."""

    def __init__(self, now_ns: Nanoseconds, target: str = "") -> None:
        self._now = now_ns
        self._target = target
        self._rows: list[tuple[str, WorkloadRow]] = []
        self._claims: Counter[tuple[str, str]] = Counter()

    def add(self, page: Sequence[Autoscaler]) -> None:
        """Take one page."""
        for one in page:
            target = target_of(one)
            self._claims[one.metadata.namespace, target] += 1
            if self._target in ("", target):
                self._rows.append((target, _judged(one, target, self._now)))

    @property
    def rows(self) -> list[WorkloadRow]:
        """Return a row each; two autoscalers on one workload are both in trouble."""
        return [
            _contested(row, target, self._claims[row.namespace, target])
            for target, row in self._rows
        ]


def target_of(one: Autoscaler) -> str:
    """Return what it scales: `deploy/web`."""
    target = one.spec.scale_target_ref
    return f"{short_kind(word(target.kind))}/{target.name}"


def _judged(one: Autoscaler, target: str, now_ns: Nanoseconds) -> WorkloadRow:
    status, spec = one.status, one.spec
    created = one.metadata.created_ns
    wrong = _wrong(one)
    why = [_words(one, wrong)] if wrong else []
    if not status.conditions and now_ns - created > YOUNG_NS:
        why = ["never evaluated"]

    return WorkloadRow(
        namespace=one.metadata.namespace,
        workload=f"hpa/{one.metadata.name}",
        severity=Standing.SCALING if why else Standing.WELL,
        # It writes 0 where it cannot reckon how many it should have.
        desired=status.desired_replicas or status.current_replicas,
        ready=status.current_replicas,
        why=tuple(why),
        message=wrong.message if wrong else "",
        since_ns=moment(wrong),
        created_ns=created,
        about=f"{target} {spec.min_replicas}-{spec.max_replicas}",
    )


def _wrong(one: Autoscaler) -> Condition | None:
    """Find the condition that keeps it from scaling; scaled to zero is a wish, not a fault."""
    by_type = {each.type: each for each in one.status.conditions}
    able, active = by_type.get("AbleToScale"), by_type.get("ScalingActive")
    limited = by_type.get("ScalingLimited")
    if able and able.status == "False" and not able.reason.startswith("Backoff"):
        return able
    if active and active.status == "False" and active.reason != "ScalingDisabled":
        return active
    if limited and limited.status == "True" and limited.reason == "TooManyReplicas":
        return limited

    return None


def _words(one: Autoscaler, wrong: Condition) -> str:
    if wrong.reason == "TooManyReplicas":
        return f"wants more than its maximum of {one.spec.max_replicas}"
    what = "cannot scale" if wrong.type == "AbleToScale" else "has no metrics to go by"

    return f"{what}: {word(wrong.reason)}"


def _contested(row: WorkloadRow, target: str, claims: int) -> WorkloadRow:
    if claims < 2:
        return row

    said = f"{claims} autoscalers fight over {target}"
    return msgspec.structs.replace(
        row, severity=min(row.severity, Standing.SCALING), why=(*row.why, said)
    )
