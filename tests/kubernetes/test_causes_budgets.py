"""Disruption budgets, seen the way a model sees them."""

from typing import Any

from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer
from tests.kubernetes.wire import Api, Json, condition, crashing, meta, node, pod, workload


def budget(
    name: str,
    app: str = "web",
    *,
    expected: int = 2,
    healthy: int = 2,
    desired: int = 1,
    **more: Any,
) -> Json:
    allowed = more.pop("allowed", max(healthy - desired, 0))
    conditions = more.pop("conditions", [])
    return {
        "metadata": meta(name, "shop"),
        "spec": {"selector": {"matchLabels": {"app": app}}, **more},
        "status": {
            "expectedPods": expected,
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "disruptionsAllowed": allowed,
            "conditions": conditions,
        },
    }


def web(number: int, **labels: str) -> Json:
    worn = {"labels": {"app": "web", "pod-template-hash": "66d7", **labels}}
    return pod(f"web-66d7-{number}", owner="ReplicaSet/web-66d7", metadata=worn)


async def test_a_budget_that_never_allows_an_eviction_is_a_risk(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [web(1), web(2)]
    api.objects["deployments"] = [workload("web", desired=2, ready=2)]
    api.objects["poddisruptionbudgets"] = [budget("web", desired=2, minAvailable=2)]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "AT RISK shop/pdb/web: it allows no eviction, ever: it wants 2 healthy of 2 pods" in text
    assert "(minAvailable 2) (pdb-blocks-evictions)" in text


async def test_a_drain_that_waits_for_it_makes_it_worse(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [node("node-1", unschedulable=True)]
    api.objects["pods"] = [web(1)]
    api.objects["deployments"] = [workload("web")]
    one = budget("web", expected=1, healthy=1, desired=1, maxUnavailable=0)
    api.objects["poddisruptionbudgets"] = [one]

    text = await ask("k8s_diagnose")

    assert "DEGRADED shop/pdb/web: it allows no eviction, ever" in text
    assert "hits: node/node-1" in text
    assert "DEGRADED shop/pdb/web" in await ask("k8s_diagnose", object="node/node-1")
    assert "node-1 cordoned: a drain waits for it" in text


async def test_a_budget_that_waits_for_sick_pods_is_hit_by_what_they_have(
    ask: Ask, api: Api
) -> None:
    """What they have takes the place of pdb-waits-for-pods."""
    labels = {"labels": {"app": "web", "pod-template-hash": "66d7"}}
    api.objects["pods"] = [
        web(1),
        {**(sick := crashing("web-66d7-2", "ReplicaSet/web-66d7")),
         "metadata": {**sick["metadata"], **labels}},
    ]  # fmt: skip
    api.objects["deployments"] = [workload("web", desired=2, ready=1)]
    api.objects["poddisruptionbudgets"] = [budget("web", healthy=1, desired=1, minAvailable=1)]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "shop/deploy/web: " in text
    assert "hits: shop/pdb/web" in text


async def test_a_budget_for_nobody_offers_the_nearest_label(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [web(1)]
    api.objects["deployments"] = [workload("web")]
    api.objects["poddisruptionbudgets"] = [budget("web", "wbe", expected=0, healthy=0, desired=0)]

    text = await ask("k8s_diagnose")

    assert "AT RISK shop/pdb/web: its selector app=wbe matches no pod" in text
    assert "there are pods with app=web" in text
    assert "(pdb-selects-nothing)" in text


async def test_two_budgets_for_one_pod_are_told_once(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [web(1), web(2), web(3)]
    api.objects["deployments"] = [workload("web", desired=3, ready=3)]
    api.objects["poddisruptionbudgets"] = [budget("b", allowed=1), budget("a", allowed=1)]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "AT RISK shop/pdb/a: pods of deploy/web are also those of pdb/b" in text
    assert "(pdb-overlaps)" in text


async def test_pods_that_cannot_be_counted_make_it_refuse(ask: Ask, api: Api) -> None:
    failed = condition("DisruptionAllowed", "False", reason="SyncFailed", message="no scale")
    api.objects["pods"] = [pod("lone", metadata={"labels": {"app": "lone"}})]
    api.objects["poddisruptionbudgets"] = [
        budget("failed", "x", expected=0, healthy=0, conditions=[failed]),
        budget("bare", "lone", expected=0, healthy=1, desired=0, allowed=0),
    ]

    text = await ask("k8s_diagnose")

    assert text.startswith("2 findings")
    assert text.count("(pdb-sync-failed)") == 2


async def test_a_budget_of_what_is_scaled_to_zero_is_no_fault(ask: Ask, api: Api) -> None:
    offer(api, {})
    off = workload("off", desired=0, ready=0)
    off["spec"]["template"] = {"metadata": {"labels": {"app": "off"}}}
    api.objects["deployments"] = [off]
    api.objects["poddisruptionbudgets"] = [budget("off", "off", expected=0, healthy=0, desired=0)]

    assert (await ask("k8s_diagnose")).startswith("Healthy")
