import json
import logging
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jamie_base.audit import Audit, AuditFailed, Entry, RotatingFile, open_audit
from jamie_base.redact import Redactor

REDACTOR = Redactor(b"k" * 32)
ENTRY = Entry(
    tool="loki_query",
    caller="local",
    started_ns=1_777_644_187_500_000_000,
    duration_ms=12.345,
    outcome="ok",
    arguments={"query": '{app="web"} |= "password=hunter2hunter2"', "limit": 40},
    source="eu",
    bytes=812,
)
WRITER = """
import sys
from pathlib import Path
from jamie_base.audit import RotatingFile
append = RotatingFile(Path(sys.argv[1]), limit=20_000, kept=500)
for number in range(300):
    append(f"{sys.argv[2]} {number} {'x' * 80}\\n".encode())
"""
FILLER = """
import resource, signal, sys
from pathlib import Path
from jamie_base.audit import RotatingFile
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (15, 15))
append = RotatingFile(Path(sys.argv[1]))
append(b"0123456789\\n")
try:
    append(b"0123456789\\n")
except OSError as exc:
    print(exc.strerror)
"""


def logged(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_call_is_one_line_in_the_state_folder(tmp_path: Path) -> None:
    audit = open_audit("", "loki", REDACTOR, folder=tmp_path)
    audit.record(ENTRY)
    audit.must_record(ENTRY)

    path = tmp_path / "audit" / "loki.jsonl"
    line = {
        "time": "2026-05-01T14:03:07.5Z",
        "server": "loki",
        "caller": "local",
        "tool": "loki_query",
        "arguments": {
            "query": f'{{app="web"}} |= "password={REDACTOR.value("hunter2hunter2")}"',
            "limit": 40,
        },
        "source": "eu",
        "duration_ms": 12.3,
        "outcome": "ok",
        "bytes": 812,
    }
    assert logged(path) == [line, line]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_nothing_is_written_before_the_first_line(tmp_path: Path) -> None:
    open_audit("", "loki", REDACTOR, folder=tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_the_operator_may_choose_a_file_or_a_folder(tmp_path: Path) -> None:
    open_audit(str(tmp_path / "calls"), "loki", REDACTOR, folder=tmp_path).record(ENTRY)
    open_audit(str(tmp_path), "loki", REDACTOR, folder=tmp_path).record(ENTRY)

    assert len(logged(tmp_path / "calls")) == 1
    assert len(logged(tmp_path / "loki.jsonl")) == 1


def test_the_operator_may_choose_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_audit("stderr", "loki", REDACTOR, folder=tmp_path).must_record(ENTRY)
    shown = capsys.readouterr()

    assert json.loads(shown.err)["tool"] == "loki_query"
    assert shown.out == ""


def test_the_operator_may_turn_it_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_audit("off", "loki", REDACTOR, folder=tmp_path).must_record(ENTRY)

    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().err == ""


def test_a_line_stays_one_line_whatever_the_arguments_hold(tmp_path: Path) -> None:
    strange = {"text": "a\nb\u2028c\ud800", "huge": 10**40, "nan": float("nan"), "deep": [{"x": 1}]}
    entry = Entry(
        tool="t", caller="a\nb", started_ns=0, duration_ms=0, outcome="x", arguments=strange
    )
    open_audit("", "loki", REDACTOR, folder=tmp_path).record(entry)

    (line,) = logged(tmp_path / "audit" / "loki.jsonl")
    assert line["arguments"] == strange | {"nan": "nan"}
    assert line["caller"] == "a\nb"


def test_a_veiled_argument_is_a_mark_and_nothing_else(tmp_path: Path) -> None:
    given = {"manifest": "data: {greeting: hunter2}", "namespace": "shop"}
    entry = Entry(
        tool="t",
        caller="a",
        started_ns=0,
        duration_ms=0,
        outcome="x",
        arguments=given,
        veiled=frozenset({"manifest"}),
    )
    open_audit("", "loki", REDACTOR, folder=tmp_path).record(entry)

    (line,) = logged(tmp_path / "audit" / "loki.jsonl")
    assert line["arguments"] == {**given, "manifest": REDACTOR.value(given["manifest"])}


def test_large_arguments_are_cut(tmp_path: Path) -> None:
    entry = Entry(
        tool="t",
        caller="me",
        started_ns=0,
        duration_ms=0,
        outcome="ok",
        arguments={"body": "x" * 100_000},
    )
    open_audit("", "loki", REDACTOR, folder=tmp_path).record(entry)

    (line,) = logged(tmp_path / "audit" / "loki.jsonl")
    assert line["arguments"]["cut"].startswith('{"body": "xxx')
    assert (tmp_path / "audit" / "loki.jsonl").stat().st_size < 10_000


def unwritable(folder: Path) -> Audit:
    (folder / "audit").write_text("a file where the folder should be")
    return open_audit("", "loki", REDACTOR, folder=folder)


def test_a_read_goes_on_without_its_line_and_that_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    audit = unwritable(tmp_path)
    with caplog.at_level(logging.ERROR):
        audit.record(ENTRY)
        audit.record(ENTRY)

    assert [record.message.split(":")[0] for record in caplog.records] == ["calls are not audited"]


def test_a_write_does_not_go_on_without_its_line(tmp_path: Path) -> None:
    with pytest.raises(AuditFailed, match=r"cannot be written: .*File exists"):
        unwritable(tmp_path).must_record(ENTRY)


def test_a_symlink_in_place_of_the_log_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("untouched")
    (tmp_path / "calls").symlink_to(target)
    audit = open_audit(str(tmp_path / "calls"), "loki", REDACTOR, folder=tmp_path)

    with pytest.raises(AuditFailed, match="symlink"):
        audit.must_record(ENTRY)
    assert target.read_text() == "untouched"


def test_a_device_in_place_of_the_log_is_refused(tmp_path: Path) -> None:
    audit = open_audit("/dev/null", "loki", REDACTOR, folder=tmp_path)

    with pytest.raises(AuditFailed, match="not a regular file"):
        audit.must_record(ENTRY)


def test_a_full_log_is_moved_aside_and_the_oldest_is_dropped(tmp_path: Path) -> None:
    append = RotatingFile(tmp_path / "log", limit=10, kept=3)
    for number in range(7):
        append(f"line {number}\n".encode())

    held = {
        path.name: path.read_text() for path in tmp_path.iterdir() if not path.name.startswith(".")
    }
    assert held == {
        "log": "line 6\n",
        "log.1": "line 4\nline 5\n",
        "log.2": "line 2\nline 3\n",
    }


def test_processes_that_share_a_log_lose_and_mix_no_line(tmp_path: Path) -> None:
    path = tmp_path / "log"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(n)]) for n in range(3)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]

    files = list(tmp_path.glob("log*"))
    lines = [line for file in files for line in file.read_text().splitlines() if line]
    assert sorted(lines) == sorted(f"{n} {i} {'x' * 80}" for n in range(3) for i in range(300))
    assert len(files) > 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file size limits")
def test_a_full_disk_is_a_failure_and_the_next_line_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "log"
    ran = subprocess.run(
        [sys.executable, "-c", FILLER, str(path)], capture_output=True, check=True, timeout=60
    )
    RotatingFile(path)(b"later\n")

    assert ran.stdout == b"only a part of the line fitted\n"
    assert path.read_text() == "0123456789\n0123\nlater\n"
