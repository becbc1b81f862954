"""Which series of many to show: found without looking for level shifts in all of them.

A shift is never larger than the distance of a series' extremes, which is cheap to know. So the
series are looked at in the order of that bound, until no other can reach the ones already found.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from jamie_prometheus.answers import Rest, figure
from jamie_prometheus.client import Period
from jamie_signals.series import RankBy, Series, Summary, summarise


class Sketch(msgspec.Struct, frozen=True):
    """A series' extremes and last number; all NaN when it holds none."""

    series: Series
    low: float
    high: float
    high_at: float
    last: float


class Ranking(msgspec.Struct, frozen=True):
    """The series to show with their summaries, and the others."""

    shown: tuple[tuple[Series, Summary], ...]
    others: tuple[Sketch, ...]

    @property
    def series(self) -> list[Series]:
        """Return all of them."""
        return [*(one for one, _ in self.shown), *(one.series for one in self.others)]


def ranked(
    series: Iterable[Series], by: RankBy, limit: int, *, period: Period, step: float
) -> Ranking:
    """Choose `limit` series by their maximum, last value or change, and order them.

    Coming or going within the period is a change, too, of the whole value.
    """
    sketches = [sketch(one) for one in series]
    if by == "change":
        chosen = _most_changed(
            sketches, limit, _Edges(period.start + 2 * step, period.end - 2 * step)
        )
    else:
        order = sorted(sketches, key=lambda one: (-_number(getattr(one, _FIELDS[by])), _name(one)))
        chosen = [(one, summarise(one.series.points)) for one in order[:limit]]

    taken = {id(one) for one, _ in chosen}

    return Ranking(
        shown=tuple((one.series, summary) for one, summary in chosen),
        others=tuple(one for one in sketches if id(one) not in taken),
    )


def sketch(series: Series) -> Sketch:
    """Take a series' extremes."""
    numbers = [point for point in series.points if not math.isnan(point[1])]
    if not numbers:
        return Sketch(series, math.nan, math.nan, math.nan, math.nan)

    high_at, high = max(numbers, key=lambda point: point[1])

    return Sketch(series, min(value for _, value in numbers), high, high_at, numbers[-1][1])


def rest(others: Sequence[Sketch], unit: str) -> Rest | None:
    """Fold the series that are not shown into one; none when there are none."""
    if not others:
        return None

    known = [one for one in others if not math.isnan(one.high)]
    top = max(known, key=lambda one: one.high, default=others[0])

    return Rest(
        len(others),
        sum=figure(sum(one.last for one in known)),
        max=figure(top.high),
        max_at=figure(top.high_at),
        unit=unit,
    )


class _Edges(msgspec.Struct, frozen=True):
    """After `start` a series began within the period, before `end` it ended."""

    start: float
    end: float


_FIELDS = {"max": "high", "last": "last"}


def _most_changed(
    sketches: Sequence[Sketch], limit: int, edges: _Edges
) -> list[tuple[Sketch, Summary]]:
    found: list[tuple[float, Sketch, Summary]] = []
    for bound, one in sorted(_bounded(sketches, edges), key=lambda pair: -pair[0]):
        if len(found) >= limit and bound < found[limit - 1][0]:
            break

        summary = summarise(one.series.points)
        found.append((_change(one, summary, edges), one, summary))
        found.sort(key=lambda entry: (-entry[0], _name(entry[1])))

    return [(one, summary) for _, one, summary in found[:limit]]


def _bounded(sketches: Iterable[Sketch], edges: _Edges) -> Iterator[tuple[float, Sketch]]:
    for one in sketches:
        spread = one.high - one.low if one.high > one.low else 0.0
        yield max(spread, *_comings(one, edges)), one


def _change(one: Sketch, summary: Summary, edges: _Edges) -> float:
    moved = summary.step.size if summary.step else summary.last - summary.first

    return max(_number(abs(moved), 0.0), *_comings(one, edges))


def _comings(one: Sketch, edges: _Edges) -> tuple[float, float]:
    """Return the values with which a series began and ended within the period, else 0."""
    points = one.series.points
    if not points:
        return 0.0, 0.0

    (began, first), (ended, last) = points[0], points[-1]

    return (
        _number(abs(first), 0.0) if began > edges.start else 0.0,
        _number(abs(last), 0.0) if ended < edges.end else 0.0,
    )


def _number(value: float, otherwise: float = -math.inf) -> float:
    return otherwise if math.isnan(value) else value


def _name(one: Sketch) -> list[tuple[str, str]]:
    return sorted(one.series.labels.items())
