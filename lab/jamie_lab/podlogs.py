"""The log files behind `kubectl logs`: what the container runtime would have written.

A container that restarts begins a new file, and the one before is what `--previous` shows.
"""

import datetime as dt
from pathlib import Path

from jamie_lab.lines import NANOSECONDS, Line
from jamie_lab.paths import Folders
from jamie_lab.world import Pod


def files(place: Folders, pod: Pod) -> tuple[Path, Path]:
    """Return the log of this run of a pod's container, and that of the run before."""
    folder = place.pods / f"{pod.metadata.namespace}_{pod.metadata.name}_{pod.metadata.uid}"

    return folder / "0.log", folder / "previous.log"


def write(place: Folders, pod: Pod, said: list[Line], restarts: list[float]) -> None:
    """Append lines, in order, to a pod's log; at each restart (epoch seconds) begin a new one."""
    current, previous = files(place, pod)
    current.parent.mkdir(parents=True, exist_ok=True)
    current.touch()
    previous.touch()
    for restart in restarts:
        limit = int(restart * NANOSECONDS)
        _append(current, [line for line in said if line.nanoseconds < limit])
        said = [line for line in said if line.nanoseconds >= limit]
        current.replace(previous)
        current.touch()
    _append(current, said)


def cri(line: Line) -> str:
    """Write an entry as a container runtime does: every line of it with the time in front."""
    seconds, rest = divmod(line.nanoseconds, NANOSECONDS)
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")

    return "".join(f"{moment}.{rest:09d}Z stdout F {text}\n" for text in line.text.split("\n"))


def _append(file: Path, said: list[Line]) -> None:
    with file.open("a", encoding="utf-8") as output:
        output.writelines(map(cri, said))
