"""Why an autoscaler cannot scale, by the conditions its controller sets."""

import re
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from jamie_kubernetes.answers_diagnose import key_of
from jamie_kubernetes.client.controllers import Autoscaler
from jamie_kubernetes.client.objects import Condition
from jamie_kubernetes.facts.autoscalers import target_of
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.standing import word

METRICS_API = "apiservice/v1beta1.metrics.k8s.io"
MEASURED_NS = 120 * 1_000_000_000
"""How long new pods may have no metrics."""


class ScalingCause(StrEnum):
    """Why something is not scaled as it should be."""

    NO_API = "hpa-no-metrics-api"
    NO_CUSTOM = "hpa-no-custom-metrics"
    NO_METRICS = "hpa-no-metrics"
    NO_REQUEST = "hpa-no-request"
    NO_TARGET = "hpa-no-target"
    INVALID = "hpa-invalid"
    PODS_SHARED = "hpa-pods-shared"
    CONTESTED = "hpa-contested"
    CANNOT = "hpa-cannot-scale"
    AT_MAXIMUM = "hpa-at-maximum"
    UNSEEN = "hpa-not-evaluated"
    FIXED = "hpa-replicas-fixed"


class Wrong(msgspec.Struct, frozen=True):
    """What a condition means."""

    cause: ScalingCause
    harm: Harm
    why: str
    next: str
    follows: tuple[str, ...] = ()
    patience_ns: int = 0


_REQUEST = re.compile(r"missing request for (?P<what>[\w./-]+)(?: in container (?P<box>[\w-]+))?")
_NO_API = re.compile(
    r"resource metrics API: (?:the server could not find the requested resource"
    r"|the server is currently unable to handle the request|.*no endpoints|.*refused)"
)
_OTHER_API = re.compile(r"(custom|external) metrics API")


def target_key(one: Autoscaler) -> str:
    """Return whose replicas it changes."""
    return key_of(one.metadata.namespace, target_of(one))


def unable(one: Autoscaler, able: Condition) -> Wrong:
    """Say why it cannot change the replicas."""
    target = target_of(one)
    if able.reason == "FailedGetScale":
        gone = "not found" in able.message
        why = "does not exist" if gone else "cannot be read"
        return Wrong(
            ScalingCause.NO_TARGET,
            Harm.BROKEN,
            f"what it scales, {target}, {why}",
            "correct spec.scaleTargetRef (apiVersion, kind, name), or delete the autoscaler",
        )

    return Wrong(
        ScalingCause.CANNOT,
        Harm.BROKEN,
        f"it cannot change the replicas of {target}: {word(able.reason)}",
        "do as the words below say: a quota or webhook may refuse the change",
        (target_key(one),),
    )


def inactive(one: Autoscaler, active: Condition, rivals: Sequence[Autoscaler]) -> Wrong:
    """Say why it does not know how many replicas to have."""
    said = active.message
    if active.reason == "AmbiguousSelector":
        own = [key_of(each.metadata.namespace, f"hpa/{each.metadata.name}") for each in rivals]
        return Wrong(
            ScalingCause.PODS_SHARED,
            Harm.BROKEN,
            "other autoscalers count the same pods, so it does nothing",
            "give their targets selectors that do not overlap, or keep one autoscaler",
            tuple(own) if len(own) > 1 else (),
        )
    if not active.reason.startswith("FailedGet"):
        return Wrong(
            ScalingCause.INVALID,
            Harm.BROKEN,
            f"it cannot work as it is: {word(active.reason)}",
            "correct its spec.metrics; the target needs a scale subresource with a selector",
        )
    if found := _REQUEST.search(said):
        box = f"container {found['box']}" if found["box"] else "a container of its pods"
        return Wrong(
            ScalingCause.NO_REQUEST,
            Harm.BROKEN,
            f"it goes by the share of the {found['what']} requested, and {box} requests none",
            f"set resources.requests.{found['what']} in {target_of(one)}, in sidecars as well",
        )

    return _unmeasured(one, said)


def _unmeasured(one: Autoscaler, said: str) -> Wrong:
    if other := _OTHER_API.search(said):
        return Wrong(
            ScalingCause.NO_CUSTOM,
            Harm.BROKEN,
            f"the {other[1]} metric it goes by is not to be had",
            f"see whether an adapter serves {other[1]}.metrics.k8s.io and knows this metric:"
            f" k8s_get what=apiservices",
            (f"apiservice/v1beta1.{other[1]}.metrics.k8s.io",),
            MEASURED_NS,
        )
    if _NO_API.search(said):
        return Wrong(
            ScalingCause.NO_API,
            Harm.BROKEN,
            "the metrics API does not answer, so it has nothing to go by",
            "install or mend metrics-server: k8s_get what=apiservice/v1beta1.metrics.k8s.io"
            " output=yaml",
            (METRICS_API,),
        )

    return Wrong(
        ScalingCause.NO_METRICS,
        Harm.DEGRADED,
        f"there are no metrics of the pods of {target_of(one)}",
        f"see whether they are ready, and what k8s_top shows of them: k8s_top"
        f" namespace={one.metadata.namespace}",
        (target_key(one), METRICS_API),
        MEASURED_NS,
    )
