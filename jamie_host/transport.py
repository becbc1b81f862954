"""Wires to a server: stdio, SSE and streamable HTTP, fresh for each attempt."""

import contextlib
import os
from collections.abc import AsyncGenerator
from importlib.metadata import version
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2
import mcp.types as types
import msgspec
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client.session import ElicitationFnT, MessageHandlerFnT
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from jamie_host.servers import Server

UNREACHABLE = "server unreachable"
# An event stream is silent for long while a tool works; the call has its own deadline.
HTTP_TIMEOUT = httpx2.Timeout(30, read=300)
LOG_BYTES = 1_000_000


class SoftTransport(httpx2.AsyncBaseTransport):
    """Turn a failed connection into an error response.

    The SDK then fails that one request; otherwise it cancels everything on the client.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self.inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; answer 503 with a JSON-RPC error when nobody is there."""
        try:
            return await self.inner.handle_async_request(request)
        except httpx2.TransportError as exc:
            return _no_answer(request, exc)

    async def aclose(self) -> None:
        """Close the pool below."""
        await self.inner.aclose()


class _Asked(msgspec.Struct):
    id: int | str | None = None


def _no_answer(request: httpx2.Request, exc: httpx2.TransportError) -> httpx2.Response:
    asked = _Asked()
    with contextlib.suppress(msgspec.MsgspecError, httpx2.RequestNotRead):
        asked = msgspec.json.decode(request.content, type=_Asked)
    reason = f"{UNREACHABLE}: {str(exc) or type(exc).__name__}"
    error = {"code": types.CONNECTION_CLOSED, "message": reason}
    body = {"jsonrpc": "2.0", "id": asked.id, "error": error}
    return httpx2.Response(503, json=body, request=request)


@contextlib.asynccontextmanager
async def open_client(
    server: Server,
    log: Path,
    *,
    elicit: ElicitationFnT | None,
    on_message: MessageHandlerFnT,
) -> AsyncGenerator[Client]:
    """Connect one client; what a child says on stderr goes to the log."""
    async with contextlib.AsyncExitStack() as stack:
        if server.transport == "stdio":
            wire = stdio_client(_parameters(server), errlog=stack.enter_context(_opened(log)))
        elif server.transport == "sse":
            wire = sse_client(
                server.url, headers=server.headers, timeout=HTTP_TIMEOUT.connect or 30
            )
        else:
            http = await stack.enter_async_context(_http(server))
            # No cap on an event: the answer is bounded where it is used.
            wire = streamable_http_client(server.url, http_client=http, max_sse_event_size=None)
        client = Client(
            wire,
            mode=server.mode,
            read_timeout_seconds=server.call_timeout,
            elicitation_callback=elicit,
            message_handler=on_message,
            client_info=types.Implementation(name="jamie", version=version("jamie-host")),
        )
        yield await stack.enter_async_context(client)


def _http(server: Server) -> httpx2.AsyncClient:
    transport = SoftTransport(httpx2.AsyncHTTPTransport(proxy=_proxy(server.url)))
    return httpx2.AsyncClient(transport=transport, headers=server.headers, timeout=HTTP_TIMEOUT)


def _proxy(url: str) -> str | None:
    """Find the proxy the environment names for a URL; httpx2 does so only for its own transport."""
    parts = urlsplit(url)
    proxies = getproxies()
    if parts.hostname and proxy_bypass(parts.hostname):
        return None
    return proxies.get(parts.scheme) or proxies.get("all")


def _parameters(server: Server) -> StdioServerParameters:
    return StdioServerParameters(
        command=server.command, args=list(server.args), env=server.env, cwd=server.cwd or None
    )


def _opened(log: Path) -> TextIO:
    """Open a child's log for appending, readable by its owner only; keep one old one."""
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    return os.fdopen(os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "a")
