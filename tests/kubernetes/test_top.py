"""k8s_top, seen the way a model sees it."""

from typing import Any

import httpx

from jamie_base.answer import ANSWER_BYTES
from tests.kubernetes.conftest import Ask
from tests.kubernetes.wire import Api, Json, node, pod, status

METRICS = "/apis/metrics.k8s.io/v1beta1"


def sized(name: str, request: str = "", limit: str = "", **more: Any) -> Json:
    one = pod(name, **more)
    resources = {
        kind: {"cpu": amount, "memory": f"{amount}Gi"}
        for kind, amount in (("requests", request), ("limits", limit))
        if amount
    }
    for container in one["spec"]["containers"]:
        container["resources"] = resources

    return one


def measured(**usage: tuple[str, str]) -> httpx.Response:
    items = [
        {
            "metadata": {"name": name.replace("_", "-"), "namespace": "shop"},
            "containers": [{"name": "app", "usage": {"cpu": cpu, "memory": memory}}],
        }
        for name, (cpu, memory) in usage.items()
    ]
    return httpx.Response(200, json={"metadata": {}, "items": items})


async def test_the_biggest_comes_first_beside_its_request_and_limit(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [sized("small", "1", "2"), sized("big", "2"), sized("free")]
    api.routes[f"{METRICS}/pods"] = measured(
        small=("500m", "1Gi"), big=("1500m", "3Gi"), free=("1m", "1Mi")
    )

    head, *lines = (await ask("k8s_top")).splitlines()

    assert head == (
        "3 pods in lab: using cpu 2, memory 4.0Gi; requesting cpu 3, memory 3.0Gi."
        " 2 without a memory limit. Most CPU first:"
    )
    assert [" ".join(line.split()) for line in lines] == [
        "shop/big cpu 1.5 (request 2, no limit) memory 3.0Gi (request 2.0Gi, no limit) node-1",
        "shop/small cpu 500m (request 1, 25% of limit 2)"
        " memory 1.0Gi (request 1.0Gi, 50% of limit 2.0Gi) node-1",
        "shop/free cpu 1m (no request, no limit) memory 1.0Mi (no request, no limit) node-1",
    ]


async def test_the_closest_to_its_limit_comes_first_when_asked(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [sized("big", "1", "8"), sized("tight", "1", "1")]
    api.routes[f"{METRICS}/pods"] = measured(big=("4", "4Gi"), tight=("100m", "972Mi"))

    lines = (await ask("k8s_top", by="limit")).splitlines()

    assert lines[1].startswith("shop/tight")
    assert "95% of limit 1.0Gi" in lines[1]


async def test_containers_are_shown_each_with_its_own_limit(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [sized("web", "1", "2")]
    api.routes[f"{METRICS}/pods"] = measured(web=("1", "1Gi"))

    answer = await ask("k8s_top", of="containers")

    assert "1 container in lab: using cpu 1" in answer
    assert "shop/web/app  cpu 1 (request 1, 50% of limit 2)" in answer


async def test_running_pods_without_metrics_are_named(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [
        sized("web"),
        sized("new"),
        sized("done", phase="Succeeded"),
        sized("waits", phase="Pending"),
    ]
    api.routes[f"{METRICS}/pods"] = measured(web=("1", "1Gi"))

    assert "Without metrics: 1 running pod: shop/new." in await ask("k8s_top")


async def test_nodes_are_held_against_what_they_offer(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [node("node-1"), node("node-2")]
    api.objects["pods"] = [sized("web", "2")]
    usage = [{"metadata": {"name": "node-1"}, "usage": {"cpu": "4", "memory": "8Gi"}}]
    api.routes[f"{METRICS}/nodes"] = httpx.Response(200, json={"metadata": {}, "items": usage})

    answer = await ask("k8s_top", of="nodes")

    assert (
        "node-1  cpu 4 (request 2, 50% of allocatable 8)"
        "  memory 8.0Gi (request 2.0Gi, 25% of allocatable 32Gi)"
    ) in answer
    assert "Without metrics: 1 node: node-2." in answer


async def test_without_the_metrics_api_it_says_what_that_costs(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [sized("web")]

    answer = await ask("k8s_top")

    assert answer.startswith("Usage is not known: metrics API not installed.")
    assert "Install metrics-server" in answer


async def test_a_metrics_api_that_is_down_is_told_from_none(ask: Ask, api: Api) -> None:
    api.routes[f"{METRICS}/pods"] = status(503, "service unavailable")

    answer = await ask("k8s_top")

    assert "installed but not answering" in answer
    assert "Install" not in answer


def forbidden(plural: str) -> httpx.Response:
    words = f'{plural}.metrics.k8s.io is forbidden: User "reader" cannot list resource "{plural}"'
    return status(403, words, "Forbidden")


async def test_where_use_may_not_be_read_requests_are_shown_the_largest_first(
    ask: Ask, api: Api
) -> None:
    api.objects["pods"] = [
        sized("small", "1", "2"),
        sized("free"),
        sized("big", "2"),
        sized("done", "9", phase="Succeeded"),
        sized("waits", "9", phase="Pending", node=""),
    ]
    api.routes[f"{METRICS}/pods"] = forbidden("pods")
    api.routes[f"{METRICS}/namespaces/default/pods"] = forbidden("pods")

    why, head, *lines = (await ask("k8s_top")).splitlines()

    assert why == (
        "Usage is not known: not allowed to read the metrics API."
        " Which permission is missing: k8s_access what=k8s_top."
    )
    assert head == (
        "3 pods in lab: requesting cpu 3, memory 3.0Gi."
        " 2 without a memory limit. By request, most CPU first:"
    )
    assert [" ".join(line.split()) for line in lines] == [
        "shop/big cpu request 2, no limit memory request 2.0Gi, no limit node-1",
        "shop/small cpu request 1, limit 2 memory request 1.0Gi, limit 2.0Gi node-1",
        "shop/free cpu no request, no limit memory no request, no limit node-1",
    ]


async def test_who_may_read_one_namespace_only_gets_its_requests(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [sized("web", "1", "2", namespace="default")]
    api.denied = {"pods@"}
    api.routes[f"{METRICS}/pods"] = forbidden("pods")
    api.routes[f"{METRICS}/namespaces/default/pods"] = forbidden("pods")

    answer = await ask("k8s_top", of="containers")

    assert "default/web/app  cpu request 1, limit 2" in answer
    assert "Missing: other namespaces' pods: not allowed there" in answer


async def test_where_one_namespace_may_be_measured_the_pods_of_others_are_not_missed(
    ask: Ask, api: Api
) -> None:
    api.objects["pods"] = [sized("web", "1", "2", namespace="default"), sized("other", "1")]
    usage = {"metadata": {"name": "web", "namespace": "default"}, "containers": [{"name": "app"}]}
    api.routes[f"{METRICS}/pods"] = forbidden("pods")
    api.routes[f"{METRICS}/namespaces/default/pods"] = httpx.Response(200, json={"items": [usage]})

    answer = await ask("k8s_top")

    assert answer.startswith("1 pod in ")
    assert "Without metrics" not in answer
    assert "other namespaces' metrics: not allowed there; only namespace 'default'" in answer


async def test_requests_of_nodes_are_shown_where_their_use_may_not_be_read(
    ask: Ask, api: Api
) -> None:
    api.objects["nodes"] = [node("node-1"), node("node-2")]
    api.objects["pods"] = [sized("web", "2")]
    api.routes[f"{METRICS}/nodes"] = forbidden("nodes")

    answer = await ask("k8s_top", of="nodes")

    assert "2 nodes in lab: requesting cpu 2, memory 2.0Gi. By request, most CPU first:" in answer
    assert "node-1  cpu request 2, 25% of allocatable 8" in answer


async def test_nodes_that_may_not_be_listed_still_have_their_use(ask: Ask, api: Api) -> None:
    usage = [{"metadata": {"name": "node-1"}, "usage": {"cpu": "4", "memory": "8Gi"}}]
    api.routes[f"{METRICS}/nodes"] = httpx.Response(200, json={"metadata": {}, "items": usage})
    api.denied = {"nodes", "pods"}

    answer = await ask("k8s_top", of="nodes")

    assert "node-1  cpu 4 (requests not known, allocatable not known)" in answer
    assert "Missing: nodes, pods: not allowed to list" in answer


async def test_where_neither_nodes_nor_their_use_may_be_read_that_is_said(
    ask: Ask, api: Api
) -> None:
    api.routes[f"{METRICS}/nodes"] = forbidden("nodes")
    api.denied = {"nodes"}

    assert "cannot list resource" in await ask("k8s_top", of="nodes")


async def test_what_may_not_be_read_is_refused(ask: Ask, api: Api) -> None:
    api.denied = {"pods"}
    api.routes[f"{METRICS}/pods"] = measured(web=("1", "1Gi"))

    assert (await ask("k8s_top")).startswith("error: ")


async def test_thousands_fit_and_go_on(ask: Ask, api: Api) -> None:
    names = [f"web-{at:04}" for at in range(2500)]
    api.objects["pods"] = [sized(name, "1", "2") for name in names]
    usage = {name.replace("-", "_"): (f"{at}m", "1Gi") for at, name in enumerate(names)}
    api.routes[f"{METRICS}/pods"] = measured(**usage)

    answer = await ask("k8s_top")

    assert answer.splitlines()[1].startswith("shop/web-2499")
    assert len(answer.encode()) <= ANSWER_BYTES
    assert "more rows; go on with cursor=" in answer
    assert "(1,500 smaller ones left out; narrow by namespace or selector)" in answer
