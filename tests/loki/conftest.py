import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from mcp.server import MCPServer
from pytest_httpx import HTTPXMock

from jamie_loki.server import build
from jamie_loki.settings import Settings
from tests.loki.pretend import PretendedLoki

Build = Callable[..., MCPServer[Any]]


@pytest.fixture(autouse=True)
def _no_variables(  # pyright: ignore[reportUnusedFunction]  # pytest uses it
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Keep out the variables of a shell that points at a lab."""
    for name in [name for name in os.environ if name.startswith("JAMIE_LOKI_")]:
        monkeypatch.delenv(name)


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


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> Literal["auto", "legacy"]:
    return request.param
