"""The lab's API server behind a gateway that breaks it for one test, and for nobody else."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import httpx
from mcp import Client

from jamie_lab import LabState
from jamie_lab.kube import tls
from jamie_lab.paths import folders
from tests.kubernetes.child import child
from tests.kubernetes.conftest import Mode
from tests.kubernetes.gateway import Exchange, Fault, Gateway, gateway
from tests.kubernetes.wire import dumps, kubeconfig


@asynccontextmanager
async def lab_door(lab: LabState) -> AsyncGenerator[Gateway]:
    """Open a gateway to the lab's API server, whose clients are its administrator."""
    backend = httpx.AsyncHTTPTransport(verify=tls(folders()), limits=httpx.Limits())
    async with gateway(backend, lab.kubernetes.url) as door:
        yield door


@asynccontextmanager
async def behind(
    door: Gateway, folder: Path, mode: Mode = "auto", **environment: str
) -> AsyncGenerator[Client]:
    """Start the server with a kubeconfig that leads to the gateway, and connect to it."""
    (folder / "kubeconfig").write_text(dumps(kubeconfig(door.url)))
    async with child(folder / "kubeconfig", folder / "state", mode, None, **environment) as client:
        yield client


def skewed(seconds: float) -> Fault:
    """Let the API server's clock seem to be ahead."""
    return Fault(lambda _: True, clock=lambda: _later(seconds))


def is_list_of(path: str, exchange: Exchange) -> bool:
    """Tell a list, and not a watch, of a path."""
    return exchange.path == path and not exchange.streams


def _later(seconds: float) -> str:
    moment = datetime.fromtimestamp(datetime.now(UTC).timestamp() + seconds, UTC)

    return format_datetime(moment, usegmt=True)
