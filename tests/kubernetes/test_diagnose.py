"""k8s_diagnose, seen the way a model sees it."""

from typing import Any

import pytest

from jamie_base.answer import ANSWER_BYTES
from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer
from tests.kubernetes.wire import Api, crashing, meta, node, pod, workload


async def test_a_healthy_cluster_is_healthy(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [pod(f"web-{number}") for number in range(3)]
    api.objects["nodes"] = [node("node-1")]
    offer(api)

    assert (await ask("k8s_diagnose")).startswith("Healthy: cluster lab at ")


async def test_one_owner_has_one_finding_with_its_next_step(ask: Ask, api: Api) -> None:
    owner = "ReplicaSet/web-66d7"
    api.objects["pods"] = [crashing(f"web-66d7-{number}", owner) for number in range(3)]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding in cluster lab at ")
    assert text.count("shop/deploy/web:") == 1
    assert "next: k8s_logs" in text


async def test_an_object_s_diagnosis_is_about_it_alone(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [crashing("web-0"), crashing("db-0")]

    text = await ask("k8s_diagnose", object="po/web-0", namespace="shop")

    assert "pod/web-0 in namespace shop" in text
    assert "db-0" not in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("deploy/off", "On purpose: it is scaled to zero (spec.replicas)."),
        ("deploy/held", "On purpose: its rollouts are paused (spec.paused)."),
        ("svc/off", "On purpose: deploy/off behind it rests on purpose."),
        ("cronjob/off", "On purpose: it is suspended (spec.suspend)."),
    ],
)
async def test_an_object_that_rests_says_why_to_who_asks_for_it(
    ask: Ask, api: Api, name: str, said: str
) -> None:
    offer(api)
    off, held = workload("off", desired=0, ready=0), workload("held", updatedReplicas=1)
    off["spec"]["template"] = {"metadata": {"labels": {"app": "off"}}}
    held["spec"]["paused"] = True
    api.objects["deployments"] = [off, held]
    api.objects["services"] = [
        {"metadata": meta("off", "shop"), "spec": {"selector": {"app": "off"}}},
    ]
    api.objects["cronjobs"] = [
        {"metadata": meta("off", "shop"), "spec": {"schedule": "* * * * *", "suspend": True}},
    ]

    text = await ask("k8s_diagnose", object=name, namespace="shop")

    assert text.startswith(f"Healthy: {name}")
    assert said in text
    assert "On purpose" not in await ask("k8s_diagnose")


async def test_what_may_not_be_read_is_named_and_nothing_is_called_healthy(
    ask: Ask, api: Api
) -> None:
    api.objects["nodes"] = [node("node-1")]
    api.denied = {"pods"}

    text = await ask("k8s_diagnose")

    assert "Healthy" not in text
    assert "Missing: pods: not allowed to list" in text


async def test_where_nothing_can_be_seen_nothing_is_said_about_it(ask: Ask, api: Api) -> None:
    api.denied = {*api.objects}

    text = await ask("k8s_diagnose", namespace="shop")

    assert text.startswith("Not known whether anything is wrong: namespace shop at ")


async def test_that_one_namespace_was_seen_only_is_said_before_all_other_gaps(
    ask: Ask, api: Api
) -> None:
    api.denied = {f"{plural}@" for plural in api.objects}

    text = await ask("k8s_diagnose")

    first = next(line for line in text.splitlines() if line.startswith("Missing: "))
    assert first.startswith("Missing: other namespaces' pods")
    assert first.endswith(": not allowed there; only namespace 'default' is counted")


async def test_many_findings_fit_and_those_left_out_are_counted(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [crashing(f"web-{number}") for number in range(120)]

    text = await ask("k8s_diagnose")

    assert len(text.encode()) <= ANSWER_BYTES
    assert text.startswith("120 findings")
    assert "more findings: " in text
    cursor = text.rpartition("cursor=")[2].rstrip(")")
    assert (await ask("k8s_diagnose", cursor=cursor)).count("\n") > 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"object": "deploy/wbe"}, "There is no deploy/wbe"),
        ({"object": "blob/x"}, "has no kind 'blob'"),
        ({"object": "a b c"}, "'a b c' is not a name"),
        ({"namespace": "shpo"}, "no namespace 'shpo' in 'lab'. Did you mean 'shop'?"),
        ({"cursor": "zzz"}, "cursor 'zzz' is not one this server gave"),
        ({"severity": "high"}, "k8s_diagnose has no argument 'severity'"),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    ask: Ask, api: Api, given: dict[str, Any], said: str
) -> None:
    offer(api)

    assert said in await ask("k8s_diagnose", **given)
