"""Alertmanager comes from Debian, because its Go module lacks the built web files."""

import os
import shutil
import subprocess
from pathlib import Path

from jamie_lab.paths import Folders
from jamie_lab.progress import say
from jamie_lab.state import Absent

PACKAGE = "prometheus-alertmanager"
TEMPLATES = Path("/usr/share/prometheus/alertmanager")
"""Where Debian's binary looks for its templates; it does not start without them."""


def find_alertmanager(place: Folders) -> Path | Absent:
    """Return its binary: on PATH, or unpacked from Debian's package into the cache; else why not.

    Unpacking needs no root and starts no service; only root can refresh an empty package list.
    """
    unpacked = place.cache / "alertmanager" / "usr" / "bin" / PACKAGE
    if found := shutil.which(PACKAGE) or shutil.which("alertmanager"):
        return Path(found)
    if unpacked.exists():
        return _startable(unpacked)
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return Absent(f"There is no Alertmanager on PATH and no apt-get to fetch {PACKAGE} with.")

    say(f"Fetching Debian's {PACKAGE} for the lab ...")
    if not (_unpack(place) or (os.geteuid() == 0 and _refresh() and _unpack(place))):
        return Absent(f"apt-get could not download {PACKAGE}; install it to have Alertmanager.")

    if not unpacked.exists():
        return Absent(f"{PACKAGE} holds no binary for this machine.")

    return _startable(unpacked)


def _startable(unpacked: Path) -> Path | Absent:
    """Put the templates where an unpacked binary looks for them; only root can."""
    if (TEMPLATES / "default.tmpl").exists():
        return unpacked
    if os.geteuid() != 0:
        return Absent(f"{PACKAGE} needs {TEMPLATES}; install the package to have Alertmanager.")

    shipped = unpacked.parents[2] / TEMPLATES.relative_to("/")
    shutil.copytree(shipped, TEMPLATES, dirs_exist_ok=True)
    return unpacked


def _unpack(place: Folders) -> bool:
    folder = place.cache / "alertmanager"
    folder.mkdir(parents=True, exist_ok=True)
    if not _run(["apt-get", "download", PACKAGE], folder):
        return False

    archives = sorted(folder.glob(f"{PACKAGE}_*.deb"))

    return bool(archives) and _run(["dpkg-deb", "-x", str(archives[-1]), str(folder)], folder)


def _refresh() -> bool:
    return _run(["apt-get", "update"], Path("/"))


def _run(command: list[str], folder: Path) -> bool:
    quiet = subprocess.DEVNULL

    return (
        subprocess.run(command, cwd=folder, stdout=quiet, stderr=quiet, check=False).returncode == 0
    )
