"""Completions of namespaces, kinds, names and containers, from the cluster."""

import httpx
import pytest
from mcp import Client
from mcp.types import Completion, PromptReference, ResourceTemplateReference

from tests.kubernetes.conftest import Connect, Mode
from tests.kubernetes.offers import offer
from tests.kubernetes.wire import Api, Json, container, namespace, pod, workload

OBJECT = ResourceTemplateReference(uri="k8s://{context}/{namespace}/{kind}/{name}")
LOGS = ResourceTemplateReference(uri="k8s://{context}/{namespace}/{kind}/{name}/logs")
POD = PromptReference(name="diagnose_pod")
ROLLOUT = PromptReference(name="stuck_rollout")
SERVICE = PromptReference(name="silent_service")

NO_KINDS: Json = {"kind": "APIGroupDiscoveryList", "items": []}

Ref = PromptReference | ResourceTemplateReference


async def completed(
    client: Client, ref: Ref, name: str, typed: str = "", **given: str
) -> Completion:
    found = await client.complete(ref, {"name": name, "value": typed}, given or None)

    return found.completion


@pytest.fixture
def shop(api: Api) -> Api:
    api.objects["deployments"] = [workload("web"), workload("worker"), workload("api", "auth")]
    api.objects["statefulsets"] = [workload("db")]
    api.objects["services"] = [workload("web"), workload("db")]
    api.objects["pods"] = [
        pod("web-0", containers=[container("app"), container("proxy")]),
        pod("web-1"),
        pod("auth-0", "auth"),
    ]
    api.objects["namespaces"] = [namespace("shop"), namespace("auth"), namespace("default")]

    return api


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_what_a_template_s_variables_may_be(connect: Connect, shop: Api, mode: Mode) -> None:
    client = await connect(mode)

    assert (await completed(client, OBJECT, "context")).values == ["lab"]
    assert (await completed(client, OBJECT, "namespace", "s")).values == ["shop"]
    assert (
        await completed(client, OBJECT, "name", "w", kind="deploy", namespace="shop")
    ).values == [
        "web",
        "worker",
    ]
    assert (await completed(client, LOGS, "name", "", kind="po", namespace="auth")).values == [
        "auth-0"
    ]


async def test_what_a_prompt_s_arguments_may_be(connect: Connect, shop: Api) -> None:
    client = await connect()

    assert (await completed(client, POD, "pod", "web")).values == ["web-0", "web-1"]
    assert (await completed(client, POD, "pod", "", namespace="auth")).values == ["auth-0"]
    assert (await completed(client, POD, "container", "", pod="web-0")).values == ["app", "proxy"]
    assert (await completed(client, SERVICE, "service")).values == ["db", "web"]
    assert (await completed(client, ROLLOUT, "workload", "", namespace="shop")).values == [
        "deploy/web",
        "deploy/worker",
        "sts/db",
    ]


async def test_kinds_go_by_their_short_and_their_long_names(connect: Connect, shop: Api) -> None:
    shop.routes |= {path: httpx.Response(200, json=NO_KINDS) for path in ("/api", "/apis")}
    found = await completed(await connect(), OBJECT, "kind", "dep")

    assert found.values == ["deploy", "deployments"]


async def test_names_are_asked_for_without_the_objects(connect: Connect, shop: Api) -> None:
    await completed(await connect(), POD, "pod", "web")

    (asked,) = shop.asked("/api/v1/pods")
    assert asked.url.params["includeObject"] == "None"
    assert "as=Table" in asked.headers["accept"]


async def test_names_are_found_where_another_column_comes_first(
    connect: Connect, shop: Api
) -> None:
    offer(shop)
    columns = [{"name": "Last Seen"}, {"name": "Reason"}, {"name": "Name", "priority": 1}]
    rows = [{"cells": ["5m", "BackOff", "web-0.17"]}, {"cells": ["9m", "Pulled", "db-0.23"]}]
    shop.routes["/api/v1/namespaces/shop/events"] = httpx.Response(
        200, json={"kind": "Table", "columnDefinitions": columns, "rows": rows}
    )

    found = await completed(await connect(), OBJECT, "name", "", kind="events", namespace="shop")

    assert found.values == ["db-0.23", "web-0.17"]


async def test_more_than_a_hundred_are_counted(connect: Connect, api: Api) -> None:
    api.objects["pods"] = [pod(f"web-{n}") for n in range(130)]
    found = await completed(await connect(), POD, "pod", "web-")

    assert len(found.values) == 100
    assert (found.total, found.has_more) == (130, True)


async def test_what_is_not_allowed_is_narrowed_to_our_namespace_or_empty(
    connect: Connect, shop: Api
) -> None:
    shop.denied = {"namespaces", "pods@", "secrets"}
    client = await connect(namespace="shop")

    assert (await completed(client, OBJECT, "namespace")).values == ["shop"]
    assert (await completed(client, POD, "pod")).values == ["web-0", "web-1"]
    assert (await completed(client, OBJECT, "name", kind="secret", namespace="shop")).values == []


@pytest.mark.parametrize(
    ("ref", "name", "given"),
    [
        (OBJECT, "name", {}),
        (OBJECT, "name", {"kind": "nonsense"}),
        (OBJECT, "name", {"kind": "../../x"}),
        (OBJECT, "name", {"kind": "po", "context": "nowhere"}),
        (POD, "container", {}),
        (POD, "container", {"pod": "gone"}),
        (POD, "colour", {}),
        (PromptReference(name="nothing"), "pod", {}),
    ],
)
async def test_what_cannot_be_known_is_empty(
    connect: Connect, shop: Api, ref: Ref, name: str, given: dict[str, str]
) -> None:
    assert (await completed(await connect(), ref, name, **given)).values == []


async def test_a_cluster_that_is_down_completes_nothing_and_says_no_error(
    connect: Connect, shop: Api
) -> None:
    shop.routes["/api/v1/pods"] = httpx.Response(500, text="boom")

    assert (await completed(await connect(), POD, "pod", "web")).values == []
