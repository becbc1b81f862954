"""Pods whose resources were changed and that do not get them, judged by their conditions."""

import pytest

from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer
from tests.kubernetes.wire import Api, Json, ago, condition, meta, node, pod

PENDING = "PodResizePending"


def resized(kind: str, reason: str, message: str, **past: float) -> Json:
    """A pod that is well, and whose resources were changed."""
    asked = condition(kind, reason=reason, message=message)
    asked["lastTransitionTime"] = ago(**(past or {"minutes": 20}))
    return pod(
        "web-66d7c-vwxz2",
        owner="ReplicaSet/web-66d7c",
        conditions=[condition("PodScheduled"), condition("Ready"), asked],
    )


@pytest.mark.parametrize(
    ("kind", "reason", "message", "told"),
    [
        (PENDING, "Infeasible", "Node didn't have enough capacity: cpu, requested: 64000, capacity:"
         " 8000", "1. DEGRADED shop/deploy/web: its resize is not possible on node node-1; it runs"
         " on with what it had for 20m (resize-infeasible)"),
        (PENDING, "Deferred", "Node didn't have enough resource: cpu, requested: 4000, used: 6000,"
         " capacity: 8000", "1. AT RISK shop/deploy/web: its resize waits for room on node node-1;"
         " it runs on with what it had for 20m (resize-deferred)"),
        ("PodResizeInProgress", "Error", "failed to resize container app", "1. DEGRADED"
         " shop/deploy/web: its resize fails on node node-1 for 20m (resize-failed)"),
    ],
)  # fmt: skip
async def test_a_pod_that_does_not_get_what_it_was_given_is_told(
    ask: Ask, api: Api, kind: str, reason: str, message: str, told: str
) -> None:
    api.objects["nodes"] = [node("node-1")]
    api.objects["pods"] = [resized(kind, reason, message)]

    text = await ask("k8s_diagnose")

    assert told in text
    assert f"1: {message}" in text


@pytest.mark.parametrize(
    "one",
    [
        resized(PENDING, "Deferred", "Node didn't have enough resource: cpu", minutes=2),
        resized("PodResizeInProgress", "", ""),
        {**pod("web-0"), "metadata": meta("web-0", "shop")},
    ],
    ids=["waits for two minutes", "goes on", "nothing was changed"],
)
async def test_a_pod_that_is_being_resized_is_well(ask: Ask, api: Api, one: Json) -> None:
    offer(api)
    api.objects["nodes"] = [node("node-1")]
    api.objects["pods"] = [one]

    assert (await ask("k8s_diagnose")).startswith("Healthy")
