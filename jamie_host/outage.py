"""Why a connection broke, in one line."""

from pathlib import Path
from typing import cast

from mcp import MCPError

from jamie_host.cleaning import clean
from jamie_host.transport import UNREACHABLE

# Words of the SDK for a session that is over; its codes are shared with servers' own errors.
ENDINGS = (
    "Connection closed",
    "Session not found",
    "Session terminated",
    "SSE stream",
    UNREACHABLE,
)
LAST_WORDS_BYTES = 4_000
LAST_LINES = 2
LINE_LENGTH = 300


class LostError(Exception):
    """Say that the connection died under a request."""


def is_lost(error: MCPError) -> bool:
    """Tell a dead connection from an error a living server sent."""
    return error.message.startswith(ENDINGS)


def explain(error: BaseException) -> str:
    """Say in one line what happened, looking inside groups for the first real cause."""
    error = _first(error)
    if isinstance(error, FileNotFoundError):
        return f"{error.filename or 'the program'} was not found; check the command and PATH"
    if isinstance(error, PermissionError):
        return f"{error.filename or 'the program'} may not be run; check its permissions"
    text = str(error) if isinstance(error, MCPError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:LINE_LENGTH]


def _first(error: BaseException) -> BaseException:
    if not isinstance(error, BaseExceptionGroup):
        return error
    return _first(cast("BaseExceptionGroup[BaseException]", error).exceptions[0])


def last_words(log: Path, start: int) -> str:
    """Quote the last two lines a child wrote to its log since `start` (bytes), if any."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(start if start <= size else 0, size - LAST_WORDS_BYTES))
        lines = file.read().decode(errors="replace").strip().splitlines()
    words = " / ".join(line.strip() for line in lines[-LAST_LINES:])
    return f'; its last words: "{clean(words)[:LINE_LENGTH]}" (log: {log})' if words else ""
