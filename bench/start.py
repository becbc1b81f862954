"""Measure start over stdio to `tools/list`, each server against a one-tool server on the same SDK.

Runs are paired and in turn, so that what else the machine does falls on both alike; the ratio is
the median of the pairs' ratios.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import entry_points

TARGET = 1.3
PAIRS = 15

ONE_TOOL = """
from mcp.server import MCPServer
server = MCPServer("one", version="1")
@server.tool()
async def one() -> str:
    "Answer."
    return "1"
server.run()
"""

REQUESTS = (
    {
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "bench", "version": "1"},
        },
    },
    {"method": "notifications/initialized"},
    {"id": 2, "method": "tools/list"},
)


def main() -> int:
    names = sys.argv[1:] or sorted(entry.name for entry in entry_points(group="jamie.servers"))
    ratios = {name: compare(name) for name in names}

    return int(any(ratio > TARGET for ratio in ratios.values()))


def compare(name: str) -> float:
    own = [sys.executable, "-c", f"from jamie_{name}.server import main; main()"]
    plain = [sys.executable, "-c", ONE_TOOL]
    for command in (own, plain):
        seconds(command)
    pairs = [(seconds(own), seconds(plain)) for _ in range(PAIRS)]
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    ours, theirs = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
    verdict = "ok" if ratio <= TARGET else "TOO SLOW"
    print(
        f"jamie-{name}: {ours:.0f} ms against {theirs:.0f} ms,"
        f" ratio {ratio:.2f} (at most {TARGET}) {verdict}",
        flush=True,
    )

    return ratio


def seconds(command: Sequence[str]) -> float:
    """Start a server, ask for its tools, end it; return how long the list took."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "JAMIE_STATE_DIR": folder, "PYTHONDONTWRITEBYTECODE": ""},
        ) as process:
            assert process.stdin
            assert process.stdout
            for request in REQUESTS:
                process.stdin.write(json.dumps({"jsonrpc": "2.0", **request}).encode() + b"\n")
            process.stdin.flush()
            answers = [json.loads(process.stdout.readline()) for _ in range(2)]
            took = time.perf_counter() - started
            process.stdin.close()

    assert answers[1]["result"]["tools"], answers

    return took


if __name__ == "__main__":
    sys.exit(main())
