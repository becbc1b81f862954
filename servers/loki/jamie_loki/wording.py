"""Figures and instants in words, as every answer of this server writes them."""

from datetime import UTC, datetime

from jamie_base.text import clean, shorten
from jamie_base.when import SECOND, clock
from jamie_signals.units import Unit, humanise

LONGEST_NAME = 80
_DAY_SECONDS = 86_400


def size_of(number: int) -> str:
    """Say bytes: `1.4 GiB`."""
    return humanise(number, Unit.BYTES)


def humanised(value: float | None) -> str:
    """Say a number of no unit, `-` where there is none."""
    return "-" if value is None else humanise(value)


def inline(text: str, limit: int = LONGEST_NAME) -> str:
    """Make a name a stranger chose fit into a sentence of ours."""
    return shorten(" ".join(clean(text).split()), limit, middle=True) or '""'


def ago(instant: str, asked: str) -> str:
    """Say an instant of the data as `14:03:07Z, 12m ago`."""
    return clock(int(instant), int(asked) / SECOND)


def stamp(instant_ns: int, *, dated: bool) -> str:
    """Write the time of a line to the millisecond."""
    millisecond = instant_ns % SECOND // 1_000_000

    return f"{_utc(instant_ns):{'%m-%d ' if dated else ''}%H:%M:%S}.{millisecond:03}"


def spans_days(start_ns: int, end_ns: int) -> bool:
    """Tell whether times need their date to be told apart."""
    return _utc(start_ns).date() != _utc(end_ns - 1).date()


def window_of(start_ns: int, end_ns: int) -> str:
    """Say a window: `13:03:07Z to 14:03:07Z on 2026-05-01`."""
    if (end_ns - start_ns) / SECOND < _DAY_SECONDS and not spans_days(start_ns, end_ns):
        return f"{_utc(start_ns):%H:%M:%SZ} to {_utc(end_ns):%H:%M:%SZ on %Y-%m-%d}"

    return f"{_utc(start_ns):%Y-%m-%d %H:%M:%SZ} to {_utc(end_ns):%Y-%m-%d %H:%M:%SZ}"


def _utc(instant_ns: int) -> datetime:
    return datetime.fromtimestamp(instant_ns // SECOND, UTC)
