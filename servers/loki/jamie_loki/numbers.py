"""Metric LogQL: at one instant where its range covers the window, else as series over it."""

import math
from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec

from jamie_base.errors import InvalidArgument
from jamie_base.when import SECOND, Window, parse_duration, span
from jamie_loki import logql
from jamie_loki.client import Limits, Loki
from jamie_loki.data import Rest, SeriesRow, Slice
from jamie_loki.paging import pieces
from jamie_loki.replies import Found
from jamie_signals.series import Series, Summary, buckets, rank, rest_of, sparkline

POINTS = 60
"""Points of a series where the query's own range does not ask for more."""

MOST_POINTS = 2_000
SLICES = 30
SHAPE_CELLS = 24
LADDER_SECONDS = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400,
)  # fmt: skip


class Plan(msgspec.Struct, frozen=True):
    """How to ask: the query with its variables filled, and the step, 0 for a single instant.

    `blind_ns` of each step no range looks at.
    """

    query: str
    step_ns: int
    blind_ns: int = 0


class Numbers(msgspec.Struct, frozen=True):
    """The highest series in figures, the rest in one row, and how many there are."""

    rows: tuple[SeriesRow, ...]
    rest: Rest | None
    warnings: tuple[str, ...]


def plan(query: str, window: Window) -> Plan:
    """Choose between an instant and a range, and the step that misses nothing."""
    step_ns = _step(window.seconds / POINTS)
    whole = window.end_ns - window.start_ns
    full = logql.filled(query, interval=span(step_ns / SECOND), whole=span(window.seconds))
    lengths = [length for length in map(_length, logql.ranges(full)) if length]
    if lengths and max(lengths) >= whole - SECOND:  # windows are rounded up to milliseconds
        return Plan(full, 0)

    least = min(lengths, default=step_ns)
    fine = max(min(step_ns, least), math.ceil(whole / MOST_POINTS / SECOND) * SECOND)

    return Plan(full, fine, max(fine - least, 0))


async def ask(loki: Loki, how: Plan, window: Window, limits: Limits) -> Found:
    """Ask for the numbers, in pieces where Loki does not take the window whole.

    Raises:
        BackendError: Loki refuses the query, or does not answer.

    """
    if not how.step_ns:
        return await loki.at(how.query, window.end_ns - 1)

    parts = [
        await loki.over(how.query, part, step_ns=how.step_ns)
        for part in pieces(window, limits.length_ns)
    ]
    series = _merged(one for part in parts for one in part.series)

    return Found(
        metric=True,
        series=tuple(one for one in (_inside(one, window) for one in series) if one.points),
        warnings=tuple(dict.fromkeys(warning for part in parts for warning in part.warnings)),
    )


def numbers(found: Found, how: Plan, most: int) -> Numbers:
    """Reduce series to figures that keep the extremes, the highest first."""
    ranked = rank(found.series, by="max")
    rows = tuple(_row(series, summary, how) for series, summary in islice(ranked, most))
    rest = rest_of(ranked[most:]) if len(ranked) > most else None

    return Numbers(
        rows, rest and Rest(rest.series, _number(rest.last_sum), _number(rest.max)), found.warnings
    )


def _row(series: Series, summary: Summary, how: Plan) -> SeriesRow:
    if not how.step_ns:
        return SeriesRow(series.labels, _number(summary.last))

    slices = [one for one in buckets(series.points, SLICES) if one]

    return SeriesRow(
        labels=series.labels,
        last=_number(summary.last),
        min=_number(summary.min),
        max=_number(summary.max),
        max_at=_number(summary.max_at),
        mean=_number(summary.mean),
        points=summary.count,
        rose_at=summary.step.at if summary.step else None,
        slices=tuple(Slice(one.start, one.min, one.max, one.last) for one in slices),
        shape=sparkline(series.points, SHAPE_CELLS),
    )


def _merged(series: Iterable[Series]) -> tuple[Series, ...]:
    merged: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
    for one in series:
        merged.setdefault(tuple(sorted(one.labels.items())), []).extend(one.points)

    return tuple(Series(dict(labels), _once(points)) for labels, points in merged.items())


def _inside(series: Series, window: Window) -> Series:
    """Drop what Loki adds when it rounds a window to steps: points before it, and after now."""
    start, end = window.start_ns / SECOND, window.end_ns / SECOND

    return Series(series.labels, tuple(one for one in series.points if start <= one[0] <= end))


def _once(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Keep one point an instant: pieces of a window share their edges."""
    return tuple(sorted(dict(points).items()))


def _step(seconds: float) -> int:
    fitting = next((step for step in LADDER_SECONDS if step >= seconds), None)

    return (fitting or math.ceil(seconds / 86_400) * 86_400) * SECOND


def _length(text: str) -> int:
    try:
        return int(parse_duration(text).total_seconds() * SECOND)
    except InvalidArgument:
        return 0


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
