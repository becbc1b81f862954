"""What keeps autoscalers from scaling."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import msgspec

from jamie_base.errors import UNREADABLE
from jamie_base.text import count
from jamie_base.when import instant
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.controllers import Autoscaler, Controller, Metric, ResourceMetric
from jamie_kubernetes.client.managed import ManagedFields
from jamie_kubernetes.client.objects import Condition
from jamie_kubernetes.facts.autoscalers import target_of
from jamie_kubernetes.facts.causes.around import Around
from jamie_kubernetes.facts.causes.scaling_reasons import (
    MEASURED_NS,
    METRICS_API,
    ScalingCause,
    Wrong,
    inactive,
    target_key,
    unable,
)
from jamie_kubernetes.facts.causes.workloads import CONTROLLERS_KEYS
from jamie_kubernetes.facts.controllers import moment
from jamie_kubernetes.facts.findings import Harm, finding_about, told_by
from jamie_kubernetes.facts.standing import word

_finding = partial(finding_about, "hpa")

LONG_NS = 600 * 1_000_000_000
"""From when on a peak is no peak any more."""


def autoscaler_causes(
    one: Autoscaler, rivals: Sequence[Autoscaler], around: Around
) -> Iterator[Finding]:
    """Yield what is wrong with an autoscaler; `rivals` scale the same target."""
    age_ns = around.now_ns - one.metadata.created_ns
    if one.metadata.deletion_timestamp:
        return
    if len(rivals) > 1 and one is rivals[-1]:
        yield _contested(one, rivals)
    if not one.status.conditions:
        if age_ns > MEASURED_NS:
            yield _unseen(one)
        return

    by_type = {each.type: each for each in one.status.conditions}
    able, active = by_type.get("AbleToScale"), by_type.get("ScalingActive")
    if able and able.status == "False" and not able.reason.startswith("Backoff"):
        yield from _told(one, able, unable(one, able), around)
    elif active and active.status == "False" and active.reason != "ScalingDisabled":
        yield from _told(one, active, inactive(one, active, rivals), around)
    elif limited := _at_maximum(by_type.get("ScalingLimited")):
        yield _limited(one, limited, around)


def rivals_by_target(found: Iterable[Autoscaler]) -> Mapping[str, list[Autoscaler]]:
    """Return the autoscalers of each target, the oldest first."""
    by_target: dict[str, list[Autoscaler]] = defaultdict(list)
    for one in sorted(found, key=_seniority):
        by_target[target_key(one)].append(one)

    return by_target


def no_api(found: Sequence[Finding]) -> Finding | None:
    """Return what several autoscalers miss as one."""
    blind = [one for one in found if one.cause == ScalingCause.NO_API]
    if len(blind) < 2:
        return None

    return Finding(
        cause=ScalingCause.NO_API,
        namespace="",
        owner=METRICS_API,
        severity=Harm.BROKEN,
        summary=f"the metrics API does not answer: {len(blind)} autoscalers have nothing to go by",
        said=blind[0].said,
        next=blind[0].next,
        since_ns=min(one.since_ns for one in blind),
        # What is wrong with the API service itself says more.
        follows=(METRICS_API,),
        affects=tuple(one.key for one in blind),
    )


def fixed(one: Autoscaler, target: Controller, kind: str) -> Finding | None:
    """Tell whether somebody else sets the replicas that an autoscaler sets, too."""
    scaled = one.status.last_scale_time
    for each in target.metadata.managed_fields:
        applied = each.operation == "Apply"
        again = bool(scaled and each.time and each.time > scaled)
        if each.subresource == "scale" or not (applied or again) or not _sets_replicas(each):
            continue
        who = word(each.manager)
        return _finding(
            one,
            ScalingCause.FIXED,
            Harm.RISK,
            f"{who} sets the replicas of {kind}/{target.metadata.name} as well: each time"
            " it does, what the autoscaler chose is undone",
            f"leave spec.replicas out of what {who} applies",
            confidence="certain" if applied else "likely",
            since_ns=instant(each.time),
        )

    return None


def _seniority(one: Autoscaler) -> tuple[int, str]:
    return (one.metadata.created_ns, one.metadata.name)


def _sets_replicas(one: ManagedFields) -> bool:
    try:
        fields = msgspec.json.decode(one.fields_v1, type=dict[str, object])
    except UNREADABLE:
        return False

    spec = fields.get("f:spec")
    return isinstance(spec, dict) and "f:replicas" in spec


def _told(one: Autoscaler, condition: Condition, wrong: Wrong, around: Around) -> Iterator[Finding]:
    since = moment(condition)
    if around.now_ns - since < wrong.patience_ns:
        return

    owners = [
        key_of(one.metadata.namespace, f"{ref.kind}/{ref.name}")
        for ref in one.metadata.owner_references
    ]
    yield _finding(
        one,
        wrong.cause,
        wrong.harm,
        wrong.why,
        wrong.next,
        evidence=(
            f"{word(condition.type)}={condition.status} {word(condition.reason)};"
            f" {count('replica', one.status.current_replicas)}, {one.spec.min_replicas} to"
            f" {one.spec.max_replicas}",
        ),
        **told_by(condition),
        # KEDA's ScaledObject makes its autoscaler, and knows why it cannot work.
        follows=(*wrong.follows, *owners),
    )


def _at_maximum(limited: Condition | None) -> Condition | None:
    capped = limited and limited.status == "True" and limited.reason == "TooManyReplicas"
    return limited if capped else None


def _limited(one: Autoscaler, limited: Condition, around: Around) -> Finding:
    since = moment(limited)
    most, target = one.spec.max_replicas, target_of(one)
    return _finding(
        one,
        ScalingCause.AT_MAXIMUM,
        Harm.DEGRADED if around.is_past(since, LONG_NS) else Harm.RISK,
        f"{target} is at its maximum of {most} replicas and should have more",
        f"raise maxReplicas if the nodes bear it (k8s_nodes), or find what uses so much:"
        f" k8s_top namespace={one.metadata.namespace}",
        evidence=tuple(_usages(one)),
        since_ns=since,
    )


def _usages(one: Autoscaler) -> Iterator[str]:
    """Yield what is used, of what is aimed at."""
    wanted = {each.name: each.target for each in _resources(one.spec.metrics)}
    for each in _resources(one.status.current_metrics or ()):
        now, goal = each.current, wanted.get(each.name)
        if now.average_utilization is not None and goal and goal.average_utilization:
            yield (
                f"{word(each.name)} at {now.average_utilization}% of what is requested, aimed at"
                f" {goal.average_utilization}%"
            )


def _resources(metrics: Iterable[Metric]) -> Iterator[ResourceMetric]:
    for each in metrics:
        if found := each.resource or each.container_resource:
            yield found


def _contested(one: Autoscaler, rivals: Sequence[Autoscaler]) -> Finding:
    others = [each for each in rivals if each is not one]
    names = ", ".join(f"hpa/{each.metadata.name}" for each in others[:3])
    keda = [
        ref.name
        for each in rivals
        for ref in each.metadata.owner_references
        if ref.kind == "ScaledObject"
    ]
    said = f" (KEDA's ScaledObject {keda[0]} makes one of them)" if keda else ""
    return _finding(
        one,
        ScalingCause.CONTESTED,
        Harm.BROKEN,
        f"{names} scales {target_of(one)} as well: they undo each other's work{said}",
        "keep one autoscaler for it, with all the metrics",
        affects=tuple(
            key_of(each.metadata.namespace, f"hpa/{each.metadata.name}") for each in others
        ),
        leads=True,
    )


def _unseen(one: Autoscaler) -> Finding:
    return _finding(
        one,
        ScalingCause.UNSEEN,
        Harm.BROKEN,
        "no controller has looked at it",
        "see whether kube-controller-manager runs",
        confidence="likely",
        since_ns=one.metadata.created_ns,
        follows=CONTROLLERS_KEYS,
    )
