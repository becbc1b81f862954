"""Where the lab keeps things: its state folder, its build cache and its own sources."""

import os
from pathlib import Path

import msgspec

LAB_SOURCES = Path(__file__).resolve().parents[1]


class Folders(msgspec.Struct, frozen=True):
    """The folders of one lab; two labs with different `state` folders can run side by side."""

    state: Path
    cache: Path

    @property
    def config(self) -> Path:
        """Configuration files of the components."""
        return self.state / "config"

    @property
    def certificates(self) -> Path:
        """Keys and certificates; private."""
        return self.state / "certificates"

    @property
    def data(self) -> Path:
        """The components' data; gone with the next load."""
        return self.state / "data"

    @property
    def logs(self) -> Path:
        """What the components print."""
        return self.state / "logs"

    @property
    def pods(self) -> Path:
        """What the pods print."""
        return self.state / "pods"

    @property
    def pids(self) -> Path:
        """One file for each process."""
        return self.state / "pids"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.state / "kubeconfig"

    @property
    def binaries(self) -> Path:
        """Built programs."""
        return self.cache / "bin"


def folders() -> Folders:
    """Read JAMIE_LAB_DIR and JAMIE_LAB_CACHE; by default .lab beside lab/, and the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jamie-lab"

    return Folders(
        state=_folder("JAMIE_LAB_DIR", LAB_SOURCES.parent / ".lab"),
        cache=_folder("JAMIE_LAB_CACHE", cache),
    )


def make(place: Folders) -> None:
    """Create every folder of the lab; certificates and state stay private to this user."""
    private = (place.state, place.certificates)
    for folder in (*private, place.config, place.data, place.logs, place.pods, place.pids):
        folder.mkdir(parents=True, exist_ok=True)
    for folder in private:
        folder.chmod(0o700)


def _folder(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable) or default).expanduser().resolve()
