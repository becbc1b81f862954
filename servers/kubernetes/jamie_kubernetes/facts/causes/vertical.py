"""What keeps VerticalPodAutoscalers from their work, or them from others'."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import partial

from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.controllers import Autoscaler
from jamie_kubernetes.client.vertical import Vertical
from jamie_kubernetes.facts.causes.around import Around
from jamie_kubernetes.facts.causes.telling import happened
from jamie_kubernetes.facts.controllers import moment
from jamie_kubernetes.facts.event_index import Happening
from jamie_kubernetes.facts.findings import Harm, finding_about, told_by
from jamie_kubernetes.facts.standing import word
from jamie_kubernetes.kinds import short_kind

KIND = "VerticalPodAutoscaler"
PATIENCE_NS = 600 * 1_000_000_000
"""How long a recommendation may take: it wants a history."""

OFTEN = 6
"""How many evictions an hour are too many."""

EVICTED = "EvictedByVPA"


_finding = partial(finding_about, KIND)


class VerticalCause(StrEnum):
    """Why requests are not adjusted as they should be."""

    NO_ADVICE = "vpa-no-recommendation"
    NO_PODS = "vpa-no-pods"
    UNSUPPORTED = "vpa-unsupported"
    FIGHTS = "vpa-fights-hpa"
    EVICTS = "vpa-evicts-often"


_BAD = (
    (
        "ConfigUnsupported",
        "True",
        VerticalCause.UNSUPPORTED,
        "its configuration is not supported",
        "correct its targetRef or update policy as the words below say",
    ),
    (
        "NoPodsMatched",
        "True",
        VerticalCause.NO_PODS,
        "it finds no pods of its target",
        "correct spec.targetRef",
    ),
    (
        "RecommendationProvided",
        "False",
        VerticalCause.NO_ADVICE,
        "it has no recommendation",
        "see whether the vpa-recommender runs and gets metrics: k8s_pods namespace=kube-system",
    ),
)


def vertical_causes(
    one: Vertical, scalers: Sequence[Autoscaler], evicted: Happening | None, around: Around
) -> Iterator[Finding]:
    """Yield what is wrong with one; `scalers` scale its target, `evicted` tells of evictions."""
    if one.metadata.deletion_timestamp:
        return

    yield from _conditions(one, around)
    for scaler in scalers:
        yield from _fights(one, scaler)
    if evicted and evicted.count >= OFTEN and one.resources:
        yield _finding(
            one,
            VerticalCause.EVICTS,
            Harm.DEGRADED,
            f"it evicted {evicted.count} pods of {_target(one)} within the hour",
            "set updateMode: Off or Initial, or minAllowed and maxAllowed, until its advice is"
            " steady",
            evidence=(happened(evicted, around.now_ns),),
            follows=(target_key(one),),
        )


def target_key(one: Vertical) -> str:
    """Return whose pods it changes."""
    return key_of(one.metadata.namespace, _target(one))


def _target(one: Vertical) -> str:
    target = one.spec.target_ref
    return f"{short_kind(word(target.kind))}/{target.name}"


def _conditions(one: Vertical, around: Around) -> Iterator[Finding]:
    held = {(each.type, each.status): each for each in one.status.conditions}
    for kind, status, cause, why, next_ in _BAD:
        condition = held.get((kind, status))
        if condition and around.is_past(moment(condition), PATIENCE_NS):
            yield _finding(
                one,
                cause,
                Harm.DEGRADED,
                why,
                next_,
                **told_by(condition),
                follows=(target_key(one),),
            )
            return


def _fights(one: Vertical, scaler: Autoscaler) -> Iterator[Finding]:
    metrics = (each.resource or each.container_resource for each in scaler.spec.metrics)
    both = sorted(one.resources & {each.name for each in metrics if each})
    if both:
        yield _finding(
            one,
            VerticalCause.FIGHTS,
            Harm.RISK,
            f"it changes the {' and '.join(both)} requests of {_target(one)}, by whose share"
            f" hpa/{scaler.metadata.name} scales: each moves what the other goes by",
            "let it control the other resource only (controlledResources), or scale by another"
            " metric",
        )
