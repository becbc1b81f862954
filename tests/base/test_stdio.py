"""Serving over stdio: the wire stays clean, and the process ends when its client has gone."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import Process

SERVER = Path(__file__).parents[1] / "conformance_server" / "server.py"

ENDS_WITHIN_SECONDS = 10

INITIALIZE = {
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}

Child = Callable[[], AbstractAsyncContextManager[Process]]


@pytest.fixture
def child(tmp_path: Path) -> Child:
    env = {**os.environ, "JAMIE_STATE_DIR": str(tmp_path), "PYTHONUNBUFFERED": ""}

    @asynccontextmanager
    async def child() -> AsyncGenerator[Process]:
        command = [sys.executable, str(SERVER)]
        async with await anyio.open_process(command, stderr=subprocess.PIPE, env=env) as process:
            try:
                yield process
            finally:
                if process.returncode is None:
                    process.kill()

    return child


async def send(process: Process, **message: Any) -> None:
    assert process.stdin
    await process.stdin.send(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")


async def received(process: Process) -> dict[str, Any]:
    assert process.stdout
    line = b""
    while not line.endswith(b"\n"):
        line += await process.stdout.receive()

    return json.loads(line)


async def greet(process: Process) -> dict[str, Any]:
    await send(process, id=1, **INITIALIZE)
    answer = await received(process)
    await send(process, method="notifications/initialized")

    return answer


async def start_waiting(process: Process) -> None:
    """Call a tool that takes a minute, and return when it has begun."""
    params = {"name": "test_wait", "arguments": {}, "_meta": {"progressToken": 1}}
    await send(process, id=2, method="tools/call", params=params)
    assert (await received(process))["method"] == "notifications/progress"


async def ended(process: Process) -> tuple[int, str]:
    assert process.stderr
    with anyio.fail_after(ENDS_WITHIN_SECONDS):
        said = b"".join([chunk async for chunk in process.stderr])
        return await process.wait(), said.decode()


async def terminate(process: Process) -> None:
    process.terminate()


async def interrupt(process: Process) -> None:
    process.send_signal(signal.SIGINT)


async def end_input(process: Process) -> None:
    assert process.stdin
    await process.stdin.aclose()


async def test_what_imports_print_never_reaches_the_client(child: Child) -> None:
    async with child() as process:
        answer = await greet(process)
        await end_input(process)
        _, said = await ended(process)

    assert answer["result"]["serverInfo"]["name"] == "jamie-base"
    assert "printed while importing" in said


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "in a call"])
@pytest.mark.parametrize("leave", [terminate, interrupt, end_input])
async def test_it_ends_and_lets_go_of_its_backends(
    child: Child, leave: Callable[[Process], Any], *, busy: bool
) -> None:
    async with child() as process:
        await greet(process)
        if busy:
            await start_waiting(process)
        await leave(process)
        code, said = await ended(process)

    assert code == 0
    assert "Traceback" not in said
    assert said.rstrip().endswith("let go of up") is busy


@pytest.mark.parametrize("input_too", [False, True], ids=["stdout", "stdout and stdin"])
def test_it_ends_when_nobody_reads_its_answers(tmp_path: Path, *, input_too: bool) -> None:
    # anyio keeps a child's pipe open until the child ends; this needs one that closes.
    process = subprocess.Popen(
        [sys.executable, str(SERVER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "JAMIE_STATE_DIR": str(tmp_path), "PYTHONUNBUFFERED": ""},
    )
    assert process.stdin
    assert process.stdout
    try:
        hello = json.dumps({"jsonrpc": "2.0", "id": 1, **INITIALIZE})
        process.stdin.write(hello.encode() + b"\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.stdout.close()
        if input_too:
            process.stdin.close()

        assert process.wait(ENDS_WITHIN_SECONDS) == 0
    finally:
        process.kill()
        process.stdin.close()
        process.wait()


@pytest.mark.parametrize("junk", [b"\n", b"{}\n", b"not json\n", b"\xff\xfe\n", b"[1]\n"])
async def test_junk_on_stdin_is_survived(child: Child, junk: bytes) -> None:
    async with child() as process:
        await greet(process)
        assert process.stdin
        await process.stdin.send(junk)
        await send(process, id=7, method="ping")
        answer = await received(process)
        while "id" not in answer:
            answer = await received(process)

    assert answer == {"jsonrpc": "2.0", "id": 7, "result": {}}
