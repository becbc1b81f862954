import math

from hypothesis import given
from hypothesis import strategies as st

from jamie_signals.logs import Onset, onset, onset_of_counts

MINUTE = 60_000_000_000
HOUR = 60 * MINUTE


def test_a_burst_begins_with_its_first_line_not_with_a_stray_one_before() -> None:
    burst = [40 * MINUTE + 7 + n * MINUTE // 3 for n in range(60)]

    assert onset([5 * MINUTE, *burst], start=0, end=HOUR) == Onset(
        at=40 * MINUTE + 7, until=None, before=1 / 40, during=3.0
    )


def test_a_burst_that_ended_says_when() -> None:
    counts = [(minute * MINUTE, 10.0 if 20 <= minute < 30 else 0.0) for minute in range(60)]

    assert onset_of_counts(counts) == Onset(20 * MINUTE, 30 * MINUTE, 0.0, 10.0)


def test_a_steady_rate_has_no_onset() -> None:
    assert onset_of_counts([(minute, 5.0 + minute % 2) for minute in range(60)]) is None
    assert onset([n * MINUTE for n in range(60)], start=0, end=HOUR) is None


def test_one_or_two_lines_are_no_burst() -> None:
    assert onset([30 * MINUTE, 31 * MINUTE], start=0, end=HOUR) is None
    assert onset([]) is None
    assert onset_of_counts([]) is None


def test_a_slow_burst_is_found_too() -> None:
    every_third_minute = [minute * MINUTE for minute in range(40, 60, 3)]

    assert onset(every_third_minute, start=0, end=HOUR) == Onset(40 * MINUTE, None, 0.0, 7 / 19)


def test_a_rise_above_a_baseline_is_found_in_metric_counts() -> None:
    counts = [(minute, 2.0 + minute % 2 + (20.0 if minute >= 45 else 0.0)) for minute in range(60)]

    found = onset_of_counts(counts)
    assert found
    assert (found.at, found.until) == (45, None)


@given(st.lists(st.floats(), max_size=80))
def test_any_counts_may_be_asked_about(values: list[float]) -> None:
    found = onset_of_counts(list(enumerate(values)))

    assert found is None or (0 <= found.at < len(values) and not math.isnan(found.during))


@given(st.lists(st.integers(0, 2**63), max_size=50))
def test_an_onset_is_the_time_of_a_line(times: list[int]) -> None:
    found = onset(times)

    assert found is None or found.at in times
