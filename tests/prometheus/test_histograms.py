import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_prometheus.histograms import Bucket, digest, quantile
from jamie_prometheus.wire import WireHistogram

COUNTS = st.lists(st.floats(0, 1e6), min_size=1, max_size=20)


def buckets(counts: list[float]) -> list[Bucket]:
    return [Bucket(2.0**place, 2.0 ** (place + 1), one) for place, one in enumerate(counts)]


@given(COUNTS, st.floats(0, 1))
def test_a_quantile_lies_within_the_buckets_and_grows(counts: list[float], share: float) -> None:
    found = quantile(share, buckets(counts))

    if sum(counts) == 0:
        assert math.isnan(found)
    else:
        assert 1.0 <= found <= 2.0 ** len(counts) * (1 + 1e-9)
        assert found <= quantile(1.0, buckets(counts)) * (1 + 1e-9)


def test_the_bucket_around_zero_is_read_linearly() -> None:
    assert quantile(0.5, [Bucket(-1, 1, 10)]) == pytest.approx(0.0)


def test_a_histogram_without_observations_has_no_figures() -> None:
    empty = digest(WireHistogram("0", "0"))

    assert (empty.count, empty.mean, empty.p99) == (0.0, "NaN", "NaN")
