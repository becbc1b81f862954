"""Health routes: alive, and ready with a word on each backend.

A server is ready while it serves, whatever its backends do: taking it out of service because one
of them is down would take the explanation away as well.
"""

import logging
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import msgspec
from anyio.abc import TaskGroup
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import MCPServerError
from mcp.types import InputRequiredResult
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import BaseRoute, Route

from jamie_base.caller import ITSELF, calling
from jamie_base.status import STATUS_URI, Status

PATIENCE_SECONDS = 0.8
"""How long a probe waits for news of the backends; a kubelet gives up after one second."""

FRESH_SECONDS = 5.0

PROBE_SECONDS = 30.0

_log = logging.getLogger(__name__)


class Health:
    """Answers /healthz and /readyz; asks the backends at most every five seconds, when asked."""

    def __init__(self, server: MCPServer[Any]) -> None:
        self._server = server
        self._backends: dict[str, str] = {}
        self._seen: float | None = None
        self._asking: anyio.Event | None = None
        self._group: TaskGroup | None = None

    @property
    def routes(self) -> list[BaseRoute]:
        """Return the two routes."""
        return [Route("/healthz", _alive), Route("/readyz", self._ready)]

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Let backends be asked inside this block."""
        async with anyio.create_task_group() as group:
            self._group = group
            yield
            self._group = None
            group.cancel_scope.cancel()

    async def _ready(self, _: Request) -> JSONResponse:
        if not self._fresh():
            with anyio.move_on_after(PATIENCE_SECONDS):
                await self._refreshed()

        return JSONResponse({"status": "ready", "backends": self._backends, **self._age()})

    def _fresh(self) -> bool:
        return self._seen is not None and time.monotonic() - self._seen < FRESH_SECONDS

    def _age(self) -> dict[str, float | None]:
        age = None if self._seen is None else round(time.monotonic() - self._seen, 1)

        return {"age_seconds": age}

    async def _refreshed(self) -> None:
        if self._asking is None and self._group is not None:
            self._asking = anyio.Event()
            self._group.start_soon(self._ask, self._asking)

        if self._asking is not None:
            await self._asking.wait()

    async def _ask(self, done: anyio.Event) -> None:
        try:
            with anyio.move_on_after(PROBE_SECONDS), calling(ITSELF):
                self._backends = await _backends(self._server)
                self._seen = time.monotonic()
        except MCPServerError:
            _log.exception("The backends' state cannot be told.")
        finally:
            self._asking = None
            done.set()


async def _alive(_: Request) -> PlainTextResponse:
    return PlainTextResponse("ok\n")


async def _backends(server: MCPServer[Any]) -> dict[str, str]:
    """Return `up` or `down` by the backends' names, from the server's own status resource."""
    found = await server.read_resource(STATUS_URI)
    if isinstance(found, InputRequiredResult):
        return {}

    status = msgspec.json.decode("".join(str(part.content) for part in found), type=Status)

    return {source.name: "up" if source.reachable else "down" for source in status.sources}
