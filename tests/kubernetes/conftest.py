from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Literal, cast

import pytest
from mcp import Client
from mcp.client.session import ElicitationFnT
from mcp.types import CallToolResult, RequestParamsMeta, TextContent
from pytest_httpx import HTTPXMock

from jamie_base.call import DATA_KEY
from jamie_kubernetes.server import build
from jamie_kubernetes.settings import Settings
from tests.kubernetes.wire import Api, dumps, kubeconfig

Mode = Literal["auto", "legacy"]
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


def text_of(result: CallToolResult) -> str:
    (part,) = result.content
    assert isinstance(part, TextContent)

    return f"error: {part.text}" if result.is_error else part.text


WITH_DATA = cast("RequestParamsMeta", {DATA_KEY: True})
