"""Time series, cut down to what a person would say of them; extremes always survive."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median
from typing import Literal

import msgspec

from jamie_signals.steps import Point, Step, step_in

__all__ = [
    "Bucket", "HistogramPoint", "Point", "RankBy", "Rest", "Series", "Step", "Summary",
    "buckets", "counts_of", "means_of", "rank", "rest_of", "sparkline", "step_in", "summarise",
]  # fmt: skip

RankBy = Literal["max", "change", "last"]

_BARS = "▁▂▃▄▅▆▇█"
_GAP_INTERVALS = 1.5


class HistogramPoint(msgspec.Struct, frozen=True):
    """A native histogram's sample: when (epoch seconds), how many observations, their sum."""

    at: float
    count: float
    sum: float

    @property
    def mean(self) -> float:
        """The mean observation, NaN when there was none."""
        return self.sum / self.count if self.count else math.nan


class Series(msgspec.Struct, frozen=True):
    """One labelled series, oldest point first, times in epoch seconds."""

    labels: dict[str, str]
    points: tuple[Point, ...] = ()
    histograms: tuple[HistogramPoint, ...] = ()


class Summary(msgspec.Struct, frozen=True):
    """A series in a dozen figures; they are NaN when it holds no number (`count` 0).

    `count` are the points that hold a number, `nans` those that do not, `gaps` the points
    missing between the first and the last.
    """

    first: float
    last: float
    min: float
    min_at: float
    max: float
    max_at: float
    mean: float
    count: int
    nans: int
    gaps: int
    step: Step | None = None


class Rest(msgspec.Struct, frozen=True):
    """The series not shown, in one row."""

    series: int
    last_sum: float
    max: float
    max_at: float


class Bucket(msgspec.Struct, frozen=True):
    """The numbers of one slice of time, which begins at `start`."""

    start: float
    min: float
    max: float
    last: float
    count: int


def summarise(points: Sequence[Point], *, interval: float | None = None) -> Summary:
    """Reduce points, oldest first, to a summary; `interval` is their distance in seconds."""
    numbers = _numbers(points)
    nans = len(points) - len(numbers)
    if not numbers:
        nan = math.nan
        return Summary(nan, nan, nan, nan, nan, nan, nan, count=0, nans=nans, gaps=0)

    min_at, lowest = min(numbers, key=_value)
    max_at, highest = max(numbers, key=_value)
    return Summary(
        first=numbers[0][1],
        last=numbers[-1][1],
        min=lowest,
        min_at=min_at,
        max=highest,
        max_at=max_at,
        mean=_mean(numbers),
        count=len(numbers),
        nans=nans,
        gaps=_gaps(points, interval),
        step=step_in(numbers),
    )


def rank(series: Iterable[Series], by: RankBy = "max") -> list[tuple[Series, Summary]]:
    """Pair each series with its summary, the highest, most changed or last-highest first.

    Series without a number come last; equals are ordered by their labels.
    """
    pairs = [(one, summarise(one.points)) for one in series]
    return sorted(pairs, key=lambda pair: (-_weight(pair[1], by), sorted(pair[0].labels.items())))


def rest_of(ranked: Sequence[tuple[Series, Summary]]) -> Rest:
    """Fold the series an answer has no room for into one row; NaN when none holds a number."""
    known = [summary for _, summary in ranked if summary.count]
    if not known:
        return Rest(len(ranked), math.nan, math.nan, math.nan)

    top = max(known, key=lambda summary: summary.max)
    return Rest(len(ranked), sum(one.last for one in known), top.max, top.max_at)


def buckets(points: Sequence[Point], n: int) -> tuple[Bucket | None, ...]:
    """Cut the time from the first to the last point into n equal slices; None where empty."""
    numbers = _numbers(points)
    if not numbers or n < 1:
        return (None,) * max(n, 0)

    start, width = points[0][0], (points[-1][0] - points[0][0]) / n
    slices: list[list[float]] = [[] for _ in range(n)]
    for at, value in numbers:
        slices[_slot(at - start, width, n)].append(value)

    return tuple(
        Bucket(start + index * width, min(held), max(held), held[-1], len(held)) if held else None
        for index, held in enumerate(slices)
    )


def sparkline(points: Sequence[Point], width: int = 20) -> str:
    """Draw the highest value of each slice of time, so that a short spike stays visible."""
    slices = buckets(points, min(width, len(points)))
    finite = [one.max for one in slices if one and math.isfinite(one.max)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    return "".join(_bar(one.max, low, high) if one else " " for one in slices)


def counts_of(series: Series) -> Series:
    """Read a native histogram series as its number of observations."""
    return Series(series.labels, tuple((one.at, one.count) for one in series.histograms))


def means_of(series: Series) -> Series:
    """Read a native histogram series as its mean observation."""
    return Series(series.labels, tuple((one.at, one.mean) for one in series.histograms))


def _numbers(points: Sequence[Point]) -> list[Point]:
    return [point for point in points if not math.isnan(point[1])]


def _value(point: Point) -> float:
    return point[1]


def _mean(numbers: Sequence[Point]) -> float:
    """Average what is finite; a mean over an infinity would hide every other figure."""
    finite = [value for _, value in numbers if math.isfinite(value)]
    if not finite:
        return numbers[-1][1]

    # Halves of shares: neither a sum nor the rounding of the largest floats can overflow.
    mean = 2 * math.fsum(value / 2 / len(finite) for value in finite)
    return min(max(mean, min(finite)), max(finite))  # rounding must not leave the range


def _gaps(points: Sequence[Point], interval: float | None) -> int:
    distances = [after[0] - before[0] for before, after in pairwise(points)]
    usual = interval or (median(distances) if distances else 0)
    if usual <= 0:
        return 0

    return sum(round(d / usual) - 1 for d in distances if d > _GAP_INTERVALS * usual)


def _weight(summary: Summary, by: RankBy) -> float:
    if not summary.count:
        return -math.inf
    if by == "max":
        return summary.max
    if by == "last":
        return summary.last

    change = abs(summary.step.size) if summary.step else abs(summary.last - summary.first)
    return 0.0 if math.isnan(change) else change


def _slot(offset: float, width: float, n: int) -> int:
    return min(int(offset / width), n - 1) if width > 0 else 0


def _bar(value: float, low: float, high: float) -> str:
    if not math.isfinite(value):
        return _BARS[-1] if value > 0 else _BARS[0]
    if high <= low:
        return _BARS[0]

    share = value / 2 - low / 2, high / 2 - low / 2  # halves, because the range may overflow
    return _BARS[min(int(share[0] / share[1] * len(_BARS)), len(_BARS) - 1)]
