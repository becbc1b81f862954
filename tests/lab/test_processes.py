import os
import sys
from pathlib import Path

import msgspec
import pytest

from jamie_lab import processes
from jamie_lab.errors import NotReady
from jamie_lab.paths import Folders
from jamie_lab.processes import Running, Service

FOREVER = "import time; print('here I am', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + FOREVER


async def test_a_service_starts_once_and_stops_for_good(place: Folders) -> None:
    service = _service(place, FOREVER)
    assert await processes.ensure(place, service)
    first = processes.running(place, "sleeper")
    assert not await processes.ensure(place, service)
    assert first == processes.running(place, "sleeper")

    assert await processes.stop(place, "sleeper")
    assert not await processes.stop(place, "sleeper")
    assert first
    assert processes.start_time(first.pid) is None
    assert processes.names(place) == []


async def test_what_ignores_a_polite_request_is_killed(place: Folders) -> None:
    await processes.ensure(place, _service(place, STUBBORN))
    known = processes.running(place, "sleeper")

    assert await processes.stop(place, "sleeper", seconds=0.3)
    assert known
    assert processes.start_time(known.pid) is None


async def test_a_service_that_dies_shows_the_end_of_its_log(place: Folders) -> None:
    with pytest.raises(NotReady, match=r"sleeper has died(.|\n)*no such thing"):
        await processes.ensure(place, _service(place, "raise SystemExit('no such thing')"))


async def test_a_service_that_is_never_ready_is_given_up(place: Folders) -> None:
    service = msgspec.structs.replace(_service(place, FOREVER), ready=_never)
    processes.launch(place, service)
    with pytest.raises(NotReady, match=r"sleeper is not ready after 0\.2 s"):
        await processes.wait_ready(place, service, seconds=0.2)

    assert await processes.stop(place, "sleeper")


def test_a_pid_that_belongs_to_somebody_else_by_now_is_not_ours(place: Folders) -> None:
    started = processes.start_time(os.getpid())
    assert started
    _remember(place, Running(os.getpid(), started - 1, ["etcd"]))

    assert processes.running(place, "sleeper") is None


async def test_stopping_leaves_a_stranger_with_our_old_pid_alone(place: Folders) -> None:
    _remember(place, Running(os.getpid(), 1, ["etcd"]))

    assert not await processes.stop(place, "sleeper")
    assert processes.names(place) == []


def test_a_damaged_pid_file_means_not_running(place: Folders) -> None:
    (place.pids / "sleeper.json").write_text("{")

    assert processes.running(place, "sleeper") is None


def _service(place: Folders, code: str) -> Service:
    log = place.logs / "sleeper.log"

    async def ready() -> bool:
        return "here I am" in _text(log)

    return Service("sleeper", [sys.executable, "-c", code], ready)


async def _never() -> bool:
    return False


def _text(log: Path) -> str:
    return log.read_text() if log.exists() else ""


def _remember(place: Folders, record: Running) -> None:
    (place.pids / "sleeper.json").write_bytes(msgspec.json.encode(record))
