from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_base.errors import InvalidArgument
from jamie_base.when import (
    LATEST,
    SECOND,
    Window,
    age,
    clock,
    nanoseconds,
    parse_duration,
    parse_time,
    span,
    to_rfc3339,
    to_seconds,
    window,
)

NOW = datetime(2026, 5, 1, 14, 3, 7, tzinfo=UTC)
NOW_NS = 1_777_644_187 * SECOND
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

instants = st.integers(0, LATEST)
# An epoch number says its unit by its size, so the earliest it can tell is in March 1973.
told_apart = st.integers(100_000_000 * SECOND, LATEST)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW_NS),
        ("NOW", NOW_NS),
        ("now-1h", NOW_NS - HOUR),
        ("now-1h30m", NOW_NS - 90 * MINUTE),
        ("now - 1h", NOW_NS - HOUR),
        ("now+5m", NOW_NS + 5 * MINUTE),
        ("15m", NOW_NS - 15 * MINUTE),
        ("-15m", NOW_NS - 15 * MINUTE),
        ("2d", NOW_NS - 48 * HOUR),
        ("1w", NOW_NS - 168 * HOUR),
        ("1.5h", NOW_NS - 90 * MINUTE),
        ("500ms", NOW_NS - SECOND // 2),
        ("0s", NOW_NS),
        (" 15m ", NOW_NS - 15 * MINUTE),
        ("2026-05-01T14:03:07Z", NOW_NS),
        ("2026-05-01T14:03:07.000000001Z", NOW_NS + 1),
        ("2026-05-01t14:03:07z", NOW_NS),
        ("2026-05-01T16:03:07+02:00", NOW_NS),
        ("2026-05-01T19:33:07+0530", NOW_NS),
        ("2026-05-01T14:03:07", NOW_NS),
        ("2026-05-01 14:03", NOW_NS - 7 * SECOND),
        ("2026-05-01", NOW_NS - 14 * HOUR - 3 * MINUTE - 7 * SECOND),
        ("1777644187", NOW_NS),
        ("1777644187.123456789", NOW_NS + 123_456_789),
        ("1.777644187e9", NOW_NS),
        ("1777644187123", NOW_NS + 123_000_000),
        ("1777644187123456", NOW_NS + 123_456_000),
        ("1777644187123456789", NOW_NS + 123_456_789),
    ],
)
def test_every_form_of_the_grammar_is_read(text: str, expected: int) -> None:
    assert parse_time(text, now=NOW) == expected


def test_now_may_be_seconds_or_a_datetime_of_any_zone() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=9)))

    assert nanoseconds(1_777_644_187.5) == NOW_NS + SECOND // 2
    assert nanoseconds(elsewhere) == NOW_NS
    assert nanoseconds(NOW.replace(tzinfo=None)) == NOW_NS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h",
        "yesterday",
        "1h1h",
        "30m1h",
        "now-",
        "now 1h",
        "1 h",
        "--5m",
        "2026-13-01",
        "1e",
        "x" * 9999,
    ],
)
def test_what_is_no_time_is_refused_with_the_forms_that_work(text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"write now-1h, 15m \(= ago\), 2026-05-01T14:00:00Z"):
        parse_time(text, now=NOW)


def test_a_bare_small_number_is_not_read_as_1970() -> None:
    with pytest.raises(InvalidArgument, match="an age needs its unit, as in 15m"):
        parse_time("15", now=NOW)


@pytest.mark.parametrize(
    "text", ["1000y", "now+500y", "9999-12-31", "0001-01-01", "9" * 30, "9e99"]
)
def test_times_beyond_what_backends_can_hold_are_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="outside the years 1970 to 2262"):
        parse_time(text, now=NOW)


def test_an_impossible_date_says_what_is_wrong_with_it() -> None:
    with pytest.raises(InvalidArgument, match=r"'2026-02-30' is not a time \(day"):
        parse_time("2026-02-30", now=NOW)


@given(st.text() | st.from_regex(r"(now)?[-+]?[\d.]{1,20}(y|w|d|h|m|s|ms|T|Z)?", fullmatch=True))
def test_any_text_is_a_time_or_an_invalid_argument(text: str) -> None:
    try:
        assert 0 <= parse_time(text, now=NOW) <= LATEST
    except InvalidArgument as refused:
        assert len(str(refused)) < 400


@given(instants)
def test_rfc3339_loses_no_nanosecond(instant: int) -> None:
    assert parse_time(to_rfc3339(instant), now=NOW) == instant


@given(told_apart)
def test_epoch_numbers_of_every_unit_mean_the_same_instant(instant: int) -> None:
    seconds, rest = divmod(instant, SECOND)

    assert parse_time(f"{seconds}.{rest:09}", now=NOW) == instant
    assert parse_time(str(instant // 1_000_000), now=NOW) == instant // 1_000_000 * 1_000_000
    assert parse_time(str(instant // 1_000), now=NOW) == instant // 1_000 * 1_000
    assert parse_time(str(instant), now=NOW) == instant


def test_seconds_come_back_as_a_float() -> None:
    assert to_seconds(NOW_NS + SECOND // 2) == 1_777_644_187.5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5m", timedelta(minutes=5)),
        ("1h30m", timedelta(minutes=90)),
        ("1.5h", timedelta(minutes=90)),
        ("1w2d", timedelta(days=9)),
        ("250ms", timedelta(milliseconds=250)),
        ("30", timedelta(seconds=30)),
        ("0.5", timedelta(seconds=0.5)),
    ],
)
def test_durations_are_read(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "x", "-5m", "now", "5 minutes", "9" * 100 + "s"])
def test_what_is_no_duration_is_refused_with_the_forms_that_work(text: str) -> None:
    with pytest.raises(InvalidArgument, match="is not a duration; write 30s, 5m, 1h30m, 2d or 1w"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["0s", "0", "101y", "99999999999999999999w"])
def test_a_duration_is_more_than_nothing_and_less_than_a_century(text: str) -> None:
    with pytest.raises(InvalidArgument, match="more than zero and under 100 years"):
        parse_duration(text)


@given(st.integers(1, 86_400_000 * 1_000))
def test_a_span_is_read_back_as_the_same_duration(milliseconds: int) -> None:
    asked = timedelta(milliseconds=milliseconds)

    assert parse_duration(span(asked.total_seconds())) == asked


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0s"),
        (5400, "1h30m"),
        (1_209_600, "14d"),
        (0.25, "250ms"),
        (-90, "-1m30s"),
        (0.0001, "0s"),
    ],
)
def test_spans_are_exact(seconds: float, expected: str) -> None:
    assert span(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.4, "0s"),
        (90, "90s"),
        (720, "12m"),
        (3 * 3600 + 59, "3h"),
        (4 * 86_400, "4d"),
        (400 * 86_400, "400d"),
        (800 * 86_400, "2y"),
    ],
)
def test_ages_are_short(seconds: float, expected: str) -> None:
    assert age(seconds) == expected


def test_a_clock_says_the_date_only_when_it_is_not_today() -> None:
    assert clock(NOW_NS - 12 * MINUTE, NOW) == "13:51:07Z, 12m ago"
    assert clock(NOW_NS - 48 * HOUR, NOW) == "2026-04-29 14:03:07Z, 2d ago"
    assert clock(NOW_NS + 5 * MINUTE, NOW) == "14:08:07Z, in 5m"


def test_a_window_has_two_ends() -> None:
    assert window("1h", now=NOW) == Window(NOW_NS - HOUR, NOW_NS)
    assert window("2h", "1h", now=NOW).seconds == 3600


@pytest.mark.parametrize(
    ("start", "end", "complaint"),
    [
        ("1h", "2h", "ends before it starts; relative times count from now"),
        ("1h", "1h", "is empty; start must be before end"),
        ("now+1h", "now+2h", r"start 'now\+1h' \(2026-05-01T15:03:07Z\) lies in the future"),
        ("1h", "2027-01-01", r"end '2027-01-01' \(2027-01-01T00:00:00Z\) is over a week ahead"),
        ("soon", "now", "'soon' is not a time"),
    ],
)
def test_a_window_that_holds_nothing_says_why(start: str, end: str, complaint: str) -> None:
    with pytest.raises(InvalidArgument, match=complaint):
        window(start, end, now=NOW)


def test_a_window_may_start_a_little_ahead_where_clocks_differ() -> None:
    assert window("now+1m", "now+2m", now=NOW).seconds == 60
