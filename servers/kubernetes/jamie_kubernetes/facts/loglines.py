"""Container log lines: read, folded, filtered, and grouped where there are many."""

import re
from collections.abc import Sequence
from datetime import datetime

import msgspec

from jamie_base.text import clean, count, shorten
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import LogLine, LogPattern
from jamie_signals.logs import Fold, Level, Miner, Parsed, Stack, fold, level_of, parse

FEW_LINES = 60
FEW_BYTES = 3_800
NEWEST_KEPT = 12
PATTERNS_KEPT = 100
LINE_CHARACTERS = 500

_WHY = ("error", "err", "exception", "error.message", "reason")
"""Fields that say why, where the message only says that."""

_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|([+-]\d\d:\d\d)) ?")


class Raw(msgspec.Struct, frozen=True):
    """One line as a container wrote it."""

    at_ns: Nanoseconds
    text: str


class Found(msgspec.Struct, frozen=True):
    """One entry that is wanted: a line, or a whole stack trace, and its words without the time."""

    line: LogLine
    message: str
    level: Level


class Filter(msgspec.Struct, frozen=True):
    """Which entries are wanted: from a level on, with one of some words, until an instant."""

    least: Level = Level.UNKNOWN
    words: tuple[str, ...] = ()
    until_ns: Nanoseconds = 0

    def takes(self, at_ns: Nanoseconds, text: str, level: Level) -> bool:
        """Tell whether an entry is wanted."""
        if self.until_ns and at_ns > self.until_ns:
            return False
        if level.severity < self.least.severity:
            return False

        folded = text.casefold() if self.words else ""
        return not self.words or any(word in folded for word in self.words)


class Condensed(msgspec.Struct, frozen=True):
    """Entries as shown: all of them, or patterns and the newest."""

    entries: int
    lines: tuple[LogLine, ...]
    patterns: tuple[LogPattern, ...] = ()


def raw(line: bytes) -> Raw:
    """Read a line with the timestamp the API server put before it; 0 where it has none."""
    found = _STAMP.match(line)
    text = line[found.end() if found else 0 :].decode(errors="replace").rstrip("\r")

    return Raw(_instant(found) if found else 0, text)


def entries(source: str, lines: Sequence[Raw], wanted: Filter) -> list[Found]:
    """Fold one container's lines into entries and keep the wanted ones."""
    folds = fold([clean(line.text) for line in lines])
    found = (_entry(source, lines[one.start].at_ns, one, wanted) for one in folds)

    return [one for one in found if one]


def condensed(found: Sequence[Found]) -> Condensed:
    """Merge entries in time order; where they are many, group those that say the same."""
    ordered = sorted(found, key=lambda one: one.line.at_ns)
    lines = [one.line for one in ordered]
    size = sum(len(one.text) + len(one.source) + 20 for one in lines[: FEW_LINES + 1])
    if len(lines) <= FEW_LINES and size <= FEW_BYTES:
        return Condensed(len(lines), tuple(lines))

    return Condensed(len(lines), tuple(lines[-NEWEST_KEPT:]), _patterns(ordered))


def _entry(source: str, at_ns: Nanoseconds, one: Fold, wanted: Filter) -> Found | None:
    if not one.text.strip():
        return None

    parsed = parse(one.text)
    level = level_of(one.text, parsed=parsed)
    if one.stack and level is Level.UNKNOWN:
        level = Level.ERROR
    if not wanted.takes(at_ns, one.text, level):
        return None

    name = "" if level is Level.UNKNOWN else level.value
    text = _in_short(one.text, one.stack)
    return Found(LogLine(at_ns, source, text, name), _message(parsed, one.stack), level)


def _message(parsed: Parsed, stack: Stack | None) -> str:
    if stack:
        return stack.root

    why = next((parsed.fields[key] for key in _WHY if parsed.fields.get(key)), "")
    more = f": {why}" if why and why not in parsed.message else ""
    return f"{parsed.message}{more}"[:LINE_CHARACTERS]


def _in_short(text: str, stack: Stack | None) -> str:
    """Show an entry on one line; of a trace what went wrong and where."""
    first = text.split("\n", 1)[0]
    if stack is None:
        return shorten(" ".join(text.split()), LINE_CHARACTERS)

    root = "" if stack.root in first else f" | {stack.root}"
    place = f" at {stack.frame}" if stack.frame else ""
    hidden = f" (+{count('frame', stack.hidden)})" if stack.hidden else ""
    return f"{shorten(first, LINE_CHARACTERS // 2)}{root}{place}{hidden}"


def _patterns(ordered: Sequence[Found]) -> tuple[LogPattern, ...]:
    miner = Miner()
    for one in ordered:
        miner.add(one.message, at=one.line.at_ns, source=one.line.source, level=one.level)

    return shown_worst_first(miner)[:PATTERNS_KEPT]


def shown_worst_first(miner: Miner) -> tuple[LogPattern, ...]:
    """Return the patterns as answers show them: errors first, then the most frequent."""
    worst = sorted(miner.patterns(), key=lambda one: (-_weight(one.level), -one.count, one.id))
    return tuple(
        LogPattern(
            count=one.count,
            first_ns=one.first,
            last_ns=one.last,
            level="" if one.level is Level.UNKNOWN else one.level.value,
            example=one.example if one.count == 1 else one.template,
            sources=tuple(sorted(one.sources, key=lambda name: -one.sources[name])),
        )
        for one in worst
    )


def _weight(level: Level) -> int:
    """Rank errors and warnings before all else; what is below them only by how often."""
    return level.severity if level.severity >= Level.WARN.severity else 0


def _instant(found: re.Match[bytes]) -> Nanoseconds:
    seconds, decimals, zone = (part.decode() if part else "" for part in found.groups())
    try:
        moment = datetime.fromisoformat(seconds + (zone or "+00:00"))
    except ValueError:
        return 0

    return int(moment.timestamp()) * 1_000_000_000 + int(decimals.ljust(9, "0") or 0)
