"""The units Jamie tells apart, and what rate, quotient and product make of them."""

from enum import StrEnum


class Unit(StrEnum):
    """What a number counts; NONE is a plain number."""

    NONE = "none"
    BYTES = "bytes"
    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    RATIO = "ratio"
    PERCENT = "percent"
    CORES = "cores"
    COUNT = "count"
    TIMESTAMP = "timestamp"
    CELSIUS = "celsius"
    BYTES_PER_SECOND = "bytes_per_second"
    PER_SECOND = "per_second"
    SECONDS_PER_SECOND = "seconds_per_second"


PER_SECOND_OF = {
    Unit.NONE: Unit.PER_SECOND,
    Unit.COUNT: Unit.PER_SECOND,
    Unit.BYTES: Unit.BYTES_PER_SECOND,
    Unit.SECONDS: Unit.SECONDS_PER_SECOND,
}

# A plain number or a timestamp over another says nothing about a share.
_RATIOS = frozenset(Unit) - {Unit.NONE, Unit.TIMESTAMP, Unit.CELSIUS}

_QUOTIENTS = {
    (Unit.BYTES, Unit.COUNT): Unit.BYTES,
    (Unit.SECONDS, Unit.COUNT): Unit.SECONDS,
    (Unit.MILLISECONDS, Unit.COUNT): Unit.MILLISECONDS,
    (Unit.BYTES_PER_SECOND, Unit.PER_SECOND): Unit.BYTES,
    (Unit.SECONDS_PER_SECOND, Unit.PER_SECOND): Unit.SECONDS,
    (Unit.SECONDS_PER_SECOND, Unit.CORES): Unit.RATIO,
    (Unit.CORES, Unit.COUNT): Unit.RATIO,
    (Unit.BYTES, Unit.SECONDS): Unit.BYTES_PER_SECOND,
    (Unit.COUNT, Unit.SECONDS): Unit.PER_SECOND,
    (Unit.BYTES, Unit.BYTES_PER_SECOND): Unit.SECONDS,
    (Unit.COUNT, Unit.PER_SECOND): Unit.SECONDS,
}


def rate_of(unit: Unit | None) -> Unit | None:
    """Say what a counter in this unit grows by, per second; None when unknown."""
    return PER_SECOND_OF.get(unit) if unit else None


def quotient(above: Unit | None, below: Unit | None) -> Unit | None:
    """Divide one unit by another; None when the result has no name here."""
    if above is None or below is None:
        return None
    if above is below:
        return Unit.RATIO if above in _RATIOS else None

    return _QUOTIENTS.get((above, below))
