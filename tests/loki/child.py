"""The server as a host runs it: a child spoken to over stdio."""

import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from mcp import StdioServerParameters
from mcp.client import Client

from jamie_lab import LabState


@asynccontextmanager
async def child(
    lab: LabState, state: Path, mode: Literal["auto", "legacy"] = "auto"
) -> AsyncGenerator[Client]:
    """Run the server for the lab's Loki."""
    environment = {
        "PATH": os.environ["PATH"],
        "JAMIE_STATE_DIR": str(state),
        "JAMIE_LOKI_URL": lab.loki.url,
    }
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "jamie_loki"], env=environment
    )
    async with Client(command, mode=mode) as client:
        yield client
