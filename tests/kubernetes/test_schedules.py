"""When a cron schedule was due last."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_kubernetes.facts.schedules import last_due, parse_schedule

NOW = datetime(2026, 5, 13, 14, 30, 20, tzinfo=UTC)  # a Wednesday

FIELD = st.sampled_from(["*", "*/7", "1", "3-5", "2,4", "1-5/2", "?", "5/2"])
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("schedule", "zone", "due"),
    [
        ("*/15 * * * *", "", "2026-05-13T14:30"),
        ("40 2 * * *", "", "2026-05-13T02:40"),
        ("40 16 * * *", "", "2026-05-12T16:40"),
        ("0 9 * * mon-fri", "", "2026-05-13T09:00"),
        ("0 9 * * 0", "", "2026-05-10T09:00"),
        ("0 9 * * 7", "", "2026-05-10T09:00"),
        ("0 0 1 jan *", "", "2026-01-01T00:00"),
        ("0 0 29 2 *", "", "2024-02-29T00:00"),
        ("0 0 1 * tue", "", "2026-05-12T00:00"),
        ("@daily", "", "2026-05-13T00:00"),
        ("0 9 * * *", "America/New_York", "2026-05-13T13:00"),
    ],
)
def test_the_last_moment_is_found(schedule: str, zone: str, due: str) -> None:
    assert last_due(schedule, zone, NOW) == datetime.fromisoformat(f"{due}:00+00:00")


@pytest.mark.parametrize(
    "schedule",
    [
        "",
        "* * * *",
        "61 * * * *",
        "* * * * someday",
        "@every 1h",
        "0-99999999999 * * * *",
        "5-1 * * * *",
    ],
)
def test_what_is_no_schedule_is_refused(schedule: str) -> None:
    with pytest.raises(ValueError, match=r"schedule|between"):
        parse_schedule(schedule)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        last_due("* * * * *", "Middle/Earth", NOW)


def test_a_day_that_never_comes_is_never_due() -> None:
    assert last_due("0 0 31 2 *", "", NOW) is None


@given(minute=FIELD, hour=FIELD, weekday=FIELD, now=MOMENTS)
def test_no_later_moment_before_now_fits(
    minute: str, hour: str, weekday: str, now: datetime
) -> None:
    text = f"{minute} {hour} * * {weekday}"
    due = last_due(text, "", now)
    assert due is not None
    assert due <= now

    schedule = parse_schedule(text)
    later = [
        due + timedelta(minutes=step)
        for step in range(1, int((now - due).total_seconds() // 60) + 1)
    ]
    assert not [
        one
        for one in later[:3000]
        if one.minute in schedule.minutes and one.hour in schedule.hours and schedule.due_on(one)
    ]
