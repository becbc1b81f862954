"""Servers on loopback that say exactly what a test wants, byte by byte."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import anyio.abc

Stream = anyio.abc.SocketStream
Serve = Callable[[Stream, bytes], Awaitable[None]]
"""Answers one connection, given the first bytes of its request."""


@asynccontextmanager
async def listening(serve: Serve, port: int = 0) -> AsyncGenerator[str]:
    """Run `serve` for each connection on a port of its own or this one, and give the URL."""

    async def handle(stream: Stream) -> None:
        async with stream:
            try:
                await serve(stream, await stream.receive())
            except (anyio.BrokenResourceError, anyio.EndOfStream, anyio.ClosedResourceError):
                return

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, handle)
        yield f"http://127.0.0.1:{port}"
        group.cancel_scope.cancel()
