"""Autoscalers and disruption budgets, seen the way a model sees them."""

from typing import Any

import pytest

from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer, resource
from tests.kubernetes.wire import (
    Api,
    Json,
    ago,
    condition,
    crashing,
    event,
    meta,
    workload,
)

RESOURCE = "the HPA was unable to compute the replica count: failed to get cpu utilization: "
UNABLE = f"{RESOURCE}unable to get metrics for resource cpu: unable to fetch metrics from "
CPU: Json = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
}


def scaler(
    name: str, *conditions: Json, target: str = "web", owner: str = "", **status: Any
) -> Json:
    reference = {"kind": "Deployment", "name": target}
    return {
        "metadata": meta(name, "shop", owner),
        "spec": {
            "scaleTargetRef": reference,
            "minReplicas": 1,
            "maxReplicas": 5,
            "metrics": [CPU],
        },
        "status": {"currentReplicas": 5, "conditions": [*conditions], **status},
    }


def inactive(reason: str, message: str = "", **more: Any) -> Json:
    return condition("ScalingActive", "False", reason=reason, message=message, **more)


@pytest.mark.parametrize(
    ("wrong", "code", "said"),
    [
        (
            condition(
                "AbleToScale",
                "False",
                reason="FailedGetScale",
                message='deployments/scale.apps "web" not found',
            ),
            "hpa-no-target",
            "what it scales, deploy/web, does not exist",
        ),
        (
            condition("AbleToScale", "False", reason="FailedUpdateScale", message="forbidden"),
            "hpa-cannot-scale",
            "it cannot change the replicas of deploy/web: FailedUpdateScale",
        ),
        (
            inactive(
                "FailedGetResourceMetric",
                f"{UNABLE}resource metrics API: the server could not find the requested resource"
                " (get pods.metrics.k8s.io)",
            ),
            "hpa-no-metrics-api",
            "the metrics API does not answer",
        ),
        (
            inactive(
                "FailedGetResourceMetric",
                f"{RESOURCE}missing request for cpu in container proxy of Pod web-1",
            ),
            "hpa-no-request",
            "the cpu requested, and container proxy requests none",
        ),
        (
            inactive(
                "FailedGetResourceMetric",
                f"{RESOURCE}did not receive metrics for targeted pods (pods might be unready)",
            ),
            "hpa-no-metrics",
            "there are no metrics of the pods of deploy/web",
        ),
        (
            inactive(
                "FailedGetPodsMetric",
                "unable to fetch metrics from custom metrics API: no custom metrics API registered",
            ),
            "hpa-no-custom-metrics",
            "the custom metric it goes by is not to be had",
        ),
        (
            inactive("InvalidSelector", "the HPA target's scale is missing a selector"),
            "hpa-invalid",
            "it cannot work as it is: InvalidSelector",
        ),
        (
            inactive("AmbiguousSelector", "pods by selector app=web are controlled by"),
            "hpa-pods-shared",
            "other autoscalers count the same pods",
        ),
    ],
)
async def test_an_autoscaler_that_does_not_scale_says_why(
    ask: Ask, api: Api, wrong: Json, code: str, said: str
) -> None:
    api.objects["horizontalpodautoscalers"] = [scaler("web", wrong)]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "shop/hpa/web: " in text
    assert f"m ({code})" in text
    assert said in text
    assert "5 replicas, 1 to 5" in text


async def test_what_several_miss_is_told_once(ask: Ask, api: Api) -> None:
    gone = inactive(
        "FailedGetResourceMetric",
        f"{UNABLE}resource metrics API: the server is currently unable to handle the request",
    )
    api.objects["horizontalpodautoscalers"] = [
        scaler(name, gone, target=name) for name in ("api", "web")
    ]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "BROKEN apiservice/v1beta1.metrics.k8s.io: the metrics API does not answer" in text
    assert "hits: shop/hpa/api, shop/hpa/web" in text


async def test_an_autoscaler_of_broken_pods_is_hit_by_what_they_have(ask: Ask, api: Api) -> None:
    gone = inactive("FailedGetResourceMetric", "no metrics returned from resource metrics API")
    api.objects["horizontalpodautoscalers"] = [scaler("web", gone)]
    api.objects["pods"] = [crashing("web-66d7-x", "ReplicaSet/web-66d7")]
    api.objects["deployments"] = [workload("web", ready=0)]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert " shop/deploy/web: " in text
    assert "hits: shop/hpa/web" in text


async def test_at_its_maximum_it_says_since_when_and_by_how_much(ask: Ask, api: Api) -> None:
    capped = condition("ScalingLimited", "True", reason="TooManyReplicas")
    lately = {**capped, "lastTransitionTime": ago(minutes=2)}
    now = {"resource": {"name": "cpu", "current": {"averageUtilization": 180}}}
    api.objects["horizontalpodautoscalers"] = [
        scaler("web", capped, currentMetrics=[{"type": "Resource", **now}]),
        scaler("api", lately, target="api"),
    ]

    text = await ask("k8s_diagnose")

    assert "DEGRADED shop/hpa/web: deploy/web is at its maximum of 5 replicas" in text
    assert "cpu at 180% of what is requested, aimed at 50%" in text
    assert "AT RISK shop/hpa/api: " in text
    assert "(hpa-at-maximum)" in text


async def test_two_autoscalers_of_one_target_are_told_once(ask: Ask, api: Api) -> None:
    shared = inactive("AmbiguousSelector", "pods by selector app=web are controlled by")
    api.objects["horizontalpodautoscalers"] = [
        scaler("web", shared),
        scaler("keda-hpa-web", shared, owner="ScaledObject/web"),
    ]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "BROKEN shop/hpa/web: hpa/keda-hpa-web scales deploy/web as well" in text
    assert "(KEDA's ScaledObject web makes one of them)" in text
    assert "(hpa-contested)" in text
    assert "hits: shop/hpa/keda-hpa-web" in text


@pytest.mark.parametrize(
    ("operation", "past", "found"),
    [
        ("Apply", {"hours": 9}, True),
        ("Update", {"minutes": 1}, True),
        ("Update", {"hours": 9}, False),
    ],
)
async def test_somebody_who_sets_the_replicas_as_well_is_a_risk(
    ask: Ask, api: Api, operation: str, past: Json, *, found: bool
) -> None:
    one = workload("web")
    one["metadata"]["managedFields"] = [
        {
            "manager": "argocd-controller",
            "operation": operation,
            "time": ago(**past),
            "fieldsV1": {"f:spec": {"f:replicas": {}}},
        }
    ]
    api.objects["deployments"] = [one]
    fine = condition("ScalingActive")
    api.objects["horizontalpodautoscalers"] = [scaler("web", fine, lastScaleTime=ago(hours=1))]

    text = await ask("k8s_diagnose")

    said = "shop/hpa/web: argocd-controller sets the replicas of deploy/web as well"
    assert (said in text) == found


async def test_what_no_controller_looks_at_is_told(ask: Ask, api: Api) -> None:
    api.objects["horizontalpodautoscalers"] = [scaler("web")]

    text = await ask("k8s_diagnose")

    assert "(hpa-not-evaluated, likely)" in text


async def test_scaled_to_zero_and_backing_off_are_no_faults(ask: Ask, api: Api) -> None:
    offer(api, {})
    held = inactive("ScalingDisabled", "scaling is disabled since the replica count is zero")
    api.objects["horizontalpodautoscalers"] = [
        scaler("off", held, target="off"),
        scaler("calm", condition("AbleToScale", "False", reason="BackoffBoth"), target="calm"),
    ]

    assert (await ask("k8s_diagnose")).startswith("Healthy")


def vertical(name: str, *conditions: Json, target: str = "web", **spec: Any) -> Json:
    return {
        "metadata": meta(name, "shop"),
        "spec": {"targetRef": {"kind": "Deployment", "name": target}, **spec},
        "status": {"conditions": [*conditions]},
    }


def offer_verticals(api: Api) -> None:
    kind = resource("verticalpodautoscalers", "VerticalPodAutoscaler", "vpa")
    offer(api, {"autoscaling.k8s.io": {"v1": [kind]}})


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("RecommendationProvided", "False", "vpa-no-recommendation"),
        ("NoPodsMatched", "True", "vpa-no-pods"),
        ("ConfigUnsupported", "True", "vpa-unsupported"),
    ],
)
async def test_a_vertical_autoscaler_says_what_keeps_it(
    ask: Ask, api: Api, kind: str, status: str, code: str
) -> None:
    offer_verticals(api)
    api.objects["verticalpodautoscalers"] = [
        vertical("web", condition(kind, status)),
        vertical("new", {**condition(kind, status), "lastTransitionTime": ago(minutes=1)}),
    ]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "DEGRADED shop/VerticalPodAutoscaler/web: " in text
    assert f"({code})" in text


async def test_both_autoscalers_by_the_same_resource_fight(ask: Ask, api: Api) -> None:
    offer_verticals(api)
    memory = {"containerPolicies": [{"controlledResources": ["memory"]}]}
    api.objects["horizontalpodautoscalers"] = [scaler("web", condition("ScalingActive"))]
    api.objects["verticalpodautoscalers"] = [
        vertical("both"),
        vertical("apart", resourcePolicy=memory),
        vertical("advice", updatePolicy={"updateMode": "Off"}),
    ]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "AT RISK shop/VerticalPodAutoscaler/both: it changes the cpu requests of" in text
    assert "(vpa-fights-hpa)" in text


async def test_evictions_that_do_not_end_are_counted(ask: Ask, api: Api) -> None:
    offer_verticals(api)
    api.objects["verticalpodautoscalers"] = [vertical("web")]
    about = "Pod/web-6b7c9d8f54-x2x5k"
    api.objects["events"] = [event("EvictedByVPA", about, type="Normal", count=9)]

    text = await ask("k8s_diagnose")

    assert "it evicted 9 pods of deploy/web within the hour" in text
    assert "(vpa-evicts-often)" in text
