"""What a server says on stderr."""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from mcp import Client, StdioServerParameters, stdio_client

from tests.base.shelf import Era, text_of

CANARY = "hX7kq2pLw9ZtcDe4"

COMPLAINING = f"""
import logging
import sys
from pathlib import Path

from jamie_base import logs
from jamie_base.settings import ServerSettings

logs.prepare(ServerSettings(state_dir=Path(sys.argv[1]), log_level="DEBUG"))
logging.getLogger("httpx").info("GET %s", "http://bob:{CANARY}@cluster/api")
logging.getLogger("mcp.server.sse").debug("Received JSON: %s", b'{CANARY}')
logging.getLogger("httpcore.http11").debug("headers %r", [(b"Set-Cookie", b"{CANARY}")])
try:
    raise ValueError("password={CANARY}\\x1b[2J")
except ValueError:
    logging.getLogger("ours").exception("it failed")
"""


async def test_what_is_logged_holds_no_secrets(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COMPLAINING, str(tmp_path)]
    said = (await anyio.run_process(command)).stderr.decode()
    lines = said.splitlines()

    assert CANARY not in said
    assert lines[0].startswith("INFO httpx: GET http://bob:[redacted:")
    assert lines[1] == "ERROR ours: it failed"
    assert lines[-1].startswith("ValueError: password=[redacted:")
    assert "\x1b" not in said


async def test_a_defect_is_logged_without_what_it_quotes(tmp_path: Path, era: Era) -> None:
    async with broken(tmp_path, era) as client:
        answer = await client.call_tool("shelf_break", {})

    said = (tmp_path / "said").read_text()
    assert "hunter2" not in text_of(answer) + said
    assert "RuntimeError: password=[redacted:" in said


@asynccontextmanager
async def broken(folder: Path, era: Era) -> AsyncGenerator[Client]:
    """The shelf in a process of its own, what it says kept in a file."""
    code = (
        "from jamie_base.serve import serve; from jamie_base.settings import ServerSettings;"
        "from jamie_base.server import Blueprint, assemble; from jamie_base.sources import Sources;"
        "from tests.base.shelf import Shelf, probe, tools;"
        "serve(ServerSettings, lambda settings: assemble(Blueprint('jamie-base', 'Shelf', 'Jars.',"
        " tools, Sources('shelf', {'default': Shelf}), probe), settings), [])"
    )
    root = str(Path(__file__).parents[2])
    command = StdioServerParameters(
        command=sys.executable,
        args=["-c", code],
        env={"JAMIE_STATE_DIR": str(folder), "PYTHONPATH": root},
    )
    with (folder / "said").open("w") as said:
        async with Client(stdio_client(command, errlog=said), mode=era) as client:
            yield client
