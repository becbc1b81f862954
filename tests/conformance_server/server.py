"""A server on our own runner and toolset that offers what the conformance suite asks for.

The suite's text tools go through the toolset like any tool of ours. What a tool of ours never does
(images, questions in the middle of a call, prompts) is registered with the SDK beside them.
"""

import sys
from functools import partial
from typing import Annotated

import anyio
import asking
import contents
import msgspec
from mcp.server import MCPServer
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from jamie_base.desk import Desk
from jamie_base.errors import BackendError
from jamie_base.plan import Binding, Outcome, Plan
from jamie_base.serve import serve
from jamie_base.server import Blueprint, assemble
from jamie_base.settings import ServerSettings
from jamie_base.sources import Sources
from jamie_base.status import SourceStatus
from jamie_base.toolset import INJECTED, Toolset


class Settings(ServerSettings):
    """Serve the conformance suite."""

    model_config = SettingsConfigDict(env_prefix="JAMIE_BASE_")

    backends: str = "up"
    """Backends to have, each named after how it behaves: up, down, slow; comma separated."""


class Place:
    """A backend that says when it is let go."""

    def __init__(self, behaviour: str) -> None:
        self.behaviour = behaviour

    async def aclose(self) -> None:
        sys.stderr.write(f"let go of {self.behaviour}\n")
        sys.stderr.flush()


class Text(msgspec.Struct, frozen=True):
    text: str


def show(text: Text) -> str:
    return text.text


tools = Toolset()

Backend = Annotated[Place, INJECTED]
Seconds = Annotated[float, Field(ge=0, le=600, description="How long to take.")]


@tools.reads(show)
async def test_simple_text(place: Backend) -> Text:
    """Answer with a simple text."""
    return Text("This is a simple text response for testing.")


@tools.reads(show)
async def test_error_handling(place: Backend) -> Text:
    """Fail on purpose."""
    raise BackendError("This tool intentionally returns an error for testing")


@tools.reads(show)
async def test_wait(place: Backend, seconds: Seconds = 60) -> Text:
    """Take a while."""
    await anyio.sleep(seconds)

    return Text(f"Waited {seconds:g} s.")


async def act(place: Place, plan: Plan) -> Outcome:
    return Outcome("written", verified=True)


@tools.writes(act)
async def test_write(place: Backend) -> Plan:
    """Change something that does not exist."""
    return Plan("write", Binding("thing/one", "uid", 1, {}, b"{}"))


async def probe(place: Place) -> SourceStatus:
    if place.behaviour == "slow":
        await anyio.sleep(600)

    return SourceStatus(place.behaviour, "place", "", reachable=place.behaviour == "up")


def build(settings: Settings) -> MCPServer[Desk[Place]]:
    makers = {name: partial(Place, name) for name in settings.backends.split(",")}
    blueprint = Blueprint(
        name="jamie-base",
        title="Conformance",
        instructions="For tests only.",
        toolset=tools,
        sources=Sources("place", makers),
        probe=probe,
    )
    server = assemble(blueprint, settings)
    contents.register(server)
    asking.register(server)

    return server


if __name__ == "__main__":
    print("printed while importing")  # noqa: T201  # a client must never read this line
    serve(Settings, build)
