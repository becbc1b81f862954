"""Every tool of every connected server, under one roof."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import anyio
import mcp.types as types
import msgspec
from mcp.client.session import ElicitationFnT
from mcp.shared.dispatcher import ProgressFnT

from jamie_host.answer import ToolAnswer, text_of
from jamie_host.connection import Connection
from jamie_host.errors import HostError
from jamie_host.names import Wired, name_tools, nearest
from jamie_host.policy import Word
from jamie_host.servers import Server

# What tokenisers make of JSON schemas, near enough to warn by.
BYTES_PER_TOKEN = 4


class Cost(msgspec.Struct, frozen=True):
    """What the tools of a server take of a model's attention."""

    tools: int
    bytes: int

    @property
    def tokens(self) -> int:
        """Estimate tokens."""
        return round(self.bytes / BYTES_PER_TOKEN)


class Toolbox:
    """The tools of all connections; what is down is a word in an answer, never a crash."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self.connections = {one.server.name: one for one in connections}

    async def settled(self) -> None:
        """Wait until every server has answered or failed, each within its own time."""
        async with anyio.create_task_group() as group:
            for one in self.connections.values():
                group.start_soon(one.settled)

    @property
    def names(self) -> dict[str, Wired]:
        """Tools by the name the model uses; those of a server that went down stay."""
        return name_tools(
            (server, tool) for server, one in self.connections.items() for tool in one.tools
        )

    def tool(self, name: str) -> types.Tool | None:
        """Look a tool up by the name the model uses."""
        found = self.names.get(name)
        return self.connections[found.server].tools.get(found.tool) if found else None

    def word(self, name: str) -> Word:
        """Return what a tool says of itself, and whether it is believed."""
        found = self.names.get(name)
        if found is None:
            return Word()
        one = self.connections[found.server]
        return Word(one.tools.get(found.tool), trusted=one.server.trusted, asks=one.link.asks)

    def gaps(self) -> dict[str, str]:
        """Say of every server that cannot be used now why not."""
        states = {name: one.state for name, one in self.connections.items()}
        return {
            name: state.reason or "still connecting"
            for name, state in states.items()
            if state.phase != "ready"
        }

    def cost(self, server: str) -> Cost:
        """Weigh a server's tools as they travel."""
        tools = self.connections[server].tools.values()
        return Cost(len(tools), sum(len(_wire(tool)) for tool in tools))

    async def call(
        self,
        name: str,
        arguments: dict[str, object],
        *,
        data: bool = False,
        progress: ProgressFnT | None = None,
    ) -> ToolAnswer:
        """Call a tool by the name the model uses; whatever goes wrong is in the answer."""
        started = time.monotonic()
        found = self.names.get(name)
        if found is None:
            return ToolAnswer(tool=name, text=self._unknown(name), is_error=True)
        connection = self.connections[found.server]
        try:
            result = await connection.call(found.tool, arguments, data=data, progress=progress)
        except HostError as exc:
            return ToolAnswer(
                tool=name,
                server=found.server,
                text=str(exc),
                is_error=True,
                seconds=time.monotonic() - started,
            )
        return ToolAnswer(
            tool=name,
            server=found.server,
            text=text_of(result),
            data=result.structured_content,
            is_error=bool(result.is_error),
            seconds=time.monotonic() - started,
        )

    def _unknown(self, name: str) -> str:
        near = nearest(name, self.names)
        hint = f"Did you mean {', '.join(near)}?" if near else "`jamie tools` lists what there is."
        gaps = "".join(f" {server} is not available: {why}." for server, why in self.gaps().items())
        return f"There is no tool {name!r}. {hint}{gaps}"


@contextlib.asynccontextmanager
async def open_toolbox(
    servers: Sequence[Server], logs: Path, *, elicit: ElicitationFnT | None = None
) -> AsyncGenerator[Toolbox]:
    """Start every connection at once and stop them together."""
    connections = [Connection(server, logs, elicit=elicit) for server in servers]
    release = asyncio.Event()

    async def hold(connection: Connection) -> None:
        async with connection.running():
            await release.wait()

    holders = [asyncio.create_task(hold(connection)) for connection in connections]
    try:
        yield Toolbox(connections)
    finally:
        release.set()
        with anyio.CancelScope(shield=True):
            await asyncio.gather(*holders)


def _wire(tool: types.Tool) -> bytes:
    found = tool.model_dump(mode="json", by_alias=True, exclude_none=True)
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode()
