"""The server as a host runs it: a child process that speaks over stdio."""

import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters

from tests.kubernetes.conftest import WITH_DATA, Mode, text_of
from tests.kubernetes.wire import Json
from tests.kubernetes.writable import User

SERVER = ("-m", "jamie_kubernetes")


def later(seconds: int) -> Sequence[str]:
    """A server whose clock is ahead: nobody has to wait until what was made just now is late."""
    return (
        "-c",
        f"import time; now = time.time_ns; time.time_ns = lambda: now() + {seconds} * 10**9;"
        "from jamie_kubernetes.server import main; main()",
    )


@asynccontextmanager
async def child(
    kubeconfig: str | Path,
    state: Path,
    mode: Mode = "auto",
    user: User | None = None,
    command: Sequence[str] = SERVER,
    **environment: str,
) -> AsyncGenerator[Client]:
    """Start the server with a kubeconfig, and connect to it, as a client with a user or none."""
    variables = {"KUBECONFIG": str(kubeconfig), "JAMIE_STATE_DIR": str(state), **environment}
    parameters = StdioServerParameters(command=sys.executable, args=[*command], env=variables)
    async with Client(parameters, mode=mode, elicitation_callback=user) as client:
        yield client


async def ask(client: Client, tool: str, **arguments: Any) -> str:
    """Call a tool and return its text; an error is text too, marked."""
    return text_of(await client.call_tool(tool, arguments))


async def data_of(client: Client, tool: str, **arguments: Any) -> Json:
    """Call a tool and return its data."""
    result = await client.call_tool(tool, arguments, meta=WITH_DATA)
    assert not result.is_error, result.content
    assert result.structured_content is not None

    return result.structured_content
