"""Serving over stdin and stdout, and ending whenever the client has gone."""

import atexit
import os
import select
import signal
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any

import anyio
from mcp.server import MCPServer

GRACE_SECONDS = 0.5


async def run(server: MCPServer[Any]) -> None:
    """Serve until stdin ends, stdout is closed or a signal says stop."""
    if sys.platform == "win32":
        await server.run_stdio_async()
        return

    done = threading.Event()
    # The receiver comes first: what `_watch` raises must find it.
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with anyio.create_task_group() as group:
            group.start_soon(_stop_on_signal, signals, group.cancel_scope)
            _watch(os.dup(1), done)
            await server.run_stdio_async()
            done.set()
            group.cancel_scope.cancel()


def quieten() -> None:
    """Send what imports printed to stderr: it would be the first line a client reads."""
    if sys.stdout.fileno() != 1 or sys.platform == "win32":
        return

    wire = os.dup(1)
    os.dup2(2, 1)
    sys.stdout.flush()
    os.dup2(wire, 1)
    os.close(wire)


async def _stop_on_signal(signals: AsyncIterator[signal.Signals], scope: anyio.CancelScope) -> None:
    async for _ in signals:
        # Calls are cancelled and backends closed at once. The thread that reads stdin cannot be
        # woken while the client keeps it open, so the process does not wait for it.
        timer = threading.Timer(GRACE_SECONDS, _leave)
        timer.daemon = True
        timer.start()
        scope.cancel()


def _watch(wire: int, done: threading.Event) -> None:
    """Stop when nobody reads our answers any more, though stdin may still be held open."""
    poll = select.poll()
    poll.register(wire, 0)

    def wait() -> None:
        poll.poll()
        if not done.is_set():
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def _leave() -> None:
    atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage]  # os._exit skips them
    os._exit(0)
