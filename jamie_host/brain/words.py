"""Figures and times in words."""

from collections.abc import Iterable
from datetime import UTC, datetime

SPANS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
GIB = 2**30


def count(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun: "1 pod", "1,612 errors"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def be(number: int) -> str:
    """Pick "is" or "are"."""
    return "is" if number == 1 else "are"


def percent(part: float, whole: float) -> str:
    """Write a share in whole per cent."""
    return f"{100 * part / whole:.0f}%"


def ago(seconds: float) -> str:
    """Write an age in its biggest unit: "22m ago"."""
    whole = max(0, round(seconds))
    size, unit = next(((size, unit) for size, unit in SPANS if whole >= size), (1, "s"))
    return f"{whole // size}{unit} ago"


def clock(seconds: float) -> str:
    """Write a time of day in UTC: "22:15Z"."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%MZ")


def span(seconds: float) -> str:
    """Write a length of time: "hour", "15 minutes", "2 days"."""
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        number = round(seconds / size)
        if number and abs(number * size - seconds) <= 0.01 * seconds:
            return word if number == 1 else f"{number} {word}s"
    return f"{seconds:.0f} seconds"


def joined(parts: Iterable[str]) -> str:
    """Join with commas and a last "and"."""
    *most, last = [*parts] or [""]
    return f"{', '.join(most)} and {last}" if most else last
