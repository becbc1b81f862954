"""When a burst began, told from how many lines there were when."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate

import msgspec

MINUTE_NANOS = 60_000_000_000
_LEAST_RISE = 2.0
_LEAST_EVIDENCE = 6.0
_LEAST_INSIDE = 3
_LEAST_MISSED = 3  # so many lines must fail to come before a burst is over
_MOST_BUCKETS = 2_000


class Onset(msgspec.Struct, frozen=True):
    """A sustained burst: when it began and, if it did, ended; mean counts per bucket.

    Times are in the unit that came in: nanoseconds for log lines.
    """

    at: int
    until: int | None
    before: float
    during: float


def onset(
    timestamps: Iterable[int],
    *,
    start: int | None = None,
    end: int | None = None,
    bucket: int = MINUTE_NANOS,
) -> Onset | None:
    """Find when the lines at these times began to come in a burst; None if they come evenly.

    `start` and `end` are the window that was searched: without them the silence before the
    first line does not count. The onset is the time of the burst's first line.
    """
    times = sorted(timestamps)
    if not times:
        return None

    first = times[0] if start is None else min(start, times[0])
    last = times[-1] if end is None else max(end - 1, times[-1])
    size = max(bucket, math.ceil((last - first + 1) / _MOST_BUCKETS))
    held = Counter((at - first) // size for at in times)
    counts = [(first + i * size, float(held[i])) for i in range((last - first) // size + 1)]
    burst = onset_of_counts(counts)
    if burst is None:
        return None

    began = next(at for at in times if at >= burst.at)
    return msgspec.structs.replace(burst, at=began)


def onset_of_counts(counts: Sequence[tuple[int, float]]) -> Onset | None:
    """Find the burst in evenly spaced (bucket start, count) pairs, oldest first.

    The burst is the run of buckets that stands out most above the mean; a stray error long
    before it costs more silence than it brings and stays outside. None when nothing stands out:
    too few, or the same rate all along.
    """
    values = [max(count, 0.0) if math.isfinite(count) else 0.0 for _, count in counts]
    total = sum(values)
    if not total:
        return None

    begin, stop = _densest(values, total / len(values))
    inside, outside = sum(values[begin:stop]), total - sum(values[begin:stop])
    during = inside / (stop - begin)
    before = outside / (len(values) - (stop - begin)) if stop - begin < len(values) else during
    if inside < _LEAST_INSIDE or during < _LEAST_RISE * before:
        return None
    if _evidence(values, begin, stop) < _LEAST_EVIDENCE:
        return None

    silence = len(counts) - stop
    ended = silence > 1 and silence * during >= _LEAST_MISSED
    return Onset(counts[begin][0], counts[stop][0] if ended else None, before, during)


def _densest(values: list[float], mean: float) -> tuple[int, int]:
    """Return the slice whose sum above the mean is greatest."""
    sums = [0.0, *accumulate(value - mean for value in values)]
    lowest, best = 0, (0, 1)
    for stop in range(1, len(sums)):
        if sums[stop] - sums[lowest] > sums[best[1]] - sums[best[0]]:
            best = (lowest, stop)
        if sums[stop] <= sums[lowest]:
            lowest = stop

    return best


def _evidence(values: list[float], begin: int, stop: int) -> float:
    """Weigh two rates against one (twice the logarithm of the likelihood ratio, Poisson)."""
    inside, total = sum(values[begin:stop]), sum(values)
    share = (stop - begin) / len(values)
    return 2 * (_term(inside, total * share) + _term(total - inside, total * (1 - share)))


def _term(seen: float, expected: float) -> float:
    return seen * math.log(seen / expected) if seen > 0 and expected > 0 else 0.0
