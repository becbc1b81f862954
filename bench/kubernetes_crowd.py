"""Measure twenty calls at once over HTTP against the same calls one by one, at 10,000 pods."""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import anyio
import httpx
from mcp import Client
from scale.fleet import Scale, cluster
from scale.measure import peak

from jamie_lab.waiting import until

MEMORY = 1.5
SLOWEST = 6.0
READY_SECONDS = 20
CALLS: Sequence[tuple[str, dict[str, Any]]] = (
    ("k8s_overview", {}),
    ("k8s_pods", {}),
    ("k8s_logs", {"name": "deploy/app-0", "namespace": "bench-0"}),
    ("k8s_get", {"what": "deploy"}),
)
EACH = 5


class Crowd(NamedTuple):
    """How long the calls took, in seconds, and the server's peak memory in bytes."""

    seconds: list[float]
    memory: int


def main() -> int:
    with cluster(10_000) as scale:
        alone = anyio.run(measured, scale, 1)
        crowd = anyio.run(measured, scale, EACH)

    slow = p95(crowd.seconds) / p95(alone.seconds)
    room = crowd.memory / alone.memory
    well = slow <= SLOWEST and room <= MEMORY
    print(
        f"{len(CALLS) * EACH} calls at once: p95 {p95(crowd.seconds):.2f} s against"
        f" {p95(alone.seconds):.2f} s one by one, ratio {slow:.2f} (at most {SLOWEST}); peak"
        f" {crowd.memory / 2**20:.0f} MiB, ratio {room:.2f} (at most {MEMORY})"
        f" {'ok' if well else 'MISSED'}"
    )
    return int(not well)


async def measured(scale: Scale, each: int) -> Crowd:
    """Call every tool `each` times, all at once, or one by one where each is 1."""
    with serving(scale) as (url, process):
        assert await until(partial(ready, url), READY_SECONDS)
        await timed(url, "k8s_get", {"what": "ns"})
        if each == 1:
            return Crowd([await timed(url, *call) for call in CALLS], peak(process.pid))

        took: list[float] = []

        async def one(tool: str, arguments: dict[str, Any]) -> None:
            took.append(await timed(url, tool, arguments))

        async with anyio.create_task_group() as group:
            for tool, arguments in CALLS:
                for _ in range(each):
                    group.start_soon(one, tool, arguments)

        return Crowd(took, peak(process.pid))


async def timed(url: str, tool: str, arguments: dict[str, Any]) -> float:
    async with Client(f"{url}/mcp") as client:
        began = time.perf_counter()
        result = await client.call_tool(tool, arguments)
        took = time.perf_counter() - began
    if result.is_error:
        raise SystemExit(f"{tool} failed: {result.content}")

    return took


@contextmanager
def serving(scale: Scale) -> Generator[tuple[str, "subprocess.Popen[bytes]"]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "jamie_kubernetes", "--transport", "http", f"--port={port}"],
            env={**os.environ, "KUBECONFIG": str(scale.kubeconfig), "JAMIE_STATE_DIR": folder},
        )
        try:
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()
            process.wait(10)


async def ready(url: str) -> bool:
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"{url}/healthz")).is_success
    except httpx.TransportError:
        return False


def p95(seconds: Sequence[float]) -> float:
    if len(seconds) < 20:
        return max(seconds)

    return statistics.quantiles(seconds, n=20)[-1]


if __name__ == "__main__":
    sys.exit(main())
