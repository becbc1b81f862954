import math

from hypothesis import given
from hypothesis import strategies as st

from jamie_signals.series import (
    Bucket,
    HistogramPoint,
    Point,
    Rest,
    Series,
    Step,
    Summary,
    buckets,
    counts_of,
    means_of,
    rank,
    rest_of,
    sparkline,
    summarise,
)

values = st.floats(allow_nan=True, allow_infinity=True)
point_lists = st.lists(values, max_size=60).map(lambda held: every(15, *held))


def every(interval: float, *held: float) -> list[Point]:
    return [(1000.0 + interval * index, value) for index, value in enumerate(held)]


def test_a_summary_keeps_the_extremes_and_when_they_were() -> None:
    points = [(0.0, 2.0), (15.0, math.nan), (30.0, 9.0), (45.0, 1.0), (105.0, 4.0)]

    assert summarise(points, interval=15) == Summary(
        first=2.0, last=4.0, min=1.0, min_at=45.0, max=9.0, max_at=30.0, mean=4.0,
        count=4, nans=1, gaps=3, step=None,
    )  # fmt: skip


def test_a_series_without_a_number_says_so() -> None:
    summary = summarise([(0.0, math.nan)])

    assert (summary.count, summary.nans, math.isnan(summary.max)) == (0, 1, True)


def test_a_level_shift_is_found_with_its_time_and_size() -> None:
    noise = [0.1, -0.1, 0.2, 0.0, -0.2, 0.1, 0.0, -0.1]
    points = every(15, *[1 + n for n in noise * 3], *[4 + n for n in noise * 3])
    step = summarise(points).step

    assert step
    assert step.at == 1000 + 15 * 24
    assert math.isclose(step.size, 3, abs_tol=0.2)


def test_the_start_of_a_burst_that_ended_is_a_step() -> None:
    points = every(15, *[0.0] * 20, *[5.0] * 20, *[0.0] * 20)

    assert summarise(points).step == Step(1000 + 15 * 20, 0.0, 5.0)


def test_neither_a_spike_nor_a_slope_nor_noise_is_a_step() -> None:
    spike = every(15, *[1.0] * 30, 50.0, *[1.0] * 30)
    slope = every(15, *[float(value) for value in range(60)])
    noise = every(15, *[5 + math.sin(value * value) for value in range(60)])

    assert [summarise(points).step for points in (spike, slope, noise)] == [None, None, None]


def test_eleven_thousand_points_still_show_their_step() -> None:
    step = summarise(every(1, *[0.0] * 6000, *[3.0] * 5000)).step

    assert step
    assert abs(step.at - 7000) <= 46
    assert (step.before, step.after) == (0.0, 3.0)


def test_series_rank_by_what_is_asked_and_the_silent_ones_last() -> None:
    spiky = Series({"pod": "spiky"}, tuple(every(15, 1, 9, 1)))
    grown = Series({"pod": "grown"}, tuple(every(15, 1, 2, 6)))
    flat = Series({"pod": "flat"}, tuple(every(15, 7, 7, 7)))
    silent = Series({"pod": "silent"}, tuple(every(15, math.nan)))
    held = [silent, flat, grown, spiky]

    orders = [[one.labels["pod"] for one, _ in rank(held, by)] for by in ("max", "change", "last")]
    assert orders == [
        ["spiky", "flat", "grown", "silent"],
        ["grown", "flat", "spiky", "silent"],
        ["flat", "grown", "spiky", "silent"],
    ]


def test_the_rest_is_one_row() -> None:
    held = [Series({"n": str(n)}, tuple(every(15, n, 2 * n, n))) for n in range(4)]

    assert rest_of(rank(held)[1:]) == Rest(series=3, last_sum=3.0, max=4.0, max_at=1015.0)


def test_buckets_keep_the_extremes_of_their_slice() -> None:
    points = [(0.0, 1.0), (1.0, 9.0), (2.0, 3.0), (9.0, 2.0)]

    assert buckets(points, 3) == (
        Bucket(start=0.0, min=1.0, max=9.0, last=3.0, count=3),
        None,
        Bucket(start=6.0, min=2.0, max=2.0, last=2.0, count=1),
    )


def test_a_sparkline_shows_a_short_spike() -> None:
    assert sparkline(every(15, *[0.0] * 50, 8.0, *[0.0] * 49), 10) == "▁▁▁▁▁█▁▁▁▁"


def test_native_histograms_read_as_counts_and_means() -> None:
    series = Series({}, histograms=(HistogramPoint(1.0, 4.0, 2.0), HistogramPoint(2.0, 8.0, 6.0)))

    assert counts_of(series).points == ((1.0, 4.0), (2.0, 8.0))
    assert means_of(series).points == ((1.0, 0.5), (2.0, 0.75))


@given(point_lists)
def test_every_reduction_keeps_the_lowest_and_the_highest(points: list[Point]) -> None:
    numbers = [value for _, value in points if not math.isnan(value)]
    summary = summarise(points)
    held = [one for one in buckets(points, 7) if one]

    assert summary.count + summary.nans == len(points)
    assert sum(one.count for one in held) == len(numbers)
    if numbers:
        assert (summary.min, summary.max) == (min(numbers), max(numbers))
        assert min(one.min for one in held) == summary.min
        assert max(one.max for one in held) == summary.max
        assert summary.min <= summary.mean <= summary.max or math.isinf(summary.mean)


@given(point_lists, st.integers(0, 30))
def test_a_sparkline_is_never_wider_than_asked(points: list[Point], width: int) -> None:
    assert len(sparkline(points, width)) <= width
