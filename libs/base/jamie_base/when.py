"""One time grammar for every server; an instant is an integer of nanoseconds since the epoch.

* now, now-1h, now-1h30m, now+5m   counted from now
* 15m, -15m, 2d, 1w                that long ago
* 2026-05-01T14:03:07.5Z           RFC 3339; without a zone it is UTC, a date alone is its midnight
* 1777644187, 1777644187.5         epoch seconds; also milliseconds, microseconds, nanoseconds

Epoch numbers are told apart by size: from 1e8 seconds, from 1e11 milliseconds, from 1e14
microseconds, from 1e17 nanoseconds. So each unit starts in March 1973, and a bare `15` is refused
rather than read as 1970. Loki's nanoseconds survive: nothing here passes through a float.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from jamie_base.errors import InvalidArgument

Nanoseconds: TypeAlias = int
Moment: TypeAlias = float | datetime

SECOND = 1_000_000_000
UNITS = {
    "y": 365 * 86_400 * SECOND,
    "w": 7 * 86_400 * SECOND,
    "d": 86_400 * SECOND,
    "h": 3_600 * SECOND,
    "m": 60 * SECOND,
    "s": SECOND,
    "ms": 1_000_000,
}
EARLIEST = 0
LATEST = 9_223_286_400 * SECOND  # 2262-04-11, the last day an int64 of nanoseconds can hold
START_SLACK_NS = 5 * UNITS["m"]
END_SLACK_NS = 7 * UNITS["d"]

TIME_FORMS = "now-1h, 15m (= ago), 2026-05-01T14:00:00Z, 2026-05-01 or epoch seconds"
DURATION_FORMS = "30s, 5m, 1h30m, 2d or 1w"

_EPOCH_START = datetime.fromtimestamp(0, UTC)
_LONGEST_TEXT = 64
_NUMBER = r"(\d+(?:\.\d+)?)"
_DURATION = re.compile("".join(rf"(?:{_NUMBER}{unit})?" for unit in UNITS))
_EPOCH = re.compile(r"\d+(?:\.\d+)?(?:[eE]\+?\d{1,2})?")
_RELATIVE = re.compile(r"(?:now)?\s*([+-])\s*(\S+)", re.IGNORECASE)
_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?\s*([Zz]|[+-]\d\d:?\d\d)?)?"
)
_EPOCH_UNITS = ((1e8, SECOND), (1e11, 1_000_000), (1e14, 1_000), (1e17, 1))


class Window(Struct, frozen=True):
    """A stretch of time, the start included."""

    start_ns: Nanoseconds
    end_ns: Nanoseconds

    @property
    def seconds(self) -> float:
        """How long it is, in seconds."""
        return (self.end_ns - self.start_ns) / SECOND


def nanoseconds(moment: Moment) -> Nanoseconds:
    """Turn epoch seconds or a datetime (UTC when it has no zone) into nanoseconds."""
    if not isinstance(moment, datetime):
        return round(moment * SECOND)

    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH_START) // timedelta(microseconds=1) * 1_000


def instant(moment: Moment | None) -> Nanoseconds:
    """Return an instant as nanoseconds; 0, which stands for an unknown one, where there is none."""
    return nanoseconds(moment) if moment else 0


def parse_time(text: str, *, now: Moment) -> Nanoseconds:
    """Read a time in the grammar above.

    Raises InvalidArgument when it is no time, or outside the years 1970 to 2262.
    """
    instant = _read_time(text.strip(), nanoseconds(now))
    if instant is None:
        raise InvalidArgument(f"{_shown(text)} is not a time; write {TIME_FORMS}.")
    if not EARLIEST <= instant <= LATEST:
        raise InvalidArgument(f"{_shown(text)} is outside the years 1970 to 2262.")

    return instant


def parse_duration(text: str) -> timedelta:
    """Read `1h30m`, `500ms`, `2d`, or a bare number of seconds; more than zero, to a microsecond.

    Raises InvalidArgument when it is no duration, not positive, or over a hundred years.
    """
    length = _duration(text.strip(), bare=True)
    if length is None:
        raise InvalidArgument(f"{_shown(text)} is not a duration; write {DURATION_FORMS}.")
    if not 1_000 <= length <= 100 * UNITS["y"]:
        raise InvalidArgument(f"{_shown(text)} must be more than zero and under 100 years.")

    return timedelta(microseconds=length // 1_000)


def window(start: str, end: str = "now", *, now: Moment) -> Window:
    """Read both ends of a window.

    Raises InvalidArgument when an end cannot be read, the start lies in the future (five minutes
    are allowed for clocks that differ), the end over a week ahead, or the end not after the start.
    """
    now_ns = nanoseconds(now)
    asked = Window(parse_time(start, now=now), parse_time(end, now=now))
    if asked.start_ns > now_ns + START_SLACK_NS:
        raise InvalidArgument(f"start {_read_as(start, asked.start_ns)} lies in the future.")
    if asked.end_ns > now_ns + END_SLACK_NS:
        raise InvalidArgument(
            f"end {_read_as(end, asked.end_ns)} is over a week ahead; leave it out for now."
        )
    if asked.end_ns <= asked.start_ns:
        raise InvalidArgument(_not_after(start, end, asked))

    return asked


def to_seconds(instant: Nanoseconds) -> float:
    """Give epoch seconds as a float, exact to about a microsecond."""
    return instant / SECOND


def to_rfc3339(instant: Nanoseconds) -> str:
    """Write an instant in UTC with as many decimals as it needs, up to nine."""
    fraction = instant % SECOND
    decimals = f".{fraction:09}".rstrip("0") if fraction else ""
    return f"{_utc(instant):%Y-%m-%dT%H:%M:%S}{decimals}Z"


def clock(instant: Nanoseconds, now: Moment) -> str:
    """Say an instant as `14:03:07Z, 12m ago`, with the date when it is not today in UTC."""
    now_ns = nanoseconds(now)
    at = _utc(instant)
    today = at.date() == _utc(now_ns).date()
    written = at.strftime("%H:%M:%SZ" if today else "%Y-%m-%d %H:%M:%SZ")
    distance = age((now_ns - instant) / SECOND)
    return f"{written}, in {distance}" if instant > now_ns else f"{written}, {distance} ago"


def age(seconds: float) -> str:
    """Say roughly how long: `90s`, `12m`, `3h`, `4d`, `2y`; the unit fits at least twice."""
    whole = int(abs(seconds))
    for unit in ("y", "d", "h", "m"):
        length = UNITS[unit] // SECOND
        if whole >= 2 * length:
            return f"{whole // length}{unit}"

    return f"{whole}s"


def span(seconds: float) -> str:
    """Say exactly how long: `1h30m`, `14d`, `250ms`; parse_duration reads it back."""
    rest = round(abs(seconds) * 1_000)
    parts: list[str] = []
    for unit in ("d", "h", "m", "s", "ms"):
        amount, rest = divmod(rest, UNITS[unit] // 1_000_000)
        parts += [f"{amount}{unit}"] if amount else []

    sign = "-" if seconds < 0 and parts else ""
    return sign + ("".join(parts) or "0s")


def _read_time(text: str, now_ns: Nanoseconds) -> Nanoseconds | None:
    if len(text) > _LONGEST_TEXT:
        return None
    if text.lower() == "now":
        return now_ns
    if relative := _RELATIVE.fullmatch(text):
        length = _duration(relative[2])
        return None if length is None else now_ns + (length if relative[1] == "+" else -length)
    if _EPOCH.fullmatch(text):
        return _epoch(text)
    if (length := _duration(text)) is not None:
        return now_ns - length

    return _rfc3339(text)


def _duration(text: str, *, bare: bool = False) -> Nanoseconds | None:
    if len(text) > _LONGEST_TEXT:
        return None
    if bare and re.fullmatch(_NUMBER, text):
        return int(Decimal(text) * SECOND)

    found = _DURATION.fullmatch(text)
    if not text or not found:
        return None

    amounts = zip(found.groups(), UNITS.values(), strict=True)
    return int(sum(Decimal(amount) * length for amount, length in amounts if amount))


def _epoch(text: str) -> Nanoseconds:
    number = Decimal(text)
    fitting = [unit for least, unit in _EPOCH_UNITS if number >= least]
    if fitting:
        return int(number * fitting[-1])

    raise InvalidArgument(
        f"{_shown(text)} is too small for an epoch time, which starts in 1973; an age needs its"
        f" unit, as in 15m. Forms: {TIME_FORMS}."
    )


def _rfc3339(text: str) -> Nanoseconds | None:
    found = _RFC3339.fullmatch(text)
    if not found:
        return None

    date, time, decimals, zone = found.groups()
    try:
        moment = datetime.fromisoformat(f"{date}T{time or '00:00'}{(zone or 'Z').upper()}")
    except ValueError as exc:
        raise InvalidArgument(f"{_shown(text)} is not a time ({exc}); write {TIME_FORMS}.") from exc

    return nanoseconds(moment) + int((decimals or "")[:9].ljust(9, "0"))


def _utc(instant: Nanoseconds) -> datetime:
    return _EPOCH_START + timedelta(seconds=instant // SECOND)


def _not_after(start: str, end: str, asked: Window) -> str:
    found = f"{_read_as(start, asked.start_ns)} to {_read_as(end, asked.end_ns)}"
    if asked.start_ns == asked.end_ns:
        return f"The window {found} is empty; start must be before end."

    return f"The window {found} ends before it starts; relative times count from now, not from end."


def _read_as(text: str, instant: Nanoseconds) -> str:
    return f"{_shown(text)} ({to_rfc3339(instant // SECOND * SECOND)})"


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}...")
