from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mcp.server import MCPServer
from pytest_httpx import HTTPXMock

from jamie_loki.server import build
from jamie_loki.settings import Settings
from tests.loki.pretend import PretendedLoki

Build = Callable[..., MCPServer[Any]]


@pytest.fixture
def loki(httpx_mock: HTTPXMock) -> PretendedLoki:
    pretended = PretendedLoki()
    httpx_mock.add_callback(pretended.answer, is_reusable=True, is_optional=True)

    return pretended


@pytest.fixture
def server(tmp_path: Path) -> Build:
    """Build the server with a state folder of the test's own."""

    def built(**settings: Any) -> MCPServer[Any]:
        return build(Settings(state_dir=tmp_path, **settings))

    return built
