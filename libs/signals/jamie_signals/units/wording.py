"""A number as a person would say it: `1.4 GiB`, `230 ms`, `3.1%`, `12/s`."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from jamie_signals.units.kinds import Unit

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BYTE_STEPS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_SHORT_STEPS = ((1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s"))
_LONG_STEPS = ((60, 1, "m", "s"), (3600, 60, "h", "m"), (86400, 3600, "d", "h"))
_LONGEST_SECONDS = 1e12
_COUNT_STEPS = ("", " million", " billion", " trillion")


def humanise(value: float, unit: Unit = Unit.NONE) -> str:
    """Word a value in its unit, in two or three figures; NaN and infinities in words."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinity" if value > 0 else "minus infinity"
    if unit is Unit.TIMESTAMP:
        return _moment(value)

    sign = "-" if value < 0 else ""
    return sign + _WORDINGS.get(unit, _plain)(abs(value))


def figures(value: float) -> str:
    """Write a positive number: whole from 100, one decimal from 1, else two figures."""
    if value == 0:
        return "0"
    if value >= 1e15 or value < 1e-4:
        return f"{value:.2g}"
    if value < 0.995:
        return f"{value:.2g}"

    text = f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"
    return text.removesuffix(".0")


def _rounded(value: float) -> float:
    return float(figures(value).replace(",", ""))


def _plain(value: float) -> str:
    if value < 999_999.5:
        return figures(value)

    return _scaled(value / 1e6, 1000, _COUNT_STEPS[1:], "")


def _bytes(value: float) -> str:
    return _scaled(value, 1024, _BYTE_STEPS)


def _scaled(value: float, base: float, names: tuple[str, ...], gap: str = " ") -> str:
    """Climb while the rounded figure would reach the next name, so none says 1024 MiB."""
    for name in names[:-1]:
        if _rounded(value) < base:
            return f"{figures(value)}{gap}{name}"
        value /= base

    return f"{figures(value)}{gap}{names[-1]}"


def _seconds(value: float) -> str:
    if value > _LONGEST_SECONDS:
        return f"{value:.2g} s"
    if _rounded(value) >= 60:
        return _long(value)

    return _short(value)


def _short(value: float) -> str:
    for scale, name in _SHORT_STEPS[:-1]:
        if value and _rounded(value / scale) < 1000:
            return f"{figures(value / scale)} {name}"

    return f"{figures(value)} s"


def _long(value: float) -> str:
    """Say two neighbouring parts, `3h 12m`, rounded before they are split so that they carry."""
    for index, (size, part, big, small) in enumerate(_LONG_STEPS):
        parts = round(value / part)
        limit = _LONG_STEPS[index + 1][0] if index + 1 < len(_LONG_STEPS) else math.inf
        if parts * part < limit:
            whole, rest = divmod(parts * part, size)
            return f"{whole}{big}" + (f" {rest // part}{small}" if rest else "")

    raise AssertionError(value)  # the last step has no limit


def _percent(value: float) -> str:
    return f"{_share(value)}%"


def _share(percent: float) -> str:
    """Keep the nines: 99.97 must not read as 100."""
    missing = 100 - percent
    if not 0 < missing < 1:
        return figures(percent)

    decimals = min(math.ceil(-math.log10(missing)) + 1, 12)
    return f"{percent:.{decimals}f}".rstrip("0").rstrip(".")


def _moment(value: float) -> str:
    try:
        moment = _EPOCH + timedelta(seconds=value)
    except OverflowError:
        return humanise(value)

    return moment.strftime("%Y-%m-%d %H:%M:%SZ")


_WORDINGS: dict[Unit, Callable[[float], str]] = {
    Unit.BYTES: _bytes,
    Unit.SECONDS: _seconds,
    Unit.MILLISECONDS: lambda value: _seconds(value / 1000),
    Unit.RATIO: lambda value: _percent(value * 100),
    Unit.PERCENT: _percent,
    Unit.CORES: lambda value: f"{figures(value)} {'core' if figures(value) == '1' else 'cores'}",
    Unit.CELSIUS: lambda value: f"{figures(value)} °C",
    Unit.BYTES_PER_SECOND: lambda value: f"{_bytes(value)}/s",
    Unit.PER_SECOND: lambda value: f"{_plain(value)}/s",
    Unit.SECONDS_PER_SECOND: lambda value: f"{figures(value)} s/s",
}
