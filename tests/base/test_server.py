"""The server's status, whatever its backends do."""

from pathlib import Path

import anyio
import msgspec
import pytest
from mcp import Client
from mcp.types import TextResourceContents

from jamie_base import server
from jamie_base.server import Blueprint, assemble
from jamie_base.settings import ServerSettings
from jamie_base.sources import Sources
from jamie_base.status import STATUS_URI, SourceStatus, Status
from jamie_base.toolset import Toolset


class Place:
    def __init__(self, name: str) -> None:
        self.name = name

    async def aclose(self) -> None:
        pass


async def probe(place: Place) -> SourceStatus:
    if place.name == "hanging":
        await anyio.sleep_forever()

    return SourceStatus(place.name, "place", "http://place", reachable=True)


async def test_a_backend_that_hangs_is_told_beside_one_that_answers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(server, "PROBE_SECONDS", 0.2)
    blueprint = Blueprint(
        name="jamie-base",
        title="Places",
        instructions="",
        toolset=Toolset(),
        sources=Sources("place", {name: lambda name=name: Place(name) for name in NAMES}),
        probe=probe,
    )
    async with Client(assemble(blueprint, ServerSettings(state_dir=tmp_path))) as client:
        (content,) = (await client.read_resource(STATUS_URI)).contents

    assert isinstance(content, TextResourceContents)
    status = msgspec.json.decode(content.text, type=Status)
    assert (status.server, status.mode) == ("jamie-base", "read")
    assert status.sources == (
        SourceStatus("hanging", "place", "", reachable=False, error="No answer within 0.2 s."),
        SourceStatus("answering", "place", "http://place", reachable=True),
    )


NAMES = ("hanging", "answering")
