"""Undo records: how to take writes back, in the state folder and nowhere else."""

import re
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from jamie_base.errors import BackendError, NotFound
from jamie_base.plan import Undo
from jamie_base.state import private_dir, private_file, read_private

KEPT_SECONDS = 30 * 24 * 3600
"""A record may hold secrets, and who would take back a change of last month?"""


class Record(msgspec.Struct, frozen=True):
    """A write that can be taken back: by which server and tool, at which source, when (epoch s)."""

    server: str
    tool: str
    source: str
    at: float
    undo: Undo


@dataclass(frozen=True)
class UndoLog:
    """The undo records of one server."""

    server: str
    folder: Path

    def keep(self, tool: str, source: str, undo: Undo, name: str = "") -> str:
        """Write a record, in place of the one of that name, and return its name.

        Raises:
            OSError: The state folder cannot be written.

        """
        name = name or f"undo-{secrets.token_hex(4)}"
        record = Record(self.server, tool, source, time.time(), undo)
        private_file(self._path(name), msgspec.json.encode(record))
        self._drop_old()

        return name

    def load(self, name: str) -> Record:
        """Return the record of that name.

        Raises:
            NotFound: There is no such record, or it belongs to another server.
            BackendError: It cannot be read.

        """
        if not re.fullmatch(r"undo-[0-9a-f]{8}", name):
            raise NotFound(f"{name!r} is not the name of an undo record, such as undo-1a2b3c4d.")

        try:
            record = msgspec.json.decode(read_private(self._path(name)), type=Record)
        except FileNotFoundError as exc:
            raise NotFound(f"There is no undo record {name!r}; it may be used already.") from exc
        except (OSError, msgspec.DecodeError) as exc:
            raise BackendError(f"The undo record {name!r} cannot be read ({exc}).") from exc

        if record.server != self.server:
            raise NotFound(f"The undo record {name!r} belongs to {record.server}.")

        return record

    def forget(self, name: str) -> None:
        """Remove a record that was used; one that cannot be removed can undo nothing any more."""
        with suppress(OSError):
            self._path(name).unlink(missing_ok=True)

    def _drop_old(self) -> None:
        """Remove what is too old, whichever server's; what cannot be removed now is next time."""
        oldest = time.time() - KEPT_SECONDS
        with suppress(OSError):
            for path in (self.folder / "undo").glob("undo-*.json"):
                if path.stat().st_mtime < oldest:
                    path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return private_dir(self.folder / "undo") / f"{name}.json"
