"""Logs as text: a head that says what was read, then the lines, quoted."""

from datetime import UTC, datetime

from jamie_base.text import count, join_words, shorten
from jamie_base.when import SECOND, Nanoseconds
from jamie_kubernetes.answers import LogLine, LogPattern, LogReport, LogSource
from jamie_kubernetes.render.followed import followed_for, followed_lines
from jamie_kubernetes.render.words import ago, block, gap_lines

PATTERNS_BYTES = 2_900
NEWEST_BYTES = 1_300
NEWEST_CHARACTERS = 260
ALL_BYTES = 4_900
ONE_RUN_BYTES = 600
"""What may be shown of the lines that only one of two runs has."""
SOURCES_NAMED = 4


def logs(data: LogReport) -> str:
    """Show log entries: all of them, or patterns and the newest."""
    lines = [_head(data), *followed_lines(data.followed), *_silent(data.sources)]
    single = len(data.sources) == 1
    room = -2 * ONE_RUN_BYTES if data.compared else 0
    shown = [_line(one, data.now_ns, single=single) for one in data.lines]
    source = f"logs {data.target}"
    if data.patterns:
        patterns = [_pattern(one, data, single=single) for one in data.patterns]
        lines += block(
            f"{source}, grouped", patterns, PATTERNS_BYTES + room, "grep or level narrows"
        )
        lines += block(f"{source}, newest", _newest(shown), NEWEST_BYTES)
    else:
        lines += block(source, shown, ALL_BYTES + room)

    lines += _comparison(data)
    return "\n".join([*lines, *gap_lines(data.gaps), *_foot(data)])


def told(source: str, at_ns: Nanoseconds, text: str) -> str:
    """Show one line while it comes."""
    return f"{_clock(at_ns, at_ns)} {source} | {text}"


def _head(data: LogReport) -> str:
    what = f"Logs {data.target}{' (previous run)' if data.previous else ''}"
    if data.followed:
        what = f"{what}, {followed_for(data.followed)}"
    since = f", since {ago(data.since_ns, data.now_ns)}" if data.since_ns else ""
    until = f", until {_clock(data.until_ns, data.now_ns)}" if data.until_ns else ""
    read = f"{count('line', data.read)} read from {count('container', len(data.sources))}"
    kept = count("entry", data.entries, "entries")
    matching = f"{kept} {data.filters}" if data.filters else kept

    return f"{what}{since}{until}: {read}, {matching}."


def _comparison(data: LogReport) -> list[str]:
    """Say what the present run does not say any more, and what it says that is new."""
    both = data.compared
    if both is None:
        return []
    if both.missing:
        return [f"Not compared with the present run: {both.missing}."]

    differs = both.gone or both.new
    read = f"The present run ({count('line', both.read)} read)"
    shared = f"{count('kind', both.shared)} of {'entry' if both.shared == 1 else 'entries'}"
    said = f"{read} shares {shared} with it" if differs else f"{read} says the same: {shared}"
    source = f"logs {data.target}, only in the"

    return [
        f"{said}.",
        *block(f"{source} previous run", _only(both.gone, data), ONE_RUN_BYTES),
        *block(f"{source} present run", _only(both.new, data), ONE_RUN_BYTES),
    ]


def _only(kinds: tuple[LogPattern, ...], data: LogReport) -> list[str]:
    return [_pattern(one, data, single=True) for one in kinds]


def _silent(sources: tuple[LogSource, ...]) -> list[str]:
    """Name the containers that were not read, alike ones together."""
    reasons: dict[str, list[str]] = {}
    for one in sources:
        if one.missing and not one.lines:
            reasons.setdefault(shorten(one.missing, 200), []).append(one.name)

    return [
        f"Nothing from {join_words(names[:SOURCES_NAMED])}"
        f"{f' and {len(names) - SOURCES_NAMED} more' if len(names) > SOURCES_NAMED else ''}: {why}"
        for why, names in list(reasons.items())[:5]
    ]


def _foot(data: LogReport) -> list[str]:
    if data.followed:
        before = "what was there before is not shown: leave out follow, or give tail or since"
        return [] if data.followed.before else [f"({before})"]

    cut = sum(1 for one in data.sources if one.missing and one.lines)
    if not cut:
        return []

    who = "this container has" if len(data.sources) == 1 else f"{count('container', cut)} have"
    return [
        f"({who} older lines that were not read: since or tail (now {data.tail:,}) reach further)"
    ]


def _line(one: LogLine, now_ns: Nanoseconds, *, single: bool) -> str:
    source = "" if single else f"{one.source} | "
    return f"{_clock(one.at_ns, now_ns)} {source}{one.text}"


def _pattern(one: LogPattern, data: LogReport, *, single: bool) -> str:
    level = f"{one.level.upper()} " if one.level else ""
    times = f"{one.count:,} x " if one.count > 1 else ""
    first, last = _clock(one.first_ns, data.now_ns), _clock(one.last_ns, data.now_ns)
    when = first if first == last else f"{first} to {last}"
    named = "" if single or len(one.sources) == len(data.sources) else f" [{_named(one.sources)}]"

    return f"{times}{level}{when}{named} {shorten(one.example, 300)}"


def _named(sources: tuple[str, ...]) -> str:
    rest = len(sources) - 2
    return ", ".join([*sources[:2], *([f"{rest} more"] if rest > 0 else [])])


def _newest(lines: list[str]) -> list[str]:
    """Keep the newest lines that fit, oldest first."""
    kept: list[str] = []
    room = NEWEST_BYTES
    for line in (shorten(one, NEWEST_CHARACTERS) for one in reversed(lines)):
        room -= len(line.encode()) + 1
        if room < 0 and kept:
            break
        kept.insert(0, line)

    return kept


def _clock(at_ns: Nanoseconds, now_ns: Nanoseconds) -> str:
    if not at_ns:
        return "(no time)"

    at, now = (datetime.fromtimestamp(one / SECOND, UTC) for one in (at_ns, now_ns))
    return at.strftime("%H:%M:%SZ" if at.date() == now.date() else "%Y-%m-%d %H:%M:%SZ")
