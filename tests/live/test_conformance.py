"""The official conformance suite, against every server and against our runner with its fixtures."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import anyio
import pytest
import yaml

from jamie_lab import LabState

pytestmark = pytest.mark.live

SUITE = ("@modelcontextprotocol/conformance", "0.2.0-alpha.12", "conformance")
REVISIONS = ["2025-11-25", "2026-07-28"]
SERVERS = sorted(entry.name for entry in entry_points(group="jamie.servers"))
EXPECTED = Path(__file__).parent / "conformance"
SUITE_SECONDS = 240
MORE = {"kubernetes": {"completion-complete"}}
"""What some servers offer and others do not, so that only the others are expected to fail it."""

Serving = Callable[..., AbstractAsyncContextManager[Any]]
Npm = Callable[..., Sequence[str]]

each_revision = pytest.mark.parametrize("revision", REVISIONS)


@each_revision
@pytest.mark.parametrize("name", SERVERS)
async def test_a_server_conforms_but_for_what_is_listed(
    serving: Serving, npm: Npm, lab: LabState, tmp_path: Path, name: str, revision: str
) -> None:
    command = (sys.executable, "-m", f"jamie_{name}")
    backends = {
        "KUBECONFIG": lab.kubernetes.kubeconfig,
        "JAMIE_PROMETHEUS_URL": lab.prometheus.url,
        "JAMIE_LOKI_URL": lab.loki.url,
    }
    async with serving(command=command, **backends) as served:
        expected = without(EXPECTED / f"servers.{revision}.yml", MORE.get(name, set()), tmp_path)
        await conform(npm(*SUITE), served.url, revision, expected)


@each_revision
async def test_our_runner_conforms_with_the_suites_own_fixtures(
    serving: Serving, npm: Npm, revision: str
) -> None:
    async with serving("--audit", "off") as served:
        await conform(npm(*SUITE), served.url, revision, EXPECTED / f"fixtures.{revision}.yml")


@pytest.mark.parametrize("file", sorted(EXPECTED.glob("*.yml")), ids=lambda file: file.name)
def test_every_expected_failure_has_its_reason(file: Path) -> None:
    lines = file.read_text().splitlines()
    listed = [index for index, line in enumerate(lines) if line.startswith("  - ")]

    assert len(listed) == len(yaml.safe_load(file.read_text())["server"])
    assert all(lines[index - 1].startswith("  # ") for index in listed)


def without(file: Path, passing: set[str], folder: Path) -> Path:
    """The expected failures but for those that this server passes."""
    listed: list[str] = yaml.safe_load(file.read_text())["server"]
    left = folder / file.name
    left.write_text(yaml.safe_dump({"server": [one for one in listed if one not in passing]}))

    return left


async def conform(suite: Sequence[str], url: str, revision: str, expected: Path) -> None:
    """Run the suite; it fails on what is not listed, and on what is listed and passes."""
    command = [*suite, "server", "--url", f"{url}/mcp", "--requirements", revision]
    with anyio.fail_after(SUITE_SECONDS):
        done = await anyio.run_process(
            [*command, "--expected-failures", str(expected)], check=False, env={**os.environ}
        )
    output = done.stdout.decode() + done.stderr.decode()
    if done.returncode:
        pytest.fail(output[output.rfind("=== SUMMARY ===") :], pytrace=False)
