"""A clear shift of a series' level: when it happened and how far it went."""

import math
from collections.abc import Sequence
from statistics import median

import msgspec

Point = tuple[float, float]

MAD_TO_SIGMA = 1.4826
_LEAST_SIGMAS = 5.0
_LEAST_SHARE = 0.1
_LEAST_WINDOW = 3
_MOST_WINDOW = 12
_MOST_POINTS = 240


class Step(msgspec.Struct, frozen=True):
    """A level shift at a time (epoch seconds), from the median before it to the one after."""

    at: float
    before: float
    after: float

    @property
    def size(self) -> float:
        """How far the level moved; negative when it fell."""
        return self.after - self.before


def step_in(points: Sequence[Point]) -> Step | None:
    """Find the greatest sustained level shift; None when there is no clear one.

    Medians of up to twelve points on either side are compared, so that a spike of one or two
    points is no step, and their spread (MAD) is the measure, so that noise and slopes are none.
    """
    finite = _thinned([point for point in points if math.isfinite(point[1])])
    window = min(max(len(finite) // 6, _LEAST_WINDOW), _MOST_WINDOW)
    cuts = range(_LEAST_WINDOW, len(finite) - _LEAST_WINDOW + 1)
    values = [value for _, value in finite]
    best = max(cuts, key=lambda cut: _score(values, cut, window), default=None)
    if best is None:
        return None

    before, after = _sides(values, best, window)
    step = Step(finite[best][0], median(before), median(after))
    return step if _is_clear(step, before, after) else None


def _thinned(points: list[Point]) -> list[Point]:
    """Take the median of runs of points, because looking at every cut of 11,000 is slow."""
    size = math.ceil(len(points) / _MOST_POINTS)
    if size <= 1:
        return points

    runs = [points[start : start + size] for start in range(0, len(points), size)]
    return [(run[0][0], median(value for _, value in run)) for run in runs]


def _sides(values: list[float], cut: int, window: int) -> tuple[list[float], list[float]]:
    return values[max(cut - window, 0) : cut], values[cut : cut + window]


def _score(values: list[float], cut: int, window: int) -> tuple[float, float]:
    """Prefer the greatest shift, and of equals the cut with the greatest jump across it."""
    before, after = _sides(values, cut, window)
    return abs(median(after) - median(before)), abs(values[cut] - values[cut - 1])


def _is_clear(step: Step, before: list[float], after: list[float]) -> bool:
    size = abs(step.size)
    if size <= _LEAST_SHARE * max(abs(step.before), abs(step.after)):
        return False

    spread = [abs(value - step.before) for value in before]
    spread += [abs(value - step.after) for value in after]
    return size > _LEAST_SIGMAS * MAD_TO_SIGMA * median(spread)
