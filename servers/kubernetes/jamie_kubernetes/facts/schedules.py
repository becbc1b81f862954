"""Cron schedules as Kubernetes reads them: when one was due last."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

DAYS_BACK = 366 * 5

_SHORTHANDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_WEEKDAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
_PART = re.compile(r"(\*|\?|[a-z]+|\d+)(?:-([a-z]+|\d+))?(?:/(\d+))?")


class Schedule(msgspec.Struct, frozen=True):
    """The minutes, hours, days and so on at which something is due."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    def due_on(self, day: datetime) -> bool:
        """Tell whether it is due on a day at all."""
        in_month = day.day in self.days
        in_week = day.isoweekday() % 7 in self.weekdays
        # Cron's own oddity: with both kinds of day restricted, either will do.
        fits = in_month or in_week if self.either_day else in_month and in_week

        return day.month in self.months and fits


@lru_cache(maxsize=512)
def parse_schedule(text: str) -> Schedule:
    """Read five fields, or a shorthand such as `@daily`.

    Raises:
        ValueError: It is no schedule we can read (`@every` is none: it has no fixed moments).

    """
    fields = _SHORTHANDS.get(text.strip().lower(), text).lower().split()
    if len(fields) != 5:
        raise ValueError(f"{text!r} is not a schedule of five fields")

    minutes, hours, days, months, weekdays = fields
    return Schedule(
        minutes=tuple(sorted(_values(minutes, 0, 59), reverse=True)),
        hours=tuple(sorted(_values(hours, 0, 23), reverse=True)),
        days=frozenset(_values(days, 1, 31)),
        months=frozenset(_values(months, 1, 12, _MONTHS)),
        weekdays=frozenset(day % 7 for day in _values(weekdays, 0, 7, _WEEKDAYS)),
        either_day=days[0] not in "*?" and weekdays[0] not in "*?",
    )


def last_due(text: str, zone: str, now: datetime) -> datetime | None:
    """Return when a schedule was due last, in UTC; None when it never was in five years.

    Without a zone it is UTC, which is what controller managers run in.

    Raises:
        ValueError: The schedule or its time zone cannot be read here.

    """
    schedule = parse_schedule(text)
    try:
        local = now.astimezone(ZoneInfo(zone) if zone else UTC)
    except (ZoneInfoNotFoundError, OSError) as exc:
        raise ValueError(f"time zone {zone!r} is not known here") from exc

    for back in range(DAYS_BACK):
        day = local.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=back)
        if schedule.due_on(day) and (moment := _latest(schedule, day, local)):
            return moment.astimezone(UTC)

    return None


def _latest(schedule: Schedule, day: datetime, until: datetime) -> datetime | None:
    moments = (
        day.replace(hour=hour, minute=minute)
        for hour in schedule.hours
        for minute in schedule.minutes
    )
    return next((moment for moment in moments if moment <= until), None)


def _values(field: str, low: int, high: int, names: dict[str, int] | None = None) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        read = _PART.fullmatch(part)
        if not read:
            raise ValueError(f"{part!r} cannot be in a schedule")
        span = _range(read, low, high, names or {})
        if not span or span[0] < low or span[-1] > high:
            raise ValueError(f"{part!r} is not between {low} and {high}")
        found.update(span)

    return found


def _range(read: re.Match[str], low: int, high: int, names: dict[str, int]) -> range:
    first, last, step = read.groups()
    start = low if first in "*?" else _number(first, names)
    # `5/10` goes on from 5 to the end, as `*/10` does from the start.
    open_end = high if first in "*?" or step else start
    end = _number(last, names) if last else open_end

    return range(start, end + 1, max(int(step or 1), 1))


def _number(text: str, names: dict[str, int]) -> int:
    return int(text) if text.isdigit() else names.get(text, -1)
