"""The server beside kubectl on the same cluster: wall time, peak memory, size, and the truth."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from scale.fleet import BROKEN, Scale, say

PAIRS = 5
ANSWER_BYTES = 6_000
Json = dict[str, Any]


class Goal(NamedTuple):
    """A tool, and the most it may take of what kubectl takes."""

    tool: str
    wall: float


class Run(NamedTuple):
    """How long something took and its process' peak memory in bytes."""

    seconds: float
    memory: int


@dataclass
class Server:
    """The server as a host runs it, over stdio."""

    scale: Scale
    folder: str
    process: "subprocess.Popen[bytes]" = field(init=False)
    _last: int = 0

    def __enter__(self) -> "Server":
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jamie_kubernetes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={
                **os.environ,
                "KUBECONFIG": str(self.scale.kubeconfig),
                "JAMIE_STATE_DIR": self.folder,
            },
        )
        hello = {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "bench", "version": "1"},
        }
        self.ask("initialize", hello)
        self._send({"method": "notifications/initialized"})
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(10)

    def call(self, tool: str, **arguments: object) -> tuple[str, float]:
        """Call a tool; return its text and the seconds it took."""
        began = time.perf_counter()
        result = self.ask("tools/call", {"name": tool, "arguments": arguments})
        took = time.perf_counter() - began
        text = result["content"][0]["text"]
        if result.get("isError"):
            raise SystemExit(f"{tool} failed: {text}")

        return text, took

    def ask(self, method: str, params: Json) -> Json:
        self._last += 1
        self._send({"id": self._last, "method": method, "params": params})
        assert self.process.stdout
        while True:
            answer = json.loads(self.process.stdout.readline())
            if answer.get("id") == self._last:
                return answer["result"]

    def _send(self, message: Json) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()


def peak(pid: int) -> int:
    """Return the peak memory of a process so far, in bytes (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024

    raise SystemExit("The kernel does not tell the peak memory.")


def kubectl(scale: Scale) -> Run:
    """Run `kubectl get pods -A`."""
    command = [str(scale.kubectl), "--kubeconfig", str(scale.kubeconfig), "get", "pods", "-A"]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit("kubectl failed.")

    return Run(time.perf_counter() - began, usage.ru_maxrss * 1024)


def compare(scale: Scale, goals: Sequence[Goal], memory: float) -> bool:
    """Print the ratios of each tool; tell whether all are within their goals."""
    kubectl(scale)
    good = True
    for goal in goals:
        pairs = [pair(scale, goal.tool) for _ in range(PAIRS)]
        wall = statistics.median(ours.seconds / theirs.seconds for ours, theirs in pairs)
        room = statistics.median(ours.memory / theirs.memory for ours, theirs in pairs)
        seconds = statistics.median(ours.seconds for ours, _ in pairs)
        peak = statistics.median(ours.memory for ours, _ in pairs) / 2**20
        theirs = statistics.median(other.seconds for _, other in pairs)
        well = wall <= goal.wall and room <= memory
        good &= well
        print(
            f"{scale.pods:,} pods: {goal.tool} {seconds:.2f} s against {theirs:.2f} s, ratio"
            f" {wall:.2f} (at most {goal.wall}); peak {peak:.0f} MiB, ratio {room:.2f} (at most"
            f" {memory}) {'ok' if well else 'MISSED'}",
            flush=True,
        )

    return good


def pair(scale: Scale, tool: str) -> tuple[Run, Run]:
    """Measure one call of a server that has answered before, and kubectl, one after the other."""
    with tempfile.TemporaryDirectory() as folder, Server(scale, folder) as server:
        server.call("k8s_get", what="ns")
        text, took = server.call(tool)
        check(tool, text)
        ours = Run(took, peak(server.process.pid))

    return ours, kubectl(scale)


def check(tool: str, text: str) -> None:
    """Make sure that nothing was dropped to be fast."""
    if len(text.encode()) > ANSWER_BYTES:
        raise SystemExit(f"{tool} answered {len(text.encode())} bytes.")
    wanted = {
        "k8s_pods": f"{2 * BROKEN} sick",
        "k8s_overview": f"{2 * BROKEN} sick",
        "k8s_diagnose": f"{BROKEN} ",
    }
    if wanted[tool] not in text:
        raise SystemExit(f"{tool} does not count the broken:\n{text}")
    say(f"{tool}: {len(text.encode())} bytes")
