from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client
from mcp.server import MCPServer
from pytest_httpx import HTTPXMock

from jamie_prometheus.server import build
from jamie_prometheus.settings import Settings
from tests.prometheus.pretend import PretendedPrometheus

Build = Callable[..., MCPServer[Any]]


@pytest.fixture
def prometheus(httpx_mock: HTTPXMock) -> PretendedPrometheus:
    pretended = PretendedPrometheus()
    httpx_mock.add_callback(pretended.answer, is_reusable=True, is_optional=True)

    return pretended


@pytest.fixture
def server(tmp_path: Path) -> Build:
    """Build the server with a state folder of the test's own."""

    def built(**settings: Any) -> MCPServer[Any]:
        return build(Settings(state_dir=tmp_path, **settings))

    return built


@pytest.fixture
async def client(server: Build) -> AsyncGenerator[Client]:
    async with Client(server(url="http://prometheus:9090")) as client:
        yield client
