"""Calls to one server: each in a task of its own, within limits, repeated only when harmless."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar

import anyio
import mcp.types as types
from mcp import Client, MCPError
from mcp.client.session import ElicitationFnT
from mcp.shared.dispatcher import ProgressFnT
from pydantic import ValidationError

from jamie_host.errors import CallError, ServerDownError
from jamie_host.link import Link, State
from jamie_host.outage import LostError, explain, is_lost
from jamie_host.servers import Server

Answer = TypeVar("Answer")
Request = Callable[[Client], Coroutine[None, None, Answer]]

DATA_KEY = "jamie/data"


class Connection:
    """One server, as the toolbox uses it."""

    def __init__(self, server: Server, logs: Path, *, elicit: ElicitationFnT | None = None) -> None:
        self.server = server
        self.link = Link(server, logs / f"{server.name}.log", elicit)
        self._slots = anyio.Semaphore(server.concurrency)

    @property
    def state(self) -> State:
        """Whether it can be used now."""
        return self.link.state

    @property
    def tools(self) -> dict[str, types.Tool]:
        """Its tools by the server's own names, as last listed."""
        return self.link.tools

    def running(self) -> AbstractAsyncContextManager[None]:
        """Keep the connection alive inside the block."""
        return self.link.running()

    async def settled(self) -> State:
        """Wait until the first attempt has come to an end."""
        return await self.link.settled()

    async def call(
        self,
        tool: str,
        arguments: dict[str, object],
        *,
        data: bool = False,
        progress: ProgressFnT | None = None,
    ) -> types.CallToolResult:
        """Call a tool; one that only reads is repeated once when the server died under it.

        Raises ServerDownError, CallError.
        """
        meta: types.RequestParamsMeta = {}
        if data:
            meta[DATA_KEY] = True  # pyright: ignore[reportGeneralTypeIssues]  # names its own keys only

        async def request(client: Client) -> types.CallToolResult:
            return await client.call_tool(
                tool, arguments, progress_callback=progress, meta=meta or None
            )

        async with self._slots:
            return await self._ask(request, tool, again=self._only_reads(tool))

    async def read(self, uri: str) -> str:
        """Read a resource as text.

        Raises ServerDownError, CallError.
        """

        async def request(client: Client) -> str:
            parts = (await client.read_resource(uri)).contents
            return "\n".join(p.text for p in parts if isinstance(p, types.TextResourceContents))

        return await self._ask(request, uri, again=True)

    async def _ask(self, request: Request[Answer], what: str, *, again: bool) -> Answer:
        client = await self.link.reach()
        try:
            return await self._attempt(request(client), what)
        except LostError as lost:
            self.link.lose(client, str(lost))
            if again:
                return await self._ask(request, what, again=False)
            raise ServerDownError(self.server.name, self._unsure(what, lost)) from lost

    async def _attempt(self, request: Coroutine[None, None, Answer], what: str) -> Answer:
        try:
            return await _in_its_own_task(request)
        except MCPError as exc:
            if is_lost(exc):
                raise LostError(explain(exc)) from exc
            raise CallError(self._refusal(exc, what)) from exc
        except (ValidationError, RuntimeError) as exc:
            text = f"{self.server.name} answered {what} with something that breaks the protocol"
            raise CallError(f"{text}: {explain(exc)}") from exc

    def _unsure(self, what: str, lost: LostError) -> str:
        if self._only_reads(what) or what not in self.tools:
            return str(lost)
        return f"{lost} during {what}; it may or may not have been done, and was not repeated"

    def _refusal(self, exc: MCPError, what: str) -> str:
        if exc.code == types.REQUEST_TIMEOUT:
            limit = f"{self.server.call_timeout:g} s"
            return f"{what} took over {limit}; ask for less, or raise call_timeout."
        return f"{self.server.name} refused {what}: {exc.message}"

    def _only_reads(self, tool: str) -> bool:
        notes = self.tools[tool].annotations if tool in self.tools else None
        return self.server.trusted and bool(notes and notes.read_only_hint)


async def _in_its_own_task(request: Coroutine[None, None, Answer]) -> Answer:
    """Run a request where a dying transport can cancel nobody but it.

    Raises LostError when that happens; our own cancellation is passed on.
    """
    task = asyncio.create_task(request)
    try:
        await asyncio.wait({task})
    finally:
        if not task.done():
            task.cancel()
            # The SDK tells the server; a second is plenty, and nobody may cut it short.
            with anyio.CancelScope(shield=True):
                await asyncio.wait({task}, timeout=1)
    if task.cancelled():
        raise LostError("the connection was lost")
    return task.result()
