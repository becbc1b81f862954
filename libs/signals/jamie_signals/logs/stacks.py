"""Stack traces folded to what matters: what went wrong, and where in our own code."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from jamie_signals.logs.dialects import DIALECTS, PYTHON, Dialect, Language
from jamie_signals.logs.fields import unwrapped, without_time
from jamie_signals.logs.levels import Level, level_of_line

MOST_LINES = 2_000
_MOST_CHARS = 300
_MOST_LINE_CHARS = 1_000
_BARE_ERROR = re.compile(r"(?:[\w$]+\.)*[A-Z][\w$]*(?:Error|Exception|Throwable|Failure)\b")
_BRIDGES = ("During handling of the above", "The above exception was the direct")
_RUBY_HEADER = re.compile(r"\S+\.rb:\d+:in [`'](?P<what>[^']+)': (?P<said>.+)")


class Stack(msgspec.Struct, frozen=True):
    """A trace: its root cause, the first frame of one's own code, how many frames are hidden.

    `frame` is empty where every frame is a library's.
    """

    language: Language
    root: str
    frame: str
    hidden: int


class Fold(msgspec.Struct, frozen=True):
    """One entry, made of the lines from `start` up to but not including `end`."""

    start: int
    end: int
    text: str
    stack: Stack | None = None


class _Frame(msgspec.Struct, frozen=True):
    place: str
    own: bool
    line: int


def fold(lines: Sequence[str]) -> list[Fold]:
    """Join the lines of traces, so that each entry of a stream is one Fold, in order.

    The lines must come from one stream, oldest first. An error line that a logger wrote just
    before the trace belongs to it.
    """
    return list(_folds([unwrapped(line) for line in lines]))


def stack_in(text: str) -> Stack | None:
    """Read the first trace in a text of several lines; None when there is none."""
    if "\n" not in text:
        return None

    return next((one.stack for one in fold(text.splitlines()) if one.stack), None)


def _folds(lines: list[str]) -> Iterator[Fold]:
    short = [line[:_MOST_LINE_CHARS] for line in lines]
    start = 0
    while start < len(lines):
        end, stack = _trace_at(short, start)
        text = "\n".join(lines[start:end])
        yield Fold(start, end, text, stack or stack_in(text))
        start = end


def _trace_at(lines: list[str], start: int) -> tuple[int, Stack | None]:
    """Return where the entry that starts here ends, and its trace if it has one."""
    head = start
    dialect = _dialect_at(lines, head)
    if dialect is None and _announces(lines, start):
        head = start + 1
        dialect = _dialect_at(lines, head)
    if dialect is None:
        return start + 1, None

    end = _end_of(dialect, lines, head)
    return end, _stack(dialect, lines[head:end])


def _dialect_at(lines: list[str], head: int) -> Dialect | None:
    following = lines[head + 1] if head + 1 < len(lines) else ""
    if not lines[head].strip() or not following:
        return None

    return next((one for one in DIALECTS if _begins(one, lines[head], following)), None)


def _begins(dialect: Dialect, line: str, following: str) -> bool:
    if dialect.opens:
        return bool(dialect.opens.match(without_time(line)) and _continues(dialect, following))

    return bool(dialect.frame.match(following) and not dialect.frame.match(line))


def _announces(lines: list[str], start: int) -> bool:
    """Tell whether a logger's error line stands right above the trace it is about."""
    following = lines[start + 1] if start + 1 < len(lines) else ""
    bare = _BARE_ERROR.match(following) or (PYTHON.opens and PYTHON.opens.fullmatch(following))
    return bool(bare) and level_of_line(lines[start]).severity >= Level.WARN.severity


def _continues(dialect: Dialect, line: str) -> bool:
    return bool(dialect.frame.match(line) or (dialect.more and dialect.more.match(line)))


def _end_of(dialect: Dialect, lines: list[str], head: int) -> int:
    last = min(len(lines), head + MOST_LINES)
    end = head + 1
    while end < last and (_continues(dialect, lines[end]) or _chains(dialect, lines, head, end)):
        end += 1

    return end


def _chains(dialect: Dialect, lines: list[str], head: int, at: int) -> bool:
    """Tell whether a line that is not indented still belongs to a Python trace.

    Its error line ends the trace, unless a bridge ("During handling ...") leads to another.
    """
    if dialect is not PYTHON:
        return False

    following = next((line for line in lines[at : at + 3] if line.strip()), "")
    if following.startswith(_BRIDGES):
        return True
    if following.startswith("Traceback ("):
        return any(line.startswith(_BRIDGES) for line in lines[max(head, at - 2) : at])

    return lines[at - 1][:1].isspace() and bool(PYTHON.cause and PYTHON.cause.match(lines[at]))


def _stack(dialect: Dialect, lines: list[str]) -> Stack:
    root, cause_at = _root(dialect, lines)
    frames = list(_frames(dialect, lines))
    own = [frame for frame in frames if frame.own]
    if dialect.innermost_last:
        best = [frame for frame in own if frame.line < cause_at][-1:] or own[-1:]
    else:
        best = [frame for frame in own if frame.line > cause_at][:1] or own[:1]

    place = best[0].place if best else ""
    return Stack(dialect.language, root, place, len(frames) - len(best))


def _root(dialect: Dialect, lines: list[str]) -> tuple[str, int]:
    """Return the deepest error's words and the line they stand on.

    Python tells the deepest error first, the others last.
    """
    numbered = list(enumerate(lines))
    for at, line in numbered if dialect.innermost_last else reversed(numbered):
        if dialect.cause and (found := dialect.cause.match(line)):
            return _last_link(found["cause"]), at

    ruby = _RUBY_HEADER.match(lines[0])
    return (ruby["said"] if ruby else without_time(lines[0]).strip())[:_MOST_CHARS], 0


def _last_link(text: str) -> str:
    return text.rpartition(" ---> ")[2].strip()[:_MOST_CHARS]


def _frames(dialect: Dialect, lines: list[str]) -> Iterator[_Frame]:
    for at, line in enumerate(lines):
        if found := dialect.frame.match(line):
            said = found.groupdict()
            what = said.get("what") or (
                _function(lines[at - 1]) if dialect.language == "go" else ""
            )
            own = not dialect.foreign.search(line) and not what.startswith("runtime.")
            yield _Frame(_place(what, said.get("where") or "", said.get("line") or ""), own, at)


def _function(line: str) -> str:
    """Name the Go function whose frame follows its name."""
    return line.removeprefix("created by ").rpartition("(")[0] or line.strip()


def _place(what: str, where: str, line: str) -> str:
    spot = f"{where}:{line}" if where and line else where
    return f"{what} ({spot})" if what and spot else what or spot
