from hypothesis import given
from hypothesis import strategies as st

from jamie_prometheus.steps import (
    LADDER_SECONDS,
    LEAST_POINTS,
    MOST_POINTS,
    MOST_SAMPLES,
    fitting,
    least,
)

WINDOWS = st.floats(1, 10 * 365 * 86_400)
INTERVALS = st.one_of(st.none(), st.floats(1, 3_600))
COUNTS = st.integers(0, 2_000)


@given(WINDOWS, INTERVALS, COUNTS)
def test_a_step_is_on_the_ladder_and_within_every_limit(
    window: float, interval: float | None, series: int
) -> None:
    step = fitting(window, interval=interval, series=series).seconds

    assert step in LADDER_SECONDS
    assert window / step <= MOST_POINTS
    assert series * window / step <= max(MOST_SAMPLES, series * LEAST_POINTS)


@given(WINDOWS, st.floats(1, 3_600), COUNTS)
def test_a_step_that_is_not_coarse_passes_no_sample(
    window: float, interval: float, series: int
) -> None:
    stride = fitting(window, interval=interval, series=series)

    assert stride.coarse == (stride.seconds > interval)


@given(st.floats(60, 3 * 86_400), st.floats(15, 3_600))
def test_days_of_a_few_series_are_asked_as_finely_as_they_are_sampled(
    window: float, interval: float
) -> None:
    assert not fitting(window, interval=max(interval, window / 5_000), series=10).coarse


@given(WINDOWS)
def test_the_least_step_is_taken_by_prometheus(window: float) -> None:
    assert window / least(window) <= MOST_POINTS
