"""Objects as resources, and subscriptions to them, seen the way a client sees them."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import TextResourceContents

from jamie_base import watches
from jamie_lab.waiting import until
from tests.kubernetes.conftest import Connect, Mode
from tests.kubernetes.following import follows
from tests.kubernetes.gateway import Fault, Gateway
from tests.kubernetes.taps import Played
from tests.kubernetes.wire import Api, Json, event, meta, node, pod, workload

WEB = "k8s://lab/shop/deploy/web"
DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"


def fill(api: Api) -> None:
    kinds: Json = {"kind": "APIGroupDiscoveryList", "items": []}
    api.routes |= {path: httpx.Response(200, json=kinds) for path in ("/api", "/apis")}
    api.objects["deployments"] = [workload("web")]
    api.objects["pods"] = [pod("web-0")]
    api.objects["nodes"] = [node("n1")]
    api.objects["secrets"] = [{"metadata": meta("db", "shop"), "data": {"password": "Y2FuYXJ5"}}]
    api.objects["events"] = [event("BackOff", "Pod/web-0"), event("Failed", "Pod/db-0")]
    api.logs["web-0"] = "2026-11-20T10:00:00Z login password=hunter2hunter2\n"


async def read(client: Client, uri: str) -> str:
    (content,) = (await client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)

    return content.text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_an_object_is_read_as_k8s_get_shows_it(
    connect: Connect, api: Api, mode: Mode
) -> None:
    fill(api)
    client = await connect(mode)

    deployment = await read(client, WEB)
    dashed = await read(client, "k8s://-/shop/deployments.apps/web")

    assert deployment.startswith("deploy/web in namespace shop (apps/v1):\n--- from deploy/web")
    assert "replicas: 1" in deployment
    assert dashed == deployment


async def test_what_is_in_no_namespace_has_a_dash(connect: Connect, api: Api) -> None:
    fill(api)

    assert (await read(await connect(), "k8s://lab/-/node/n1")).startswith("node/n1 (v1):")


async def test_secrets_are_marks_in_resources_too(connect: Connect, api: Api) -> None:
    fill(api)
    client = await connect()

    secret = await read(client, "k8s://lab/shop/secret/db")
    said = await read(client, "k8s://lab/shop/pod/web-0/logs")

    assert "Y2FuYXJ5" not in secret
    assert "canary" not in secret
    assert "[redacted:" in secret
    assert "hunter2" not in said
    assert said.startswith("Logs of pod/web-0 in namespace shop: 1 line read")


async def test_events_of_an_object_are_a_resource(connect: Connect, api: Api) -> None:
    fill(api)
    text = await read(await connect(), "k8s://lab/shop/pod/web-0/events")

    assert text.startswith("1 event about pod/web-0 and its children in namespace shop")
    assert "Failed" not in text


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("k8s://lab/shop/deploy", "is no resource of ours; write k8s://{context}/{namespace}"),
        ("k8s://lab/shop/deploy/web/", "is no resource of ours"),
        ("k8s://lab/shop/deploy/web/status", "is no resource of ours"),
        ("k8s://prod/shop/deploy/web", "There is no context 'prod'"),
        ("k8s://lab/-/deploy/web", "deployments are in namespaces: write the namespace instead"),
        ("k8s://lab/shop/node/n1", "nodes are in no namespace: write - instead of 'shop'"),
        ("k8s://lab/shop/deploy/wep", "There is no deploy/wep in namespace 'shop'. Did you mean"),
        ("k8s://lab/shpo/deploy/web", "There is no namespace 'shpo'"),
        ("k8s://lab/shop/depolyment/web", "has no kind 'depolyment'"),
        ("k8s://lab/shop/kinds/web", "has no kind 'kinds'"),
        ("k8s://lab/shop/deploy/..", "'..' cannot be the name of a resource"),
        ("k8s://lab/shop/deploy/%2E%2E", "'..' cannot be the name of a resource"),
        ("k8s://lab/shop/deploy/a%2Fb", "'a/b' cannot be the name of a resource"),
        ("k8s://lab/..%2F../deploy/web", "'../..' cannot be the namespace of a resource"),
        ("k8s://lab/shop/deploy/we%20b", "'we b' cannot be the name of a resource"),
        ("k8s://lab/shop/deploy/w%00b", "is no name"),
        ("k8s://lab/shop/deploy/web?watch=1", "has a query or a fragment"),
        ("k8s://lab/shop/cm/app/logs", "configmaps have no logs; pods and"),
    ],
)
async def test_a_uri_that_names_nothing_says_why(
    connect: Connect, api: Api, uri: str, words: str
) -> None:
    fill(api)
    client = await connect()
    with pytest.raises(MCPError) as found:
        await client.read_resource(uri)

    assert found.value.error.code == -32602
    assert words in found.value.error.message


async def test_what_is_not_allowed_is_an_error_in_the_api_server_s_words(
    connect: Connect, api: Api
) -> None:
    fill(api)
    api.denied = {"secrets"}
    client = await connect()
    with pytest.raises(MCPError) as found:
        await client.read_resource("k8s://lab/shop/secret/db")

    assert found.value.error.code == -32603
    assert 'cannot list resource "secrets"' in found.value.error.message


@pytest.fixture
def played() -> Played:
    played = Played()
    fill(played.api)
    played.api.objects["deployments"] = [versioned("web", 3)]

    return played


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let watches be in no hurry to wait."""
    for name in ("SOONEST_SECONDS", "WAIT_SECONDS"):
        monkeypatch.setattr(watches, name, 0.05)


def versioned(name: str, version: int, uid: str = "one") -> Json:
    one = workload(name)
    one["metadata"] |= {"resourceVersion": str(version), "uid": uid}

    return one


@asynccontextmanager
async def told(client: Client, *uris: str) -> AsyncGenerator[list[str]]:
    """Listen to changes while the block runs."""
    heard: list[str] = []

    async def hear(subscription: Any) -> None:
        async for one in subscription:
            heard.extend([one.uri])

    async with (
        client.listen(resource_subscriptions=uris) as subscription,
        anyio.create_task_group() as group,
    ):
        group.start_soon(hear, subscription)
        yield heard
        group.cancel_scope.cancel()


async def count(heard: list[str], number: int) -> None:
    async def enough() -> bool:
        return len(heard) >= number

    assert await until(enough, 10, poll=0.01), heard


async def test_a_subscriber_is_told_when_the_object_changes_goes_and_comes_again(
    behind: Callable[..., Client], played: Played, door: Gateway
) -> None:
    async with behind() as client, told(client, WEB) as heard:
        await follows(played, DEPLOYMENTS)
        played.change(DEPLOYMENTS, "MODIFIED", versioned("web", 4))
        await count(heard, 1)
        played.change(DEPLOYMENTS, "MODIFIED", versioned("other", 5))
        played.change(DEPLOYMENTS, "DELETED", versioned("web", 6))
        await count(heard, 2)
        played.change(DEPLOYMENTS, "ADDED", versioned("web", 7, uid="two"))
        await count(heard, 3)

    assert heard == [WEB] * 3
    (watch,) = [one for one in door.exchanges if one.streams]
    assert watch.params["fieldSelector"] == "metadata.name=web"
    assert "PartialObjectMetadata" in watch.headers["accept"]


async def test_nothing_is_told_where_only_the_watch_was_opened_again(
    behind: Callable[..., Client], played: Played
) -> None:
    async with behind() as client, told(client, WEB) as heard:
        await follows(played, DEPLOYMENTS)
        played.end_watches(DEPLOYMENTS)
        await follows(played, DEPLOYMENTS)
        played.change(DEPLOYMENTS, "MODIFIED", versioned("web", 4))
        await count(heard, 1)

    assert heard == [WEB]


async def test_what_changed_while_the_api_server_was_away_is_told(
    behind: Callable[..., Client], played: Played, door: Gateway
) -> None:
    async with behind() as client, told(client, WEB) as heard:
        await follows(played, DEPLOYMENTS)
        await door.stop()
        played.api.objects["deployments"] = [versioned("web", 9)]
        await door.start()
        await count(heard, 1)


async def test_an_object_that_is_not_there_yet_can_be_waited_for(
    behind: Callable[..., Client], played: Played
) -> None:
    soon = "k8s://lab/shop/deploy/soon"
    async with behind() as client, told(client, soon) as heard:
        await follows(played, DEPLOYMENTS)
        played.change(DEPLOYMENTS, "ADDED", versioned("soon", 4))
        await count(heard, 1)

    assert heard == [soon]


async def test_the_watch_ends_with_the_last_subscriber(
    behind: Callable[..., Client], played: Played, door: Gateway
) -> None:
    async def let_go() -> bool:
        return not door.open

    async with behind() as client:
        async with told(client, WEB), told(client, WEB):
            await follows(played, DEPLOYMENTS)
            assert played.followers(DEPLOYMENTS) == 1
        assert await until(let_go, 5, poll=0.02)


async def test_where_watching_is_not_allowed_the_object_is_looked_at_now_and_then(
    behind: Callable[..., Client],
    played: Played,
    door: Gateway,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("jamie_kubernetes.tools.resources.LOOK_SECONDS", 0.05)
    door.faults.append(Fault(lambda one: one.streams, status=403, message="cannot watch"))
    async with behind() as client, told(client, WEB) as heard:
        played.api.objects["deployments"] = [versioned("web", 9)]
        await count(heard, 1)


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("k8s://lab/-/deploy/web", "deployments are in namespaces"),
        ("k8s://lab/shop/nonsense/web", "has no kind 'nonsense'"),
        ("k8s://lab/shop/deploy/we b", "cannot be the name"),
        ("k8s://lab/shop/pod/web-0/logs", "cannot be subscribed to, only k8s://"),
        ("k8s://prod/shop/deploy/web", "There is no context 'prod'"),
    ],
)
async def test_a_subscription_that_cannot_be_says_why(
    behind: Callable[..., Client], uri: str, words: str
) -> None:
    async with behind() as client:
        with pytest.raises(MCPError, match=words):
            async with told(client, uri):
                pass


async def test_an_object_that_may_not_be_seen_cannot_be_subscribed_to(
    behind: Callable[..., Client], played: Played
) -> None:
    played.api.denied = {"deployments"}
    async with behind() as client:
        with pytest.raises(MCPError, match='cannot list resource "deployments"'):
            async with told(client, WEB):
                pass
