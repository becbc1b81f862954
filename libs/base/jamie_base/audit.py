"""The audit log: one JSON line for every call, where the operator wants it."""

import errno
import json
import logging
import os
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from mcp.server.mcpserver.exceptions import ToolError
from msgspec import Struct

from jamie_base.redact import Redactor
from jamie_base.state import open_private, private_dir
from jamie_base.text import cut, size
from jamie_base.when import Nanoseconds, to_rfc3339

LIMIT_BYTES = 10_000_000
KEPT_FILES = 5
ARGUMENTS_BYTES = 8_000

Sink: TypeAlias = Callable[[bytes], None]

_APPEND = os.O_RDWR | os.O_APPEND | os.O_CREAT
_log = logging.getLogger(__name__)


class AuditFailed(ToolError):
    """A line that had to be written could not be."""


class Entry(Struct, frozen=True, kw_only=True):
    """What one call did; texts and arguments are redacted when it is recorded.

    Of arguments that are `veiled` the line holds a mark, and nothing else.
    """

    tool: str
    caller: str
    started_ns: Nanoseconds
    duration_ms: float
    outcome: str
    arguments: Mapping[str, object] = {}
    veiled: frozenset[str] = frozenset()
    source: str = ""
    bytes: int = 0


class Audit:
    """Writes the entries of one server; between two lines it holds nothing open."""

    def __init__(self, sink: Sink, server: str, redactor: Redactor) -> None:
        self._sink = sink
        self._server = server
        self._redactor = redactor
        self._complained = False

    def record(self, entry: Entry) -> None:
        """Write a line; the first failure is logged, and none reaches the caller."""
        try:
            self._sink(self._line(entry))
        except OSError as exc:
            if not self._complained:
                _log.error("calls are not audited: %s", exc)
            self._complained = True

    def must_record(self, entry: Entry) -> None:
        """Write a line, or raise AuditFailed: a change is not made without one."""
        try:
            self._sink(self._line(entry))
        except OSError as exc:
            raise AuditFailed(f"The audit log cannot be written: {exc}. See --audit.") from exc

    def _line(self, entry: Entry) -> bytes:
        line = {
            "time": to_rfc3339(entry.started_ns),
            "server": self._server,
            "caller": self._redactor.text(entry.caller),
            "tool": entry.tool,
            "arguments": _bounded(self._redactor.fields(self._veiled(entry))),
            "source": entry.source,
            "duration_ms": round(entry.duration_ms, 1),
            "outcome": self._redactor.text(entry.outcome),
            "bytes": entry.bytes,
        }
        return f"{json.dumps(line, separators=(',', ':'))}\n".encode()

    def _veiled(self, entry: Entry) -> dict[str, object]:
        return {
            name: self._redactor.value(str(value)) if name in entry.veiled else value
            for name, value in entry.arguments.items()
        }


class RotatingFile:
    """Appends lines to a file that several processes share, and moves it aside when it is big.

    A line is one append to a file opened for it, so lines never mix and a file moved meanwhile
    still gets the whole line. One process at a time moves files; the others go on writing.
    A blank line may stand where a full disk has cut a line.
    """

    def __init__(self, path: Path, limit: int = LIMIT_BYTES, kept: int = KEPT_FILES) -> None:
        self._path = path
        self._limit = limit
        self._kept = kept
        self._ends_whole = False

    def __call__(self, line: bytes) -> None:
        """Append one line. Raises OSError, also when a symlink or device stands in its place."""
        private_dir(self._path.parent)
        if self._is_full():
            self._rotate()

        descriptor = open_private(self._path, _APPEND)
        try:
            self._append(descriptor, line)
        finally:
            os.close(descriptor)

    def _append(self, descriptor: int, line: bytes) -> None:
        whole = line if self._ends_whole or _ends_whole(descriptor) else b"\n" + line
        self._ends_whole = os.write(descriptor, whole) == len(whole)
        if not self._ends_whole:
            raise OSError(errno.ENOSPC, "only a part of the line fitted")

    def _is_full(self) -> bool:
        try:
            return self._path.stat(follow_symlinks=False).st_size >= self._limit
        except FileNotFoundError:
            return False

    def _rotate(self) -> None:
        lock = self._path.with_name(f".{self._path.name}.lock")
        # A file that cannot be moved now, as on Windows while another reads it, grows on.
        with suppress(OSError), _alone(lock):
            if not self._is_full():
                return
            for number in range(self._kept - 1, 0, -1):
                with suppress(FileNotFoundError):
                    self._numbered(number - 1).replace(self._numbered(number))

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}") if number else self._path


def open_audit(where: str, server: str, redactor: Redactor, *, folder: Path) -> Audit:
    """Give the audit log of a server: `stderr`, `off`, a path, or the state folder when empty.

    A path that is a folder gets a file named after the server. Nothing is made or opened before
    the first line.
    """
    return Audit(_sink(where, f"{server}.jsonl", folder), server, redactor)


def _sink(where: str, name: str, folder: Path) -> Sink:
    if where == "off":
        return _discard
    if where == "stderr":
        return _to_stderr
    if not where:
        return RotatingFile(folder / "audit" / name)

    path = Path(where).expanduser()
    return RotatingFile(path / name if path.is_dir() else path)


def _discard(_: bytes) -> None:
    pass


def _to_stderr(line: bytes) -> None:
    sys.stderr.write(line.decode())
    sys.stderr.flush()


def _ends_whole(descriptor: int) -> bool:
    """Tell whether the last line is whole; a full disk may have cut it, ours or another's."""
    if os.lseek(descriptor, 0, os.SEEK_END) == 0:
        return True

    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) == b"\n"


def _bounded(arguments: dict[str, object]) -> dict[str, object]:
    written = json.dumps(arguments)
    return arguments if size(written) <= ARGUMENTS_BYTES else {"cut": cut(written, ARGUMENTS_BYTES)}


@contextmanager
def _alone(lock: Path) -> Generator[None]:
    """Hold a lock that a dying process gives back. Raises OSError when another holds it."""
    descriptor = open_private(lock, os.O_RDWR | os.O_CREAT)
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
