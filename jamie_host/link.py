"""A standing wish to be connected to one server: connect, list tools, notice death, come back.

The task that enters an SDK client must leave it, and a dying transport cancels whoever is
inside, so one owner task holds the client and nobody else enters it.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Literal

import anyio
import mcp.types as types
import msgspec
from mcp import Client, MCPError
from mcp.client.session import ElicitationFnT
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost

from jamie_host.errors import ServerDownError
from jamie_host.outage import explain, last_words
from jamie_host.servers import Server
from jamie_host.transport import open_client

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 30.0
# Even a call in a hurry leaves a dying server this long before the next attempt.
BREATH_SECONDS = 0.2
# How long a call waits for a server that is coming back.
PATIENCE_SECONDS = 5.0
LISTEN_AGAIN_SECONDS = 30.0
# Longer than the SDK takes to end a process: it asks, waits, terminates, waits, kills and waits.
CANCEL_AGAIN_SECONDS = 8.0
# The extension of servers whose tools ask their user before they change anything.
ASKS = "jamie/consent"


class State(msgspec.Struct, frozen=True):
    """Whether a server can be used now, and in one line why not."""

    phase: Literal["connecting", "ready", "down"]
    reason: str = ""


class Link:
    """What is known of one server, kept true by the owner task inside `running`."""

    def __init__(self, server: Server, log: Path, elicit: ElicitationFnT | None = None) -> None:
        self.server = server
        self.log = log
        self.state = State("connecting")
        self.tools: dict[str, types.Tool] = {}
        self.protocol = ""
        self.version = ""
        self.asks = False
        self.generation = 0
        self._elicit = elicit
        self._client: Client | None = None
        self._failures = 0
        self._stopping = False
        self._changed = anyio.Event()
        self._hurry = anyio.Event()
        self._lost = anyio.Event()
        self._stale = anyio.Event()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Keep the connection alive inside the block."""
        if self.server.problem:
            self._enter(State("down", self.server.problem))
            yield
            return
        # Not a task group: a cancellation that leaks out of the SDK must not reach the others.
        owner = asyncio.create_task(self._own(), name=f"mcp:{self.server.name}")
        try:
            yield
        finally:
            self._stopping = True
            self._lost.set()
            with anyio.CancelScope(shield=True):
                # The SDK's scopes may take a cancellation for their own and swallow it. Once more
                # too soon would break into the SDK's ending a process, and leave that running.
                while not owner.done():
                    owner.cancel()
                    await asyncio.wait({owner}, timeout=CANCEL_AGAIN_SECONDS)

    async def settled(self) -> State:
        """Wait until the first attempt has come to an end, within the server's time."""
        with anyio.move_on_after(self.server.connect_timeout):
            while self.state.phase == "connecting":
                await self._changed.wait()
        return self.state if self.state.phase != "connecting" else State("down", self._too_slow())

    async def reach(self) -> Client:
        """Return a live client, waiting a little for one that is coming back.

        Raises ServerDownError.
        """
        failures = self._failures
        self._hurry.set()
        with anyio.move_on_after(PATIENCE_SECONDS):
            while self._client is None and self._failures == failures and not self.server.problem:
                await self._changed.wait()
        if self._client is None:
            raise ServerDownError(self.server.name, self.state.reason or self._too_slow())
        return self._client

    def lose(self, client: Client, reason: str) -> None:
        """Take note that a client is dead; one that was replaced meanwhile does not matter."""
        if self._client is client:
            self._client = None
            self._enter(State("down", reason))
            self._lost.set()

    def _enter(self, state: State) -> None:
        self.state = state
        self._changed.set()
        self._changed = anyio.Event()

    def _too_slow(self) -> str:
        return f"no answer within {self.server.connect_timeout:g} s"

    async def _own(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping:
            lived = await self._live_once()
            pause = FIRST_PAUSE_SECONDS if lived else min(pause * 2, LONGEST_PAUSE_SECONDS)
            await self._rest(pause * random.uniform(0.8, 1.2))

    async def _live_once(self) -> bool:
        """Hold one connection until it is lost; leave the reason behind.

        Returns whether it had come up at all.
        """
        generation = self.generation
        said = self.log.stat().st_size if self.log.exists() else 0
        reason = "the connection was lost"
        try:
            await self._hold()
        except asyncio.CancelledError:
            # The SDK's scopes take our cancellation off the task's count, hence the flag.
            if self._stopping:
                raise
            # Nobody cancelled us: the SDK's own scope did, because its transport died.
        except TimeoutError:
            reason = self._too_slow() + last_words(self.log, said)
        except (Exception, BaseExceptionGroup) as exc:
            # The owner must outlive whatever a transport throws; the reason is kept.
            reason = explain(exc) + last_words(self.log, said)
        self._client = None
        lived = self.generation > generation
        self._failures += not lived
        # Whoever lost it on a call has said why already.
        known = self.state.reason if lived and self.state.phase == "down" else reason
        self._enter(State("down", known))
        return lived

    async def _hold(self) -> None:
        self._lost = anyio.Event()
        wire = open_client(self.server, self.log, elicit=self._elicit, on_message=self._heard)
        async with contextlib.AsyncExitStack() as stack:
            async with asyncio.timeout(self.server.connect_timeout):
                client = await stack.enter_async_context(wire)
                self.tools = await _all_tools(client)
            self._welcome(client)
            async with anyio.create_task_group() as group:
                group.start_soon(self._listen, client)
                group.start_soon(self._keep_listing, client)
                await self._lost.wait()
                group.cancel_scope.cancel()

    def _welcome(self, client: Client) -> None:
        self._client = client
        self.protocol = client.protocol_version
        self.asks = ASKS in (client.server_capabilities.extensions or {})
        self.version = client.server_info.version if client.server_info else ""
        self.generation += 1
        self._enter(State("ready"))

    async def _heard(self, message: types.ServerNotification | Exception) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            self._stale.set()

    async def _listen(self, client: Client) -> None:
        """Ask a server of the newer era to say when its tools change."""
        while True:
            try:
                async with client.listen(tools_list_changed=True) as changes:
                    # What changed before we listened was said to nobody.
                    self._stale.set()
                    async for _ in changes:
                        self._stale.set()
            except (ListenNotSupportedError, MCPError, TimeoutError):
                return
            except SubscriptionLost:
                # Listing finds out whether the server is alive.
                self._stale.set()
            await anyio.sleep(LISTEN_AGAIN_SECONDS)

    async def _keep_listing(self, client: Client) -> None:
        """List the tools again whenever they may have changed."""
        while True:
            await self._stale.wait()
            self._stale = anyio.Event()
            self.tools = await _all_tools(client)
            self._enter(self.state)

    async def _rest(self, seconds: float) -> None:
        """Wait before the next attempt, but not when somebody is calling."""
        self._hurry = anyio.Event()
        await anyio.sleep(min(BREATH_SECONDS, seconds))
        with anyio.move_on_after(max(0.0, seconds - BREATH_SECONDS)):
            await self._hurry.wait()


async def _all_tools(client: Client) -> dict[str, types.Tool]:
    found: dict[str, types.Tool] = {}
    cursor: str | None = None
    while True:
        page = await client.list_tools(cursor=cursor, cache_mode="refresh")
        found |= {tool.name: tool for tool in page.tools}
        cursor = page.next_cursor
        if not cursor:
            return found
