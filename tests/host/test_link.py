"""The owner task of a connection."""

import asyncio
import os
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from jamie_host import link
from jamie_host.servers import Server
from jamie_host.toolbox import open_toolbox


def test_a_transport_that_swallows_its_cancellation_is_left_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connecting: list[anyio.Event] = []

    @asynccontextmanager
    async def deaf(*_: Any, **__: Any) -> AsyncGenerator[None]:
        connecting[0].set()
        try:
            await anyio.sleep_forever()
        except asyncio.CancelledError:
            # What the SDK's clients do when their transport dies at that moment.
            raise OSError("the transport died") from None
        yield

    async def connect_and_leave() -> None:
        connecting.append(anyio.Event())
        server = Server(name="deaf", transport="http", url="http://127.0.0.1:9/mcp")
        async with link.Link(server, tmp_path / "log").running():
            await connecting[0].wait()

    monkeypatch.setattr(link, "open_client", deaf)
    # In a thread of its own: leaving is shielded, so no deadline inside could end it.
    running = threading.Thread(target=lambda: anyio.run(connect_and_leave), daemon=True)
    running.start()
    running.join(10)

    assert not running.is_alive()


async def test_a_server_that_takes_its_time_to_end_is_not_left_running(
    tmp_path: Path, stdio_shop: Server
) -> None:
    slow = msgspec.structs.replace(stdio_shop, args=(*stdio_shop.args, "--slow-end", "1"))
    async with open_toolbox([slow], tmp_path) as box:
        await box.settled()
        pid = int((await box.call("shop_pid", {})).text)

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
