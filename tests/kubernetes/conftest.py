from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from mcp import Client
from mcp.client.session import ElicitationFnT
from mcp.types import RequestParamsMeta
from pytest_httpx import HTTPXMock

from jamie_base.call import DATA_KEY
from jamie_kubernetes.server import build
from jamie_kubernetes.settings import Settings
from tests.kubernetes.answered import Mode, text_of
from tests.kubernetes.following import through
from tests.kubernetes.gateway import Gateway, gateway
from tests.kubernetes.talking import talking
from tests.kubernetes.taps import Played
from tests.kubernetes.wire import Api, dumps, kubeconfig

Connect = Callable[..., Awaitable[Client]]
Ask = Callable[..., Awaitable[str]]


@pytest.fixture
def api(httpx_mock: HTTPXMock) -> Api:
    """An API server at http://cluster that a test fills."""
    api = Api()
    httpx_mock.add_callback(api, is_reusable=True, is_optional=True)

    return api


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "kubeconfig"
    path.write_text(dumps(kubeconfig()))

    return path


@pytest.fixture
async def connect(tmp_path: Path, config: Path) -> AsyncGenerator[Connect]:
    """Start the server in this process, with settings of the test's own, and connect to it."""
    async with AsyncExitStack() as stack:

        async def connect(
            mode: Mode = "auto", user: ElicitationFnT | None = None, **settings: Any
        ) -> Client:
            ours: dict[str, Any] = {"kubeconfig": str(config), "state_dir": tmp_path / "state"}
            given = {**ours, **settings}
            client = Client(build(Settings(**given)), mode=mode, elicitation_callback=user)
            return await stack.enter_async_context(client)

        yield connect


@pytest.fixture
def ask(connect: Connect) -> Ask:
    """Call a tool of one server and return its text; an error is text too, marked."""
    clients: list[Client] = []

    async def ask(tool: str, **arguments: Any) -> str:
        if not clients:
            clients.append(await connect())
        return text_of(await clients[0].call_tool(tool, arguments))

    return ask


@pytest.fixture
def played() -> Played:
    """An API server that says what a test lets it say; modules play others."""
    return talking()


@pytest.fixture
async def door(played: Played) -> AsyncGenerator[Gateway]:
    async with gateway(played.transport) as door:
        yield door


@pytest.fixture
def behind(door: Gateway, tmp_path: Path) -> Callable[..., Client]:
    """Connect to a server whose cluster stands behind the gateway."""
    return partial(through, door, tmp_path)


WITH_DATA = cast("RequestParamsMeta", {DATA_KEY: True})
