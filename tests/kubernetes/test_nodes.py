"""k8s_nodes, seen the way a model sees it."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from jamie_base.answer import ANSWER_BYTES
from tests.kubernetes.conftest import Ask
from tests.kubernetes.wire import Api, Json, ago, condition, event, node, pod

METRICS = "/apis/metrics.k8s.io/v1beta1/nodes"


def host(name: str, version: str = "v1.37.2", **more: Any) -> Json:
    labels = more.pop("labels", {"node.kubernetes.io/instance-type": "m6i.2xlarge"})
    conditions: list[Json] = more.pop("conditions", [])
    one = node(name, **more)
    one["metadata"]["labels"] = labels
    one["status"]["nodeInfo"] = {
        "kubeletVersion": version,
        "osImage": "Debian",
        "kernelVersion": "6",
    }
    one["status"]["capacity"] = dict(one["status"]["allocatable"])
    one["status"]["conditions"] += conditions

    return one


def asking(name: str, cpu: str = "1", memory: str = "1Gi", **more: Any) -> Json:
    one = pod(name, **more)
    one["spec"]["containers"][0]["resources"] = {"requests": {"cpu": cpu, "memory": memory}}

    return one


def measured(**usage: tuple[str, str]) -> httpx.Response:
    items = [
        {"metadata": {"name": name.replace("_", "-")}, "usage": {"cpu": cpu, "memory": memory}}
        for name, (cpu, memory) in usage.items()
    ]
    return httpx.Response(200, json={"metadata": {}, "items": items})


async def test_alike_nodes_are_one_line_with_their_sums(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [host("node-1"), host("node-2")]
    api.objects["pods"] = [
        asking("a", "4"),
        asking("b", "2", "8Gi", node="node-2"),
        asking("done", "8", phase="Succeeded"),
        asking("nowhere", "8", node=""),
    ]
    api.routes[METRICS] = measured(node_1=("2", "8Gi"), node_2=("2", "8Gi"))

    assert (await ask("k8s_nodes")).splitlines() == [
        "2 of 2 nodes ready in lab, none sick, API server v1.37.2.",
        "In all: requested 38% of 16 cores, 14% of 64Gi; in use 25% of 16 cores, 25% of 64Gi.",
        "2 x node-1,node-2  ready  m6i.2xlarge 8 cpu 32Gi  v1.37.2  2/220 pods"
        "  cpu 38% requested 25% used  memory 14% requested 25% used  fullest node-1 cpu 50%",
    ]


async def test_103_alike_nodes_are_few_lines(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [host(f"node-{at:03}") for at in range(103)]
    api.objects["nodes"].append(host("gpu-1", labels={"node-role.kubernetes.io/gpu": ""}))

    answer = await ask("k8s_nodes")

    assert len(answer.splitlines()) <= 6
    assert "103 x node-000,node-001,node-002,…" in answer
    assert "gpu 8 cpu 32Gi" in answer


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda: {"ready": "Unknown"}, "not ready (KubeletStopped) for 60m"),
        (lambda: {"conditions": [condition("DiskPressure")]}, "DiskPressure for 60m"),
        (lambda: {"unschedulable": True}, "cordoned"),
        (lambda: {"version": "v1.32.9"}, "kubelet 5 minors behind v1.37.2"),
        (lambda: {"version": "v1.38.0"}, "kubelet newer than the API server v1.37.2"),
    ],
)
async def test_a_sick_node_comes_first_and_says_why(
    ask: Ask, api: Api, given: Callable[[], Json], said: str
) -> None:
    api.objects["nodes"] = [*(host(f"node-{at}") for at in range(3)), host("zz", **given())]

    lines = (await ask("k8s_nodes", status="sick")).splitlines()

    assert ", 1 sick, " in lines[0]
    assert [line for line in lines if line.startswith("zz  ") and said in line]
    assert lines[-1] == "(3 healthy not shown; status=all lists them)"


async def test_supported_skew_is_no_fault(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [host("a", version="v1.34.0"), host("b")]

    assert "none sick" in await ask("k8s_nodes")


async def test_a_node_that_uses_nearly_all_is_hot(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [host("a"), host("b")]
    api.routes[METRICS] = measured(a=("1", "31Gi"), b=("1", "1Gi"))

    answer = await ask("k8s_nodes")

    assert ", 1 sick, " in answer
    assert "\na  memory hot " in answer


async def test_taints_are_shown_unless_they_repeat_a_condition(ask: Ask, api: Api) -> None:
    taints = [
        {"key": "gpu", "value": "yes", "effect": "NoSchedule"},
        {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"},
    ]
    api.objects["nodes"] = [host("a", taints=taints)]

    answer = await ask("k8s_nodes")

    assert "taints gpu=yes:NoSchedule" in answer
    assert "unschedulable" not in answer


async def test_one_node_is_shown_with_who_runs_there(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [host("node-1"), host("node-2")]
    api.objects["pods"] = [
        asking("db-0", "500m", owner="StatefulSet/db"),
        asking("db-1", "500m", owner="StatefulSet/db"),
        asking("other", node="node-2"),
        asking("old", phase="Failed"),
    ]
    api.objects["events"] = [
        event("Rebooted", "Node/node-1", "has been rebooted", ""),
        event("Rebooted", "Node/node-2", "has been rebooted", ""),
    ]

    answer = await ask("k8s_nodes", node="no/node-1")

    assert "2/110 pods" in answer
    assert "  shop/sts/db  2 pods  cpu 1  memory 2.0Gi" in answer
    assert "(1 ended pod not counted)" in answer
    assert "System: Debian, kernel 6" in answer
    assert answer.count("Rebooted") == 1


async def test_requests_are_counted_as_the_scheduler_does(ask: Ask, api: Api) -> None:
    one = asking("a", "1")
    want = {"requests": {"cpu": "3"}}
    side = {"name": "side", "restartPolicy": "Always", "resources": {"requests": {"cpu": "500m"}}}
    one["spec"]["initContainers"] = [side, {"name": "setup", "resources": want}]
    one["spec"]["overhead"] = {"cpu": "250m"}
    whole = asking("b", "1")
    whole["spec"]["resources"] = {"requests": {"cpu": "2"}}
    api.objects["nodes"] = [host("node-1", cpu="10")]
    api.objects["pods"] = [one, whole]

    answer = await ask("k8s_nodes", node="node-1")

    # The sidecar and the largest init container together, and the overhead.
    assert "shop/pod/a  1 pod  cpu 3.8" in answer
    assert "shop/pod/b  1 pod  cpu 2 " in answer


async def test_what_may_not_be_read_is_named(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [host("a")]
    api.denied = {"pods"}

    answer = await ask("k8s_nodes")

    assert "Missing: pods: not allowed to list" in answer
    assert "Usage not known (metrics API not installed)." in answer


async def test_nodes_that_may_not_be_read_are_a_refusal(ask: Ask, api: Api) -> None:
    api.denied = {"nodes"}

    assert (await ask("k8s_nodes")).startswith("error: ")


async def test_a_name_that_does_not_exist_gets_the_nearest(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [host("node-1")]

    assert "Did you mean 'node-1'?" in await ask("k8s_nodes", node="nod-1")


async def test_many_different_nodes_fit_and_go_on(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [
        host(f"node-{at:03}", cpu=str(at + 1), creationTimestamp=ago(days=1)) for at in range(200)
    ]

    answer = await ask("k8s_nodes")

    assert len(answer.encode()) <= ANSWER_BYTES
    assert "more rows; go on with cursor=" in answer
