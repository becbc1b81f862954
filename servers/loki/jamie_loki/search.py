"""One question to Loki: lines page by page, or numbers; and why there are none."""

import time
from bisect import bisect
from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import accumulate

from msgspec.structs import replace

from jamie_base import when
from jamie_base.text import size
from jamie_base.together import pair
from jamie_base.when import Window
from jamie_loki import logql, numbers
from jamie_loki.client import Limits, Loki
from jamie_loki.counting import count
from jamie_loki.data import LinePattern, LogAnswer, LogLine
from jamie_loki.diagnosis import why_empty
from jamie_loki.entries import folded, patterns, shared
from jamie_loki.paging import (
    Piece,
    Place,
    decoded,
    encoded,
    fingerprint,
    read,
    whole_milliseconds,
)
from jamie_loki.render.lines import LINES_BYTES, PATTERN_BYTES, entry, pattern
from jamie_loki.replies import Line
from jamie_loki.survey import refuse_the_vast
from jamie_loki.wording import inline, spans_days

MOST_SERIES = 20
DATA_BYTES = 100_000
"""Text of the lines that data carries at most."""


async def search(
    loki: Loki, query: str, start: str, end: str, *, limit: int, newest: bool, cursor: str
) -> LogAnswer:
    """Answer a LogQL query over a window.

    Raises:
        InvalidArgument: The window or the cursor cannot be used.
        BackendError: Loki refuses the query, it is too much, or Loki does not answer.

    """
    now = time.time()
    mark = fingerprint(query, str(newest))
    place = decoded(cursor, mark) if cursor else None
    window = place.window if place else whole_milliseconds(when.window(start, end, now=now))
    limits = await loki.limits()
    if logql.is_metric(query):
        return await _numbers(loki, query, window, limits, most=min(limit, MOST_SERIES), now=now)

    await refuse_the_vast(loki, limits, logql.selectors(query), window)
    total, piece = await pair(
        partial(count, loki, query, window, limits),
        partial(read, loki, query, window, wanted=limit, newest=newest, limits=limits, after=place),
    )
    blank = _blank(query, window, now)
    if not piece.lines and place is None:
        found = await why_empty(loki, query, window, limits, now=now)
        return replace(blank, total=0, newest=newest, empty=found)

    answer = replace(blank, total=total, before=place.before if place else 0, newest=newest)

    return _page(answer, piece, mark)


def _blank(query: str, window: Window, now: float) -> LogAnswer:
    return LogAnswer(
        query=query,
        start=str(window.start_ns),
        end=str(window.end_ns),
        asked=str(when.nanoseconds(now)),
    )


async def _numbers(
    loki: Loki, query: str, window: Window, limits: Limits, *, most: int, now: float
) -> LogAnswer:
    how = numbers.plan(query, window)
    await refuse_the_vast(loki, limits, logql.selectors(query), window)
    found = await numbers.ask(loki, how, window, limits)
    blank = replace(_blank(how.query, window, now), metric=True, step=how.step_ns / when.SECOND)
    if not found.series:
        return replace(blank, empty=await why_empty(loki, query, window, limits, now=now))

    told = numbers.numbers(found, how, most)

    return replace(
        blank,
        series=told.rows,
        rest=told.rest,
        notes=(*_blind(how), *_warned(told.warnings)),
    )


def _page(answer: LogAnswer, piece: Piece, mark: str) -> LogAnswer:
    """Show lines one by one while they fit; else as patterns, if these are clearly fewer."""
    lines, newest = piece.lines, answer.newest
    dated = spans_days(int(answer.start), int(answer.end))
    fitting = _most(lines, newest=newest, dated=dated)
    told = patterns(lines) if fitting * 2 < len(lines) else []
    if not _are_fewer(told, lines, dated=dated):
        told = []
    if not told:
        lines = lines[:fitting]

    common = shared(lines)
    before = answer.before + len(lines)
    more = piece.more or len(lines) < len(piece.lines)
    place = Place(mark, int(answer.start), int(answer.end), lines[-1].key, before) if more else None

    return replace(
        answer,
        covered=len(lines),
        common=common,
        lines=_bounded(folded(lines, common, newest=newest)),
        patterns=tuple(told),
        notes=(*_crowded(piece.crowded), *_failed(lines)),
        cursor=encoded(place) if place else "",
    )


def _fits(lines: Sequence[Line], *, newest: bool, dated: bool) -> bool:
    entries = folded(lines, shared(lines), newest=newest)

    return sum(size(entry(one, dated=dated)) + 1 for one in entries) <= LINES_BYTES


def _most(lines: Sequence[Line], *, newest: bool, dated: bool) -> int:
    """Return how many lines fit, at least one."""
    fitting = bisect(
        range(1, len(lines) + 1),
        False,
        key=lambda number: not _fits(lines[:number], newest=newest, dated=dated),
    )

    return max(fitting, 1)


def _are_fewer(told: Sequence[LinePattern], lines: Sequence[Line], *, dated: bool) -> bool:
    rows = sum(size(pattern(one, dated=dated)) + 1 for one in told)

    return 0 < len(told) * 2 <= len(lines) and rows <= PATTERN_BYTES


def _bounded(entries: Sequence[LogLine]) -> tuple[LogLine, ...]:
    taken = accumulate(size(one.line) + 100 for one in entries)

    return tuple(one for one, used in zip(entries, taken, strict=True) if used <= DATA_BYTES)


def _crowded(instants: Sequence[int]) -> list[str]:
    return [
        f"(at {when.to_rfc3339(at)} there are more lines than Loki gives for one instant;"
        " a line filter shows the others)"
        for at in instants
    ]


def _failed(lines: Sequence[Line]) -> list[str]:
    """Name what a stage could not read, and the way out."""
    errors = Counter(line.parsed["__error__"] for line in lines if line.parsed.get("__error__"))

    return [
        f"({number:,} of these {len(lines):,} lines failed a stage of the query ({inline(name)});"
        ' put | __error__="" after it to leave them out)'
        for name, number in errors.most_common(3)
    ]


def _blind(how: numbers.Plan) -> list[str]:
    if not how.blind_ns:
        return []

    step, seen = how.step_ns / when.SECOND, (how.step_ns - how.blind_ns) / when.SECOND

    return [
        f"(each point looks at {when.span(seen)} of every {when.span(step)}; what happens between"
        " is not seen: use a longer range or a shorter window)"
    ]


def _warned(warnings: Sequence[str]) -> list[str]:
    return [f"(Loki warns: {inline(warning, 300)})" for warning in warnings[:5]]
