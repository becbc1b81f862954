"""Choosing the step of a range query: as fine as the data, as few points as can be read."""

import bisect

import msgspec

LADDER_SECONDS = (
    1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_200, 1_800,
    3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000, 31_536_000,
)  # fmt: skip

MOST_POINTS = 11_000
"""What Prometheus answers for a series at most."""

MOST_SAMPLES = 600_000
"""What we read of all series together, about 20 MB of JSON."""

LEAST_POINTS = 120
USUAL_INTERVAL_SECONDS = 15.0


class Stride(msgspec.Struct, frozen=True):
    """A step in seconds; `coarse` when samples lie between its points, so that spikes may hide."""

    seconds: float
    coarse: bool = False


def fitting(window: float, *, interval: float | None, series: int) -> Stride:
    """Choose the step for a window (seconds) of series scraped every `interval` seconds.

    It is on the ladder, not coarser than the data, unless that would pass `MOST_POINTS` for each
    series or `MOST_SAMPLES` for all (of those, `LEAST_POINTS` are always granted).
    """
    finest = interval or min(USUAL_INTERVAL_SECONDS, window / LEAST_POINTS)
    points = min(max(MOST_SAMPLES // max(series, 1), LEAST_POINTS), MOST_POINTS)
    seconds = max(_rung_below(finest), _rung_above(window / points))

    return Stride(seconds, coarse=interval is not None and seconds > interval)


def least(window: float) -> float:
    """Return the finest step of the ladder that Prometheus takes for a window (seconds)."""
    return _rung_above(window / MOST_POINTS)


def _rung_above(seconds: float) -> float:
    place = bisect.bisect_left(LADDER_SECONDS, seconds)

    return float(LADDER_SECONDS[min(place, len(LADDER_SECONDS) - 1)])


def _rung_below(seconds: float) -> float:
    place = bisect.bisect_right(LADDER_SECONDS, seconds)

    return float(LADDER_SECONDS[max(place - 1, 0)])
