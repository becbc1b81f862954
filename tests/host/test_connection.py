"""Connections to real servers that come, go, hang and lie."""

import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal

import anyio
import msgspec
import pytest

from jamie_host.servers import Server
from jamie_host.toolbox import Toolbox

OpenBox = Callable[..., AbstractAsyncContextManager[Toolbox]]
Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]
StartProcess = Callable[[str], Any]
Mode = Literal["auto", "legacy"]


def child(name: str, code: str, **given: Any) -> Server:
    return Server(name=name, transport="stdio", command=sys.executable, args=("-c", code), **given)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_killed_stdio_server_is_back_within_the_next_read(
    toolbox: OpenBox, stdio_shop: Server, mode: Mode
) -> None:
    async with toolbox(msgspec.structs.replace(stdio_shop, mode=mode)) as box:
        before = await box.call("shop_pid", {})
        burnt = await box.call("shop_burn", {})
        after = await box.call("shop_pid", {})

    assert burnt.is_error
    assert "may or may not have been done, and was not repeated" in burnt.text
    assert not after.is_error, after.text
    assert after.text != before.text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_a_restarted_network_server_is_found_again(
    toolbox: OpenBox,
    process: StartProcess,
    eventually: Eventually,
    transport: Literal["http", "sse"],
    mode: Mode,
) -> None:
    shop = process(transport)
    server = Server(name="shop", transport=transport, url=shop.url, mode=mode, trusted=True)
    async with toolbox(server) as box:
        before = await box.call("shop_pid", {})
        shop.kill()
        down = await box.call("shop_pid", {})
        shop.start()

        async def is_back() -> bool:
            return not (await box.call("shop_pid", {})).is_error

        await eventually(is_back)
        after = await box.call("shop_pid", {})

    assert not before.is_error, before.text
    assert down.is_error
    assert down.text.startswith("shop is not available: ")
    assert "\n" not in down.text
    assert after.text != before.text


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_a_server_that_dies_during_a_call_fails_that_call_only(
    toolbox: OpenBox, process: StartProcess, stdio_shop: Server, transport: Literal["http", "sse"]
) -> None:
    shop = process(transport)
    server = Server(name="net", transport=transport, url=shop.url)
    async with toolbox(server, stdio_shop) as box:
        texts: list[str] = []

        on_its_way = anyio.Event()

        async def hear(progress: float, total: float | None, message: str | None) -> None:
            on_its_way.set()

        async def wait() -> None:
            answer = await box.call("net__shop_wait", {"seconds": 60}, progress=hear)
            texts.append(answer.text)

        async with anyio.create_task_group() as group:
            group.start_soon(wait)
            await on_its_way.wait()
            shop.kill()
        other = await box.call("shop__shop_echo", {"text": "still here"})

    assert texts[0].startswith("net is not available: ")
    assert other.text == "still here"


async def test_every_broken_server_is_one_line_and_the_good_one_works(
    toolbox: OpenBox, stdio_shop: Server
) -> None:
    servers = [
        stdio_shop,
        Server(name="nowhere", transport="http", url="http://127.0.0.1:9/mcp"),
        Server(name="nosse", transport="sse", url="http://127.0.0.1:9/sse"),
        Server(name="nocommand", transport="stdio", command="no-such-command-here"),
        child("quitter", "raise SystemExit('no configuration found')"),
        child("junk", "print('hello');import time;time.sleep(60)", connect_timeout=2),
        child("hangs", "import time;time.sleep(60)", connect_timeout=2),
        Server(name="unset", transport="stdio", problem="not started: X is not set"),
    ]
    started = time.monotonic()
    async with toolbox(*servers) as box:
        settled = time.monotonic() - started
        answer = await box.call("shop_echo", {"text": "fine"})
        states = {name: await one.settled() for name, one in box.connections.items()}

    reasons = {name: state.reason for name, state in states.items() if state.phase == "down"}
    assert answer.text == "fine"
    assert settled < 20
    assert "no-such-command-here was not found" in reasons["nocommand"]
    assert "no configuration found" in reasons["quitter"]
    assert "server unreachable" in reasons["nowhere"]
    assert "no answer within 2 s" in reasons["hangs"]
    assert "no answer within 2 s" in reasons["junk"]
    assert reasons["unset"] == "not started: X is not set"
    assert set(reasons) == set(box.connections) - {"shop"}
    assert not any("\n" in reason for reason in reasons.values())


async def test_a_slow_answer_ends_at_the_deadline_and_the_server_stays(
    toolbox: OpenBox, stdio_shop: Server
) -> None:
    impatient = msgspec.structs.replace(stdio_shop, call_timeout=0.5)
    async with toolbox(impatient) as box:
        slow = await box.call("shop_wait", {"seconds": 30})
        next_one = await box.call("shop_echo", {"text": "next"})

    assert slow.is_error
    assert slow.text == "shop_wait took over 0.5 s; ask for less, or raise call_timeout."
    assert next_one.text == "next"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_server_that_grows_a_tool_is_listed_again(
    toolbox: OpenBox, stdio_shop: Server, eventually: Eventually, mode: Mode
) -> None:
    async with toolbox(msgspec.structs.replace(stdio_shop, mode=mode)) as box:
        assert "shop_new" not in box.names
        await box.call("shop_grow", {})

        async def is_listed() -> bool:
            return "shop_new" in box.names

        await eventually(is_listed)
        answer = await box.call("shop_new", {})

    assert answer.text == "new"


async def test_calls_run_at_the_same_time_but_not_more_than_allowed(
    toolbox: OpenBox, stdio_shop: Server
) -> None:
    async def seconds_for(concurrency: int) -> float:
        async with toolbox(msgspec.structs.replace(stdio_shop, concurrency=concurrency)) as box:
            started = time.monotonic()
            async with anyio.create_task_group() as group:
                half: dict[str, object] = {"seconds": 0.5}
                for _ in range(4):
                    group.start_soon(box.call, "shop_wait", half)
            return time.monotonic() - started

    assert await seconds_for(1) >= 2.0
    assert await seconds_for(4) < 2.0


async def test_progress_reaches_the_caller(toolbox: OpenBox, stdio_shop: Server) -> None:
    heard: list[str | None] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append(message)

    async with toolbox(stdio_shop) as box:
        await box.call("shop_wait", {"seconds": 0.1}, progress=hear)

    assert heard == ["waiting"]


async def test_data_comes_when_asked_for(toolbox: OpenBox, stdio_shop: Server) -> None:
    async with toolbox(stdio_shop) as box:
        asked = await box.call("shop_stock", {"item": "tea"}, data=True)
        plain = await box.call("shop_stock", {"item": "tea"})

    assert asked.data == {"item": "tea", "count": 3}
    assert plain.data == {"item": "", "count": 0}
    assert asked.text == plain.text


async def test_what_a_child_says_on_stderr_is_logged_for_its_owner_only(
    toolbox: OpenBox, stdio_shop: Server
) -> None:
    async with toolbox(stdio_shop) as box:
        log = box.connections["shop"].link.log

    assert "the shop opens" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


async def test_cancelling_a_call_leaves_the_connection_usable(
    toolbox: OpenBox, stdio_shop: Server
) -> None:
    async with toolbox(stdio_shop) as box:
        with anyio.move_on_after(0.3) as scope:
            await box.call("shop_wait", {"seconds": 60})
        generation = box.connections["shop"].link.generation
        answer = await box.call("shop_echo", {"text": "here"})

    assert scope.cancelled_caught
    assert answer.text == "here"
    assert generation == 1
