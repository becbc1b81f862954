"""A shared server that acts as its callers: each sees and does what they may, and nothing else."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import anyio
import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import EmptyResult, SubscribeRequest, SubscribeRequestParams, TextResourceContents
from pytest_httpx import HTTPXMock
from starlette.applications import Starlette

from jamie_base.web import application
from jamie_kubernetes.server import build
from jamie_kubernetes.settings import Settings
from jamie_lab.waiting import until
from tests.kubernetes.conftest import Connect, Mode, text_of
from tests.kubernetes.kubelet import STDOUT, Kubelet, ended, running, said
from tests.kubernetes.offers import GROUPS, offer
from tests.kubernetes.wire import Api, dumps, kubeconfig, pod, save, status
from tests.kubernetes.writable import WritableApi, deployment

TOKENS = {
    "ann": {"token": "ann-token-1", "scope": "write", "groups": ["oncall", "shop admins"]},
    "bob": {"token": "bob-token-2", "scope": "write", "user": "bob@example.org"},
}
ANN = ("ann", ["oncall", "shop admins"])
BOB: tuple[str, list[str]] = ("bob@example.org", [])

As = Callable[..., Awaitable[Client]]


class Guarded(WritableApi):
    """Knows who asks: what is `only` somebody's is forbidden to the others."""

    def __init__(self) -> None:
        super().__init__()
        self.only: dict[str, str] = {}
        self.failing = 0
        self.refused = ""
        self.kubelet: Kubelet | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.failing:
            self.failing -= 1
            self.requests.append(request)
            return status(503, "not yet")
        if self.refused:
            return status(403, self.refused, "Forbidden")
        if self.kubelet and request.url.path.endswith("/exec"):
            self.requests.append(request)
            return self.kubelet(request)
        user = request.headers.get("impersonate-user", "jamie")
        for part, owner in self.only.items():
            if part in request.url.path and user != owner:
                return status(403, f'pods is forbidden: User "{user}" cannot list', "Forbidden")

        return super().__call__(request)

    def callers(self, path: str = "") -> list[tuple[str, list[str]]]:
        """For whom each request was, in order."""
        return [
            (
                one.headers.get("impersonate-user", ""),
                one.headers.get_list("impersonate-group"),
            )
            for one in self.requests
            if path in one.url.path
        ]


@pytest.fixture
def guarded(httpx_mock: HTTPXMock) -> Guarded:
    api = Guarded()
    httpx_mock.add_callback(api, is_reusable=True, is_optional=True)
    api.objects["pods"] = [pod("web-0")]
    api.objects["deployments"] = [deployment("web")]
    api.reviews = lambda _: httpx.Response(201, json={"status": {"allowed": True}})
    offer(api)

    return api


@asynccontextmanager
async def serving(config: Path, state: Path, **settings: Any) -> AsyncGenerator[Starlette]:
    """Serve HTTP in this process, without a socket."""
    ours: dict[str, Any] = {"transport": "http", "tokens": TOKENS, "impersonate": True}
    given = Settings(kubeconfig=str(config), state_dir=state, **{**ours, **settings})
    app = application(build(given), given, lambda: None)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def as_(config: Path, tmp_path: Path) -> AsyncGenerator[As]:
    """Connect as the bearer of a token; the first connection decides about the settings."""
    async with AsyncExitStack() as stack:
        apps: list[Starlette] = []

        async def as_(name: str, mode: Mode = "auto", **settings: Any) -> Client:
            if not apps:
                serve = serving(config, tmp_path / "state", **settings)
                apps.append(await stack.enter_async_context(serve))
            http = httpx2.AsyncClient(
                transport=httpx2.ASGITransport(apps[0]),
                headers={"Authorization": f"Bearer {TOKENS[name]['token']}"},
            )
            await stack.enter_async_context(http)
            transport = streamable_http_client("http://localhost/mcp", http_client=http)
            return await stack.enter_async_context(Client(transport, mode=mode))

        yield as_


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_every_request_is_for_the_caller_their_user_and_groups(
    as_: As, guarded: Guarded, mode: Mode
) -> None:
    guarded.logs["web-0"] = "2026-01-01T00:00:00Z hello\n"
    ann = await as_("ann", mode)

    for tool, question in (
        ("k8s_overview", {}),
        ("k8s_pods", {"namespace": "shop"}),
        ("k8s_logs", {"name": "web-0"}),
        ("k8s_get", {"what": "certs"}),
        ("k8s_access", {}),
        ("k8s_access", {"verb": "get", "what": "pods"}),
    ):
        await ann.call_tool(tool, question)

    assert len(guarded.requests) > 20
    assert {path.rpartition("/")[2] for path in map(_path, guarded.requests)} >= {
        "log",
        "apis",
        "certificates",
        "selfsubjectrulesreviews",
        "selfsubjectaccessreviews",
        "readyz",
    }
    assert all(caller == ANN for caller in guarded.callers())


async def test_resources_and_subscriptions_are_the_caller_s(as_: As, guarded: Guarded) -> None:
    ann = await as_("ann", "legacy")
    uri = "k8s://lab/shop/deploy/web"

    await ann.read_resource(uri)
    request = SubscribeRequest(params=SubscribeRequestParams(uri=uri))
    await ann.session.send_request(request, EmptyResult)

    async def watched() -> bool:
        return any("watch" in one.url.params for one in guarded.requests)

    assert await until(watched, 10, poll=0.02)
    assert all(caller == ANN for caller in guarded.callers())


async def test_a_token_s_name_is_the_user_where_it_has_no_other(as_: As, guarded: Guarded) -> None:
    await (await as_("bob")).call_tool("k8s_pods", {})
    await (await as_("ann")).call_tool("k8s_pods", {})

    assert guarded.callers("/pods") == [BOB, ANN]


async def test_a_change_is_planned_sent_and_verified_as_the_caller(
    as_: As, guarded: Guarded
) -> None:
    bob = await as_("bob", write=True, confirm="token", data="always")
    wanted = {"name": "deploy/web", "replicas": "3", "namespace": "shop"}

    plan = (await bob.call_tool("k8s_scale", wanted)).structured_content
    assert plan
    done = await bob.call_tool("k8s_scale", {**wanted, "confirm": plan["token"]})

    assert not done.is_error, done.content
    assert len(guarded.sent) == 1
    assert {one.method for one in guarded.requests} >= {"GET", "PATCH"}
    assert all(caller == BOB for caller in guarded.callers())


async def test_a_command_is_run_as_the_caller(as_: As, guarded: Guarded) -> None:
    kubelet = Kubelet(said(STDOUT, "hello\n"), ended())
    guarded.objects["pods"] = [running("web-0")]
    guarded.kubelet = kubelet
    bob = await as_("bob", exec=True, confirm="token", data="always")
    wanted = {"name": "web-0", "namespace": "shop", "command": ["ls"]}

    plan = (await bob.call_tool("k8s_exec", wanted)).structured_content
    assert plan
    done = await bob.call_tool("k8s_exec", {**wanted, "confirm": plan["token"]})

    assert "hello" in text_of(done)
    assert len(kubelet.asked) == 1
    assert all(caller == BOB for caller in guarded.callers())


async def test_nobody_acts_on_another_s_plan(as_: As, guarded: Guarded) -> None:
    ann = await as_("ann", write=True, confirm="token", data="always")
    bob = await as_("bob")
    wanted = {"name": "deploy/web", "replicas": "3", "namespace": "shop"}

    plan = (await ann.call_tool("k8s_scale", wanted)).structured_content
    assert plan
    refused = await bob.call_tool("k8s_scale", {**wanted, "confirm": plan["token"]})

    assert "caller differ" in text_of(refused)
    assert guarded.sent == []


async def test_the_same_question_at_the_same_time_is_asked_for_each_caller(
    as_: As, guarded: Guarded
) -> None:
    guarded.only["/pods"] = "ann"
    answers: dict[str, str] = {}
    clients = {name: await as_(name) for name in TOKENS}

    async def ask(name: str) -> None:
        answers[name] = text_of(await clients[name].call_tool("k8s_pods", {"status": "all"}))

    async with anyio.create_task_group() as group:
        for name in TOKENS:
            group.start_soon(ask, name)
            group.start_soon(ask, name)

    assert "shop/web-0" in answers["ann"]
    assert "web-0" not in answers["bob"]
    assert 'User "bob@example.org" cannot list' in answers["bob"]


async def test_what_one_caller_may_discover_is_not_known_to_another(
    as_: As, guarded: Guarded
) -> None:
    ann, bob = await as_("ann"), await as_("bob")

    await ann.call_tool("k8s_get", {"what": "certs"})
    offer(guarded, {"apps": GROUPS["apps"]})
    seen = text_of(await bob.call_tool("k8s_get", {"what": "certs"}))
    known = await ann.call_tool("k8s_get", {"what": "certs"})

    assert "'lab' has no kind 'certs'" in seen
    assert not known.is_error
    assert len(guarded.callers("/apis/cert-manager.io/v1/certificates")) == 2


async def test_namespaces_that_one_caller_may_list_are_not_known_to_another(
    as_: As, guarded: Guarded
) -> None:
    ann = await as_("ann", allow_namespace=["sh*", "default"])
    bob = await as_("bob")

    await ann.call_tool("k8s_pods", {})
    await bob.call_tool("k8s_pods", {})

    listed = [
        one.headers["impersonate-user"]
        for one in guarded.requests
        if one.url.path == "/api/v1/namespaces"
    ]
    assert sorted(listed) == ["ann", "bob@example.org"]


async def test_a_request_that_is_sent_again_names_each_group_once(
    as_: As, guarded: Guarded
) -> None:
    ann = await as_("ann")
    guarded.failing = 2

    answer = await ann.call_tool("k8s_pods", {})

    assert not answer.is_error
    assert guarded.callers()[:3] == [ANN, ANN, ANN]


async def test_credentials_are_the_server_s_own(as_: As, guarded: Guarded, config: Path) -> None:
    save(config, dumps(kubeconfig(token="jamie-s")))

    for name in TOKENS:
        await (await as_(name)).call_tool("k8s_pods", {})

    assert {one.headers["authorization"] for one in guarded.requests} == {"Bearer jamie-s"}


async def test_without_the_permission_to_impersonate_the_refusal_names_it_once(
    as_: As, guarded: Guarded
) -> None:
    words = (
        'users "ann" is forbidden: User "system:serviceaccount:jamie:jamie" cannot impersonate'
        ' resource "users" in API group "" at the cluster scope'
    )
    guarded.refused = words
    ann = await as_("ann")

    overview = text_of(await ann.call_tool("k8s_overview", {}))
    pods = text_of(await ann.call_tool("k8s_pods", {"namespace": "shop"}))

    for answer in (overview, pods):
        assert answer.count("cannot impersonate") == 1
        assert "its own credentials need the verb impersonate" in answer


async def test_a_kubeconfig_that_acts_as_somebody_else_is_refused(
    as_: As, guarded: Guarded, config: Path
) -> None:
    save(config, dumps(kubeconfig(token="t", **{"as": "robot"})))

    answer = text_of(await (await as_("ann")).call_tool("k8s_pods", {}))

    assert "acts as 'robot', so this server cannot act as its callers" in answer
    assert guarded.requests == []


async def test_readiness_is_the_server_s_own_and_status_the_caller_s(
    as_: As, guarded: Guarded, config: Path, tmp_path: Path
) -> None:
    async with serving(config, tmp_path / "other") as app:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as http:
            ready = (await http.get("/readyz")).json()
    own = guarded.callers()
    guarded.requests.clear()
    ann = await as_("ann")
    content = (await ann.read_resource("jamie://status")).contents[0]

    assert ready["backends"] == {"lab": "up"}
    assert set(map(str, own)) == {"('', [])"}
    assert json.loads(cast("TextResourceContents", content).text)["sources"][0]["reachable"]
    assert all(caller == ANN for caller in guarded.callers())


async def test_a_call_without_a_token_is_nobody_s(connect: Connect, api: Api) -> None:
    client = await connect(transport="http", tokens=TOKENS, impersonate=True)

    answer = text_of(await client.call_tool("k8s_pods", {}))

    assert "acts as its callers (--impersonate), and this call came without a token" in answer
    assert api.requests == []


async def test_without_the_setting_nobody_is_impersonated(as_: As, guarded: Guarded) -> None:
    await (await as_("ann", impersonate=False)).call_tool("k8s_pods", {})

    assert set(map(str, guarded.callers())) == {"('', [])"}


def _path(request: httpx.Request) -> str:
    return request.url.path
