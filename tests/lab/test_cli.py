import os
import subprocess
import sys
from pathlib import Path

import pytest


def _lab(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jamie_lab", *arguments],
        env={
            **os.environ,
            "JAMIE_LAB_DIR": str(place / "state"),
            "JAMIE_LAB_CACHE": str(place / "cache"),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("arguments", [("load", "nonsense"), ("up", "--scenario", "nonsense")])
def test_an_unknown_scenario_is_refused_before_anything_happens(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    result = _lab(tmp_path, *arguments)

    assert result.returncode == 1
    assert result.stderr == (
        "There is no scenario 'nonsense'; known are: auth-timeouts, healthy.\n"
    )
    assert not (tmp_path / "state").exists()


def test_an_unknown_command_is_a_usage_error(tmp_path: Path) -> None:
    result = _lab(tmp_path, "explode")

    assert result.returncode == 2
    assert "explode" in result.stderr


def test_a_missing_scenario_is_a_usage_error(tmp_path: Path) -> None:
    assert _lab(tmp_path, "load").returncode == 2


def test_going_down_when_nothing_runs_is_no_error(tmp_path: Path) -> None:
    result = _lab(tmp_path, "down")

    assert (result.returncode, result.stdout) == (0, "Nothing was running.\n")


def test_of_a_lab_that_is_not_up_no_component_can_be_restarted(tmp_path: Path) -> None:
    result = _lab(tmp_path, "restart", "kube-apiserver")

    assert result.returncode == 1
    assert "run: scripts/lab up" in result.stderr


def test_the_status_of_a_lab_that_is_not_built_says_so(tmp_path: Path) -> None:
    result = _lab(tmp_path, "status")

    assert result.returncode == 3
    assert "run: scripts/lab build" in result.stdout
