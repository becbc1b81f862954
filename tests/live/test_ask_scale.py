""" "Scale up the frontend", told to the host without a language model: it works, and asks first."""

import os
import pty
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from jamie_lab import LabState
from tests.live.jamie import ASK_SECONDS, environment
from tests.live.writing import Space, at_home, namespace, settle

pytestmark = pytest.mark.live

ORDER = "Scale up the frontend"


@pytest.fixture(scope="module")
def space(kube: httpx.Client) -> Generator[Space]:
    with namespace(kube, f"jamie-test-ask-{time.time_ns()}") as space:
        space.deployment("frontend", 1)
        settle(space, "frontend")
        yield space


@pytest.fixture
def variables(lab: LabState, space: Space, tmp_path: Path) -> dict[str, str]:
    """What leads the servers to the lab, the cluster's to a namespace of the test's own."""
    config = at_home(lab, tmp_path, space.name)
    others = "[servers.loki]\nenabled = false\n[servers.prometheus]\nenabled = false\n"
    (tmp_path / "jamie.toml").write_text(others)
    writes = {"KUBECONFIG": str(config), "JAMIE_KUBERNETES_WRITE": "true"}

    return {**environment(lab, tmp_path), **writes}


def told(folder: Path, variables: dict[str, str], answer: str) -> tuple[str, str]:
    """Give the order on a terminal, answer each question alike; return what was asked and said."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "jamie_host", "ask", ORDER]
    with subprocess.Popen(
        command, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, env=variables, cwd=folder
    ) as process:
        os.close(theirs)
        asked = questions(ours, answer)
        assert process.stdout
        said = process.stdout.read().decode()
        process.wait(ASK_SECONDS)
    os.close(ours)

    return asked, said


def questions(terminal: int, answer: str) -> str:
    """Read what is shown on a terminal until nobody writes there; answer what ends in a choice."""
    shown = ""
    while piece := read(terminal):
        shown += piece
        if shown.endswith(("[y/N] ", "[N]o ")):
            os.write(terminal, f"{answer}\n".encode())

    return shown


def read(terminal: int) -> str:
    try:
        return os.read(terminal, 4096).decode(errors="replace")
    except OSError:  # Linux: the other end was closed
        return ""


def test_it_asks_once_with_the_plan_and_then_does_it(
    space: Space, variables: dict[str, str], tmp_path: Path
) -> None:
    asked, said = told(tmp_path, variables, "y")

    assert f"scale {space.name}/deploy/frontend from 1 to 2 replicas" in asked
    assert "spec.replicas: 1 -> 2" in asked
    assert asked.count("[y/N]") == 1
    assert "[a]lways" not in asked
    assert "frontend is set to 2 replicas, was 1" in said
    assert "Undo record undo-" in said
    assert space.replicas("frontend") == 2


def test_a_no_is_heeded(space: Space, variables: dict[str, str], tmp_path: Path) -> None:
    before = space.replicas("frontend")
    asked, said = told(tmp_path, variables, "n")

    assert asked.count("[y/N]") == 1
    assert "The user did not agree; nothing was changed." in said
    assert space.replicas("frontend") == before


def test_without_a_terminal_there_is_a_plan_and_nothing_else(
    space: Space, variables: dict[str, str], tmp_path: Path
) -> None:
    before = space.replicas("frontend")
    command = [sys.executable, "-m", "jamie_host", "ask", ORDER]
    result = subprocess.run(
        command,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=ASK_SECONDS,
        check=False,
        env=variables,
        cwd=tmp_path,
    )

    assert "Plan, nothing changed yet: scale " in result.stdout
    assert "this client cannot ask for it" in result.stdout
    assert space.replicas("frontend") == before
