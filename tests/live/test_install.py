"""The workspace installs with pip, uv and uvx as the README says; from a copy, leaving nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
MINUTES = 10


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what a commit would hold."""
    folder = tmp_path_factory.mktemp("clone")
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", folder=ROOT)
    for name in listed.splitlines():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, target)

    return folder


def test_plain_pip_installs_every_server_and_the_host(clone: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", str(tmp_path / "venv"), folder=clone)
    scripts = tmp_path / "venv" / "bin"
    servers = [f"./servers/{name}" for name in ("kubernetes", "prometheus", "loki")]
    members = ["./libs/base", "./libs/signals", *servers, "."]
    run(str(scripts / "python"), "-m", "pip", "install", "--quiet", *members, folder=clone)

    for name in ("jamie-kubernetes", "jamie-prometheus", "jamie-loki", "jamie"):
        assert "--help" in run(str(scripts / name), "--help", folder=tmp_path)


def test_uvx_runs_one_server_from_its_folder(clone: Path) -> None:
    command = (str(UV), "tool", "run", "--from", "./servers/loki", "jamie-loki", "--version")

    assert run(*command, folder=clone).startswith("jamie-loki ")


def test_uv_sync_makes_an_environment_that_works(clone: Path) -> None:
    run(str(UV), "sync", "--quiet", "--all-packages", folder=clone)

    version = run(str(UV), "run", "--no-sync", "jamie-kubernetes", "--version", folder=clone)
    assert version.startswith("jamie-kubernetes ")


def run(*command: str, folder: Path) -> str:
    """Run a command, outside our own environment; return what it prints."""
    env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=MINUTES * 60,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stdout}{done.stderr}", pytrace=False)

    return done.stdout
