"""k8s_diagnose on pods without a node: what the scheduler and others said of them."""

import pytest

from tests.kubernetes.conftest import Ask
from tests.kubernetes.placing import (
    homeless,
    host,
)
from tests.kubernetes.wire import Api, Json, ago, event


async def test_where_the_scheduler_disagrees_it_is_believed(ask: Ask, api: Api) -> None:
    words = "0/1 nodes are available: 1 Insufficient memory. preemption: none."
    api.objects["nodes"] = [host("node-1")]
    api.objects["pods"] = [homeless(said=words)]

    text = await ask("k8s_diagnose")

    assert "the scheduler counted 1 memory of 1 node for 2m (insufficient-memory, likely)" in text
    assert "1 node would take it by our count: node-1" in text
    assert "1: 0/1 nodes are available: 1 Insufficient memory." in text


async def test_an_older_count_of_the_scheduler_is_told_beside_ours(ask: Ask, api: Api) -> None:
    words = "0/3 nodes are available: 3 Insufficient cpu. preemption: none."
    api.objects["nodes"] = [host("node-1", cpu="1")]
    api.objects["pods"] = [homeless(said=words, asks={"cpu": "2"})]
    api.objects["events"] = [event("FailedScheduling", "Pod/web-0", words)]

    text = await ask("k8s_diagnose")

    assert "(insufficient-cpu)" in text
    assert "event FailedScheduling x1, last 2m ago: it counted 3 cpu of 3 nodes" in text


async def test_owners_beyond_the_bound_are_judged_by_the_scheduler_s_words(
    ask: Ask, api: Api
) -> None:
    words = "0/1 nodes are available: 1 Insufficient cpu. preemption: none."
    api.objects["nodes"] = [host("node-1", cpu="1")]
    api.objects["pods"] = [
        homeless(f"web-{number:02}", words, {"cpu": "2"}, owner=f"Job/load-{number:02}")
        for number in range(45)
    ]

    text = await ask("k8s_diagnose")

    assert text.startswith("45 findings")
    assert len([one for one in api.requests if "/pods/" in one.url.path]) == 40


async def test_without_nodes_to_look_at_the_scheduler_s_words_decide(ask: Ask, api: Api) -> None:
    api.denied = {"nodes"}
    words = "0/2 nodes are available: 1 Too many pods, 1 node(s) were unschedulable."
    api.objects["pods"] = [homeless(said=words)]

    text = await ask("k8s_diagnose", namespace="shop")

    assert "the scheduler counted 1 cordoned, 1 pods of 2 nodes" in text
    assert "(too-many-pods, likely)" in text
    assert "Missing: nodes: not allowed to list" in text


@pytest.mark.parametrize(
    ("waiting", "code", "said"),
    [
        (
            homeless(said="no nodes available to schedule pods"),
            "no-nodes",
            "the cluster has no nodes",
        ),
        (
            homeless(said="gang has 3 of 8 pods"),
            "unschedulable, likely",
            "1: gang has 3 of 8 pods",
        ),
        (
            homeless(status={"nominatedNodeName": "node-7"}, said="0/1 nodes are available: x"),
            "preemption-pending",
            "it displaces pods of lower priority on node-7",
        ),
    ],
)
async def test_what_the_scheduler_says_without_asking_nodes(
    ask: Ask, api: Api, waiting: Json, code: str, said: str
) -> None:
    api.objects["nodes"] = [host("node-1")] if code != "no-nodes" else []
    api.objects["pods"] = [waiting]

    text = await ask("k8s_diagnose")

    assert f"({code})" in text
    assert said in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("odd-scheduler", "no scheduler named odd-scheduler takes it"),
        ("default-scheduler", "the scheduler has not looked at it"),
    ],
)
async def test_a_pod_that_no_scheduler_looked_at(ask: Ask, api: Api, name: str, said: str) -> None:
    waiting = homeless(spec={"schedulerName": name})
    waiting["status"]["conditions"] = []
    api.objects["nodes"] = [host("node-1")]
    api.objects["pods"] = [waiting]

    text = await ask("k8s_diagnose")

    assert said in text
    assert "(no-scheduler" in text


async def test_a_gate_is_only_told_when_it_looks_forgotten(ask: Ask, api: Api) -> None:
    def gated(name: str, **age: float) -> Json:
        one = homeless(name, spec={"schedulingGates": [{"name": "example.com/quota"}]})
        one["metadata"]["creationTimestamp"] = ago(**age)
        one["status"]["conditions"][0]["reason"] = "SchedulingGated"
        return one

    api.objects["nodes"] = [host("node-1")]
    api.objects["pods"] = [gated("young", minutes=20), gated("old", hours=3)]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding ")
    assert (
        "AT RISK shop/pod/old: 1 pod held back by scheduling gate example.com/quota for 3h" in text
    )
    assert "(scheduling-gated)" in text


async def test_a_node_autoscaler_s_refusal_is_quoted(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [host("node-1", cpu="1")]
    api.objects["pods"] = [homeless(asks={"cpu": "2"})]
    api.objects["events"] = [
        event("NotTriggerScaleUp", "Pod/web-0", "max node group size reached", type="Normal")
    ]

    text = await ask("k8s_diagnose")

    assert "event NotTriggerScaleUp x1, last 2m ago" in text
    assert "1: max node group size reached" in text


async def test_a_daemon_s_pods_are_looked_at_each_for_its_node(ask: Ask, api: Api) -> None:
    def pinned(number: int) -> Json:
        field = {"key": "metadata.name", "operator": "In", "values": [f"node-{number}"]}
        terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
        affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
        asks = {"cpu": "2"}
        return homeless(f"agent-{number}", "", asks, owner="DaemonSet/agent",
                        spec={"affinity": affinity, "containers": [
                            {"name": "app", "resources": {"requests": asks}}]})  # fmt: skip

    api.objects["nodes"] = [host("node-1", cpu="1"), host("node-2", cpu="1500m"), host("node-3")]
    api.objects["pods"] = [pinned(1), pinned(2)]

    text = await ask("k8s_diagnose")

    assert "2 pods unschedulable: none of the nodes they are for has 2 cpu in all" in text
    assert "   2 nodes: cpu short by 500m (best node-2" in text
    assert "next: request at most 1 cpu, and all of them take it; or give it a priority" in text
