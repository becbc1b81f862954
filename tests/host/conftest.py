"""Real servers for the host's tests: stdio children, HTTP and SSE processes on loopback."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import anyio
import pytest

from jamie_host.servers import Server
from jamie_host.toolbox import Toolbox, open_toolbox

SHOP = Path(__file__).parent / "players" / "shop.py"
DEADLINE_SECONDS = 30

Jamie = Callable[..., "subprocess.CompletedProcess[str]"]
OpenBox = Callable[..., AbstractAsyncContextManager[Toolbox]]


class Process:
    """A shop on a port of its own, that can be killed and started again at the same address."""

    def __init__(self, transport: str, log: Path) -> None:
        self.transport = transport
        self.log = log
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/{'mcp' if transport == 'http' else 'sse'}"
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until somebody listens."""
        with self.log.open("ab") as log:
            command = [sys.executable, str(SHOP), self.transport, str(self.port)]
            self._child = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not listens(self.port):
            assert time.monotonic() < deadline, self.log.read_text()

    def kill(self) -> None:
        """Kill it without a word."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition; the test fails when it does not come true."""
    with anyio.fail_after(DEADLINE_SECONDS):
        while not await condition():  # noqa: ASYNC110  # what is waited for knows no event
            await anyio.sleep(0.01)


@pytest.fixture
def eventually() -> Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]:
    return until


@pytest.fixture
def stdio_shop() -> Server:
    return Server(
        name="shop",
        transport="stdio",
        command=sys.executable,
        args=(str(SHOP), "stdio"),
        trusted=True,
        connect_timeout=DEADLINE_SECONDS,
    )


@pytest.fixture
def process(tmp_path: Path) -> Generator[Callable[[str], Process]]:
    """Start shops over a transport; all are killed in the end."""
    started: list[Process] = []

    def start(transport: str) -> Process:
        one = Process(transport, tmp_path / f"{transport}{len(started)}.log")
        one.start()
        started.append(one)
        return one

    yield start
    for one in started:
        one.kill()


@pytest.fixture
def toolbox(tmp_path: Path) -> OpenBox:
    """Open a toolbox over servers, settled."""

    @asynccontextmanager
    async def opened(*servers: Server) -> AsyncGenerator[Toolbox]:
        async with open_toolbox(servers, tmp_path / "logs") as box:
            await box.settled()
            yield box

    return opened


@pytest.fixture
def jamie(tmp_path: Path) -> Jamie:
    """Run the real command in an empty folder, without the installed servers."""

    def run(
        *words: str, files: Mapping[str, str] | None = None, stdin: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        for name, text in (files or {}).items():
            (home / name).write_text(text)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("JAMIE_", "XDG_"))}
        environment = clean | {
            "HOME": str(home),
            "JAMIE_INSTALLED": "false",
            "JAMIE_STATE_DIR": str(tmp_path / "state"),
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }
        return subprocess.run(
            [sys.executable, "-m", "jamie_host", *words],
            cwd=home,
            env=environment | variables,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def shop_toml() -> str:
    """A `jamie.toml` with the shop in it, trusted."""
    return (
        f"[servers.shop]\ncommand = '{sys.executable}'\n"
        f"args = ['{SHOP}', 'stdio']\ntrust = true\nconnect_timeout = 30\n"
    )


@pytest.fixture
def model() -> Generator[Callable[..., Any]]:
    """Start scripted models (see players/model.py); all stop in the end."""
    path = Path(__file__).parent / "players" / "model.py"
    spec = spec_from_file_location("jamie_test_model", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    with ExitStack() as stack:

        def start(*script: Any) -> Any:
            return stack.enter_context(module.Player(script))

        yield start
