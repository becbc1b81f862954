"""Every server alone in the MCP Inspector's command-line mode, over stdio and HTTP, on the lab."""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import anyio
import pytest

from jamie_lab import LabState

pytestmark = pytest.mark.live

INSPECTOR = ("@modelcontextprotocol/inspector", "2.12.0", "mcp-inspector")
TOOL_ERROR = 5

CALLS = {
    "kubernetes": ("k8s_pods", {"status": "all"}, "shop"),
    "prometheus": ("prom_query", {"promql": "vector(42)"}, "42 "),
    "loki": ("loki_labels", {"label": "namespace"}, "shop"),
}

Serving = Callable[..., AbstractAsyncContextManager[Any]]
Npm = Callable[..., Sequence[str]]
Inspect = Callable[..., Any]

each_server = pytest.mark.parametrize("name", sorted(CALLS))
each_era = pytest.mark.parametrize("era", ["modern", "legacy"])


@pytest.fixture
def inspect(npm: Npm, tmp_path: Path) -> Inspect:
    """Run the Inspector on a server; give its exit code, its stdout and its stderr."""
    command = npm(*INSPECTOR)

    async def inspect(server: Mapping[str, Any], era: str, *arguments: str) -> tuple[int, str, str]:
        config = tmp_path / "mcp.json"
        config.write_text(json.dumps({"mcpServers": {"jamie": {**server, "protocolEra": era}}}))
        flags = ["--cli", "-q", "--config", str(config), "--server", "jamie", "--format", "json"]
        env = {**os.environ, "HOME": str(tmp_path), "MCP_INSPECTOR_SECRET_STORE": "memory"}
        with anyio.fail_after(90):
            done = await anyio.run_process(
                [*command, *flags, *arguments], check=False, env=env, cwd=tmp_path
            )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return inspect


def backends(lab: LabState, folder: Path) -> dict[str, str]:
    return {
        "KUBECONFIG": lab.kubernetes.kubeconfig,
        "JAMIE_PROMETHEUS_URL": lab.prometheus.url,
        "JAMIE_LOKI_URL": lab.loki.url,
        "JAMIE_STATE_DIR": str(folder / "state"),
    }


@each_era
@each_server
async def test_it_lists_and_answers_over_stdio(
    inspect: Inspect, lab: LabState, tmp_path: Path, name: str, era: str
) -> None:
    server = {
        "command": sys.executable,
        "args": ["-m", f"jamie_{name}"],
        "env": backends(lab, tmp_path),
    }

    await examine(inspect, server, era, name)


@each_era
@each_server
async def test_it_lists_and_answers_over_http(
    inspect: Inspect, serving: Serving, lab: LabState, tmp_path: Path, name: str, era: str
) -> None:
    command = (sys.executable, "-m", f"jamie_{name}")
    async with serving(command=command, **backends(lab, tmp_path)) as served:
        server = {"type": "streamable-http", "url": f"{served.url}/mcp"}
        await examine(inspect, server, era, name)


async def examine(inspect: Inspect, server: Mapping[str, Any], era: str, name: str) -> None:
    tool, arguments, expected = CALLS[name]

    code, out, said = await inspect(server, era, "--method", "tools/list", "--strict")
    assert code == 0, said
    assert tool in {each["name"] for each in json.loads(out)["result"]["tools"]}

    call = ("--method", "tools/call", "--tool-name", tool, "--tool-args-json")
    code, out, said = await inspect(server, era, *call, json.dumps(arguments))
    assert code == 0, said + out
    assert expected in json.loads(out)["result"]["content"][0]["text"]

    code, out, said = await inspect(server, era, *call, json.dumps({**arguments, "limitt": 1}))
    assert code == TOOL_ERROR, said
    assert f"{tool} has no argument 'limitt'." in out
