from pathlib import Path
from typing import Any

import pytest
from mcp.server import MCPServer

from jamie_base.server import Blueprint, assemble
from jamie_base.settings import ServerSettings
from jamie_base.sources import Sources
from tests.base.shelf import Build, Shelf, probe, tools


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def build(shelf: Shelf, tmp_path: Path) -> Build:
    def build(names: tuple[str, ...] = ("default",), **settings: Any) -> MCPServer[Any]:
        blueprint = Blueprint(
            name="jamie-base",
            title="Shelf",
            instructions="Jars.",
            toolset=tools,
            sources=Sources("shelf", {name: lambda: shelf for name in names}),
            probe=probe,
        )
        return assemble(blueprint, ServerSettings(state_dir=tmp_path, **settings))

    return build
