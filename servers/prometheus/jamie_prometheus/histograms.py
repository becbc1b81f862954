"""Native histograms in a few figures."""

import math
from collections.abc import Sequence

import msgspec

from jamie_prometheus.answers import Histogram, figure
from jamie_prometheus.wire import WireHistogram, number

QUANTILES = (0.5, 0.9, 0.99)


class Bucket(msgspec.Struct, frozen=True):
    """How many observations lay between two bounds."""

    left: float
    right: float
    count: float


def digest(wire: WireHistogram) -> Histogram:
    """Reduce a histogram's sample to count, sum, mean and quantiles."""
    count, total = number(wire.count), number(wire.sum)
    buckets = [
        Bucket(number(left), number(right), number(held)) for _, left, right, held in wire.buckets
    ]
    p50, p90, p99 = (quantile(share, buckets) for share in QUANTILES)

    return Histogram(
        count=figure(count),
        sum=figure(total),
        mean=figure(total / count if count else math.nan),
        p50=figure(p50),
        p90=figure(p90),
        p99=figure(p99),
    )


def quantile(share: float, buckets: Sequence[Bucket]) -> float:
    """Find the value below which a share of the observations lies; NaN without observations.

    Within a bucket it grows exponentially, as the bounds of native histograms do; linearly in the
    bucket around zero.
    """
    total = sum(one.count for one in buckets)
    if total <= 0:
        return math.nan

    wanted = share * total
    for one in buckets:
        if wanted <= one.count:
            return _within(one, wanted / one.count if one.count else 0.0)
        wanted -= one.count

    return buckets[-1].right


def _within(bucket: Bucket, part: float) -> float:
    if bucket.left * bucket.right <= 0 or math.isinf(bucket.left * bucket.right):
        return bucket.left + (bucket.right - bucket.left) * part

    return bucket.left * (bucket.right / bucket.left) ** part
