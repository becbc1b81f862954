import math
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from jamie_prometheus.client import Period
from jamie_prometheus.ranking import ranked, rest
from jamie_signals.series import RankBy, Series, summarise

FIGURES = st.one_of(st.floats(-1e9, 1e9), st.just(math.nan))
VALUES = st.lists(FIGURES, min_size=1, max_size=40)
MANY = st.lists(VALUES, max_size=12)
PERIOD = Period(0, 400)
STEP = 10.0


def series_of(many: list[list[float]]) -> list[Series]:
    return [
        Series({"n": f"{place:02}"}, tuple((STEP * at, one) for at, one in enumerate(values)))
        for place, values in enumerate(many)
    ]


@given(MANY, st.sampled_from(get_args(RankBy)), st.integers(1, 12))
def test_every_series_is_shown_or_folded_once_and_extremes_survive(
    many: list[list[float]], by: RankBy, limit: int
) -> None:
    series = series_of(many)

    ranking = ranked(series, by, limit, period=PERIOD, step=STEP)

    folded = rest(ranking.others, "none")
    peaks = [summary.max for _, summary in ranking.shown if summary.count]
    peaks += [float(folded.max)] if folded and folded.max != "NaN" else []
    known = [value for values in many for value in values if not math.isnan(value)]
    assert len(ranking.shown) == min(limit, len(series))
    assert {one.labels["n"] for one in ranking.series} == {one.labels["n"] for one in series}
    assert max(peaks, default=None) == max(known, default=None)


@given(MANY, st.integers(1, 12))
def test_the_shortcut_finds_the_same_series_as_looking_at_all(
    many: list[list[float]], limit: int
) -> None:
    series = series_of(many)

    whole = ranked(series, "change", len(series) or 1, period=PERIOD, step=STEP)
    some = ranked(series, "change", limit, period=PERIOD, step=STEP)

    assert [one.labels for one, _ in some.shown] == [one.labels for one, _ in whole.shown[:limit]]


def test_a_level_shift_outranks_a_spike_and_noise() -> None:
    end = 40
    shift = [1.0] * 20 + [9.0] * 20
    spike = [1.0] * 20 + [50.0] + [1.0] * 19
    series = series_of([spike, shift, [3.0] * end])

    ranking = ranked(series, "change", 3, period=Period(0, STEP * end), step=STEP)

    assert [one.labels["n"] for one, _ in ranking.shown] == ["01", "00", "02"]
    assert summarise(series[1].points).step is not None
