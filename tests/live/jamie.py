"""The `jamie` command, run as its users do, against the lab."""

import os
import subprocess
import sys
from pathlib import Path

from jamie_lab import LabState

ASK_SECONDS = 120


def run_jamie(lab: LabState, state: Path, *arguments: str) -> str:
    """Return what `jamie` prints for the arguments; it must succeed."""
    result = subprocess.run(
        [sys.executable, "-m", "jamie_host", *arguments],
        capture_output=True,
        text=True,
        timeout=ASK_SECONDS,
        check=False,
        cwd=state,
        env=environment(lab, state),
    )
    assert result.returncode == 0, result.stderr

    return result.stdout


def environment(lab: LabState, state: Path) -> dict[str, str]:
    """Return the variables that lead every server to the lab."""
    alertmanager = lab.alertmanager.url if lab.alertmanager else ""

    return {
        "PATH": os.environ["PATH"],
        "HOME": str(state),
        "JAMIE_STATE_DIR": str(state),
        "KUBECONFIG": str(lab.kubernetes.kubeconfig),
        "JAMIE_PROMETHEUS_URL": lab.prometheus.url,
        "JAMIE_PROMETHEUS_ALERTMANAGER_URL": alertmanager,
        "JAMIE_LOKI_URL": lab.loki.url,
    }
