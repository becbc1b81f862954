"""Values of any field, compared as what they are: quantities, ages, instants, else text."""

from datetime import timedelta

import msgspec

from jamie_base.errors import InvalidArgument
from jamie_base.when import Nanoseconds, age, parse_duration, parse_time
from jamie_kubernetes.facts.paths import as_map, written
from jamie_kubernetes.facts.quantities import amount

_SECOND = 1_000_000_000
_INSTANT = 20
"""The length of an instant as Kubernetes writes it, at least."""


class Literal(msgspec.Struct, frozen=True):
    """A value somebody wrote to compare with, as all that it could be."""

    text: str
    number: float | None = None
    length: timedelta | None = None
    instant_ns: Nanoseconds | None = None


def read_literal(text: str, now_ns: Nanoseconds) -> Literal:
    """Read a value as text, number or quantity, length of time, and instant, where it is one."""
    return Literal(text, number_in(text), _length(text), _instant(text, now_ns))


def number_in(value: object) -> float | None:
    """Return a number or quantity, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)

    try:
        return amount(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def instant_in(value: object) -> Nanoseconds | None:
    """Return the instant a value is, as Kubernetes writes instants, or None."""
    if not isinstance(value, str) or len(value) < _INSTANT or value[4:5] != "-" or "T" not in value:
        return None

    try:
        return parse_time(value, now=0)
    except InvalidArgument:
        return None


def order(value: object, other: Literal, now_ns: Nanoseconds) -> int | None:
    """Compare: negative, zero, positive; None where the two have no order.

    An instant compared with a length of time is compared by its age.
    """
    at = instant_in(value)
    if at is not None and other.length is not None:
        return _sign((now_ns - at) - other.length / timedelta(seconds=1) * _SECOND)
    if at is not None:
        return None if other.instant_ns is None else _sign(at - other.instant_ns)

    number = number_in(value)
    if number is not None and other.number is not None:
        return _sign(number - other.number)
    if other.number is not None or not isinstance(value, str):
        return None

    return (value > other.text) - (value < other.text)


def same(value: object, other: Literal) -> bool:
    """Tell whether a value is the one written: as text, or as the same quantity."""
    if written(value) == other.text:
        return True

    number = number_in(value)
    return number is not None and number == other.number


def cell(values: list[object]) -> str:
    """Write what a path led to in one cell; `-` for nothing."""
    texts = [written(value) for value in values if value is not None]
    return ",".join(dict.fromkeys(texts)) if texts else "-"


def age_of(meta: object, now_ns: Nanoseconds) -> str:
    """Say how old an object is, by its metadata."""
    at = created(meta)
    return "-" if at is None else age(max(now_ns - at, 0) / _SECOND)


def created(meta: object) -> Nanoseconds | None:
    """Return when an object was made."""
    return instant_in(as_map(meta).get("creationTimestamp"))


def _sign(difference: float) -> int:
    return (difference > 0) - (difference < 0)


def _length(text: str) -> timedelta | None:
    if not text[:1].isdigit() or text.replace(".", "", 1).isdigit():
        return None

    try:
        return parse_duration(text)
    except InvalidArgument:
        return None


def _instant(text: str, now_ns: Nanoseconds) -> Nanoseconds | None:
    if not (text.startswith("now") or text[4:5] == "-"):
        return None

    try:
        return parse_time(text, now=now_ns / _SECOND)
    except InvalidArgument:
        return None
