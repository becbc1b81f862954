"""Programs that run in the background: started detached, found again, stopped for good.

A pid alone proves nothing after a reboot, so a pid file also holds when the process started, as the
kernel counts it; a file that does not match a living process is stale and means "not running".
"""

import os
import signal
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import msgspec

from jamie_lab.errors import NotReady
from jamie_lab.paths import Folders
from jamie_lab.waiting import until

READY_SECONDS = 60.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.05
LOG_TAIL_LINES = 15

Check = Callable[[], Awaitable[bool]]


class Service(msgspec.Struct, frozen=True):
    """One background program: its name, its command line and when it counts as ready."""

    name: str
    command: list[str]
    ready: Check
    folder: Path | None = None


class Running(msgspec.Struct, frozen=True):
    """What a pid file holds; `started` is in clock ticks since boot."""

    pid: int
    started: int
    command: list[str]


async def ensure(place: Folders, service: Service) -> bool:
    """Start a service unless it runs already, and wait until it is ready; True if it was started.

    Raises NotReady, with the end of its log, when it dies or takes too long.
    """
    fresh = launch(place, service)
    await wait_ready(place, service)

    return fresh


def launch(place: Folders, service: Service) -> bool:
    """Start a service unless it runs already, without waiting; True if it was started."""
    if running(place, service.name):
        return False

    _start(place, service)

    return True


async def wait_ready(place: Folders, service: Service, seconds: float = READY_SECONDS) -> None:
    """Poll a service until it is ready; NotReady when it has died or the time is over."""
    with anyio.move_on_after(seconds):
        while running(place, service.name):
            if await service.ready():
                return
            await anyio.sleep(POLL_SECONDS)

    state = f"is not ready after {seconds:g} s" if running(place, service.name) else "has died"
    raise NotReady(f"{service.name} {state}; the end of its log:\n{_tail(place, service.name)}")


def running(place: Folders, name: str) -> Running | None:
    """Return the process of that name if it is alive and really ours, else None."""
    try:
        known = msgspec.json.decode(_pid_file(place, name).read_bytes(), type=Running)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None

    return known if start_time(known.pid) == known.started else None


async def stop(place: Folders, name: str, seconds: float = STOP_SECONDS) -> bool:
    """End a process: TERM, then KILL when it has not ended in time; False if none was running."""
    known = running(place, name)
    if known is None:
        _pid_file(place, name).unlink(missing_ok=True)
        return False

    for signal_ in (signal.SIGTERM, signal.SIGKILL):
        _signal_group(known.pid, signal_)
        if await _gone(place, name, seconds):
            break
    _pid_file(place, name).unlink(missing_ok=True)

    return True


def names(place: Folders) -> list[str]:
    """List every service that has a pid file, living or not."""
    return sorted(file.stem for file in place.pids.glob("*.json"))


def start_time(pid: int) -> int | None:
    """Return when a process started, in clock ticks since boot; None if it is gone or a zombie."""
    try:
        # The second field is the command in brackets, and may hold spaces and brackets itself.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None

    state, started = fields[0], int(fields[19])

    return None if state == "Z" else started


def memory_bytes(pid: int) -> int:
    """Return the resident memory of a process; 0 when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0

    return pages * os.sysconf("SC_PAGE_SIZE")


def _start(place: Folders, service: Service) -> None:
    log = place.logs / f"{service.name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            service.command,
            cwd=service.folder or place.state,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # It outlives us on purpose; without this Popen warns that it does.
    process.returncode = 0
    started = start_time(process.pid)
    record = Running(process.pid, started or 0, service.command)
    _pid_file(place, service.name).write_bytes(msgspec.json.encode(record))


async def _gone(place: Folders, name: str, seconds: float) -> bool:
    async def gone() -> bool:
        return running(place, name) is None

    return await until(gone, seconds, POLL_SECONDS)


def _signal_group(pid: int, signal_: signal.Signals) -> None:
    # Every service leads its own session, so its group is it and its children, nothing else.
    try:
        os.killpg(pid, signal_)
    except ProcessLookupError:
        return


def _tail(place: Folders, name: str) -> str:
    log = place.logs / f"{name}.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []

    return "\n".join(lines[-LOG_TAIL_LINES:])


def _pid_file(place: Folders, name: str) -> Path:
    return place.pids / f"{name}.json"
