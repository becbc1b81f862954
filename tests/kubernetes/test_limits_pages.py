"""Pages and watches of all namespaces, within limits."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client

from jamie_base.errors import BackendError, Denied
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.objects import Named
from jamie_kubernetes.client.watching import watching
from jamie_kubernetes.kinds import EVENTS
from jamie_kubernetes.settings import Settings
from tests.kubernetes.conftest import WITH_DATA, Connect, text_of
from tests.kubernetes.limited import CANARY, LIMITS, filled
from tests.kubernetes.wire import Api, event, namespace, pod


async def listed(client: Client, limit: int) -> list[str]:
    """Read the names of all pods, page by page."""
    seen: list[str] = []
    cursor = ""
    for _ in range(30):
        question = {"what": "pods", "limit": limit, "cursor": cursor}
        result = await client.call_tool("k8s_get", question, meta=WITH_DATA)
        assert result.structured_content, result.content
        assert len(result.structured_content["rows"]) <= limit
        seen += [row[0] for row in result.structured_content["rows"]]
        cursor = result.structured_content.get("cursor", "")
        if not cursor:
            break

    return seen


@pytest.mark.parametrize("limits", LIMITS[1:], ids=str)
@pytest.mark.parametrize("deaf", [False, True])
async def test_pages_within_limits_neither_repeat_nor_skip(
    connect: Connect, api: Api, limits: dict[str, Any], deaf: bool
) -> None:
    client = await connect(**limits)
    filled(api).deaf = deaf
    api.objects["pods"] += [pod(f"p{one:02}", "team-a") for one in range(20)]
    api.objects["pods"] += [pod(f"{CANARY}-p{one:02}", "vault") for one in range(20)]
    api.objects["pods"].sort(
        key=lambda one: (one["metadata"]["namespace"], one["metadata"]["name"])
    )

    expected = [
        f"{one['metadata']['namespace']}/{one['metadata']['name']}"
        for one in api.objects["pods"]
        if one["metadata"]["namespace"] != "vault"
    ]
    assert await listed(client, limit=3) == expected


@pytest.mark.parametrize("pages", [True, False])
async def test_a_namespace_called_like_the_beginning_of_another_hides_none_of_its_objects(
    connect: Connect, api: Api, pages: bool
) -> None:
    client = await connect(allow_namespace=["shop", "shop-a"])
    filled(api).pages = pages
    names = [f"{space}/p{one}" for space in ("shop-a", "shop") for one in range(5)]
    api.objects["pods"] = [pod(name, space) for space, name in (one.split("/") for one in names)]

    assert await listed(client, limit=5) == names


async def test_many_objects_out_of_reach_are_passed_over_in_few_requests(
    connect: Connect, api: Api
) -> None:
    client = await connect(deny_namespace=["attic"])
    filled(api).deaf = True
    api.objects["pods"] = [pod(f"p{one:04}", "attic") for one in range(3_000)]
    api.objects["pods"] += [pod(f"p{one}", "shop") for one in range(10)]
    api.requests.clear()

    assert await listed(client, limit=4) == [f"shop/p{one}" for one in range(10)]
    assert len(api.asked("/api/v1/pods")) < 40


async def test_a_server_that_does_not_page_is_still_read_in_pages(
    connect: Connect, api: Api
) -> None:
    client = await connect(allow_namespace=["shop", "team-*"])
    filled(api).pages = False
    api.objects["pods"] += [pod(f"p{one:02}", "team-a") for one in range(7)]

    seen = await listed(client, limit=4)

    assert len(seen) == len({*seen}) == 13
    assert seen == sorted(seen)


async def test_many_allowed_namespaces_are_read_a_few_at_a_time(connect: Connect, api: Api) -> None:
    names = [f"team-{one:02}" for one in range(40)]
    api.objects["namespaces"] = [namespace(one) for one in names]
    api.objects["pods"] = [pod(f"web-{one}", one) for one in names]
    client = await connect(allow_namespace=["team-*"])

    answer = text_of(await client.call_tool("k8s_pods", {"status": "all", "limit": 200}))

    assert answer.startswith("40 pods in lab over 40 namespaces")
    assert len([one for one in api.requests if one.url.path.endswith("/pods")]) == 40
    assert len(api.asked("/api/v1/namespaces")) == 1


def frames(*names: str, space: str) -> httpx.Response:
    lines = [
        json.dumps({"type": "ADDED", "object": event("Seen", f"Pod/{name}", namespace=space)})
        for name in names
    ]
    return httpx.Response(200, text="\n".join([*lines, ""]))


@pytest.mark.parametrize(
    ("limits", "seen"),
    [
        ({}, ["vault", "shop", "vault"]),
        ({"deny_namespace": ["vault"]}, ["shop"]),
        ({"allow_namespace": ["shop", "team-*"]}, ["shop", "team-a"]),
    ],
)
async def test_a_watch_of_all_namespaces_sees_those_in_reach(
    config: Path, api: Api, limits: dict[str, Any], seen: list[str]
) -> None:
    filled(api)
    mixed = [frames("x", space=space).text for space in ("vault", "shop", "vault")]
    api.routes["/api/v1/events"] = httpx.Response(200, text="".join(mixed))
    for space in ("shop", "team-a", "team-b"):
        names = ("x",) if space != "team-b" else ()
        api.routes[f"/api/v1/namespaces/{space}/events"] = frames(*names, space=space)
    cluster = Cluster(Settings(kubeconfig=str(config), **limits))

    found: list[str] = []
    with suppress(BackendError):
        async with watching(cluster, Listing(EVENTS), Named, "7") as changes:
            async for change in changes:
                assert change.object
                found.append(change.object.metadata.namespace)
                if sorted(found) == sorted(seen):
                    break
    await cluster.aclose()

    assert sorted(found) == sorted(seen)


async def test_a_refusal_of_one_watch_ends_all_as_it_is(config: Path, api: Api) -> None:
    filled(api).denied.add("events@team-a")
    api.routes["/api/v1/namespaces/shop/events"] = frames("x", space="shop")
    cluster = Cluster(Settings(kubeconfig=str(config), allow_namespace=("shop", "team-a")))

    with pytest.raises(Denied, match="events is forbidden"):
        async with watching(cluster, Listing(EVENTS), Named, "7") as changes:
            async for change in changes:
                assert change.object
    await cluster.aclose()


@pytest.mark.parametrize(
    "fields", [b'"metadata": {"name": "\xff"}', b'"spec": ' + b"[" * 5_000 + b"]" * 5_000]
)
async def test_a_watch_that_says_what_cannot_be_read_fails_as_the_backend_s(
    config: Path, api: Api, fields: bytes
) -> None:
    line = b'{"type": "ADDED", "object": {' + fields + b"}}"
    api.routes["/api/v1/events"] = httpx.Response(200, content=line)
    cluster = Cluster(Settings(kubeconfig=str(config)))

    with pytest.raises(BackendError, match="something other than JSON"):
        async with watching(cluster, Listing(EVENTS), Named, "7") as changes:
            async for _ in changes:
                pass
    await cluster.aclose()
