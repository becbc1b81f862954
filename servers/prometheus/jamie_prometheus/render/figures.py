"""Figures and times as a person says them."""

from jamie_base.when import clock, nanoseconds
from jamie_prometheus.answers import Figure, Rest
from jamie_signals.units import Unit, humanise

ADDABLE = frozenset(
    {
        Unit.NONE,
        Unit.BYTES,
        Unit.COUNT,
        Unit.CORES,
        Unit.PER_SECOND,
        Unit.BYTES_PER_SECOND,
        Unit.SECONDS_PER_SECOND,
    }
)
"""Units whose values mean something when added up."""

FRESH_SECONDS = 60


def figure_text(value: Figure, unit: str) -> str:
    """Say a figure in its unit."""
    return humanise(float(value), Unit(unit) if unit else Unit.NONE)


def moment_text(at: float, now: float) -> str:
    """Say an instant, with its age when it is not just now."""
    text = clock(nanoseconds(at), now)

    return text.split(", ")[0] if abs(now - at) < FRESH_SECONDS else text


def time_of_day(at: float, now: float) -> str:
    """Say an instant without its age."""
    return clock(nanoseconds(at), now).split(", ")[0]


def rest_text(rest: Rest) -> str:
    """Say what the series not shown amount to; nothing where their units differ."""
    if rest.unit == "mixed":
        return ""

    unit = rest.unit
    total = f"sum {figure_text(rest.sum, unit)}, " if Unit(unit or "none") in ADDABLE else ""

    least = f", min {figure_text(rest.min, unit)}" if rest.min != "NaN" else ""

    return f"{total}max {figure_text(rest.max, unit)}{least}"
