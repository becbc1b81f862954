"""Remarks on a query that runs and yet may not say what was meant; never a reason to refuse it."""

import re
from collections.abc import Iterable, Mapping

from jamie_base.when import span
from jamie_prometheus.promql import label, string
from jamie_prometheus.structure import Matcher, Selector, Structure
from jamie_prometheus.wire import Metadata

SAMPLES_A_RATE_WANTS = 4
MOST_HINTS = 3
RATES = frozenset({"rate", "irate", "increase"})

_PATTERN = re.compile(r"\.[*+?]|\||\[[^\]]+\]|\\[dws]|^\^|\$$")
_STATUS_CLASS = re.compile(r"([1-5])[xX]{2}")


def hints(
    structure: Structure,
    intervals: Mapping[Selector, float],
    metadata: Mapping[str, Metadata],
) -> tuple[str, ...]:
    """Return what is worth a remark, each as one sentence without its full stop."""
    found = [
        *(_short_range(one, intervals.get(one, 0.0)) for one in structure.selectors),
        *(_rate_of_gauge(one, metadata) for one in structure.selectors),
        *(of_matcher(each) for one in structure.selectors for each in one.matchers),
        _sum_before_rate(structure),
        _bare_counter(structure),
    ]

    return tuple(dict.fromkeys(filter(None, found)))[:MOST_HINTS]


def of_matcher(one: Matcher) -> str:
    """Return the remark on a value that looks like a pattern where it is compared literally."""
    if one.operator not in ("=", "!="):
        return ""

    operator = "=~" if one.operator == "=" else "!~"
    written = f"{label(one.name)}{one.operator}{string(one.value)}"
    if classed := _STATUS_CLASS.fullmatch(one.value):
        better = f'{label(one.name)}{operator}"{classed[1]}.."'
        return f"{written} is literal; a class of codes is {better}"

    return f"{written} is literal; a pattern needs {operator}" if _PATTERN.search(one.value) else ""


def empty_ranges(structure: Structure, intervals: Mapping[Selector, float]) -> tuple[str, ...]:
    """Return a sentence for every rate whose range can hold no two samples."""
    return tuple(
        f"{_short_range(one, interval)}."
        for one, interval in intervals.items()
        if one in structure.selectors and _finds_no_two(one, interval)
    )


def without_info(found: Iterable[str], infos: Iterable[str]) -> tuple[str, ...]:
    """Drop the hints that the backend's own infos already give."""
    said = " ".join(infos)

    return tuple(
        one for one in found if not (" is a gauge" in one and "might not be a counter" in said)
    )


def _short_range(one: Selector, interval: float) -> str:
    wanted = SAMPLES_A_RATE_WANTS * interval
    # Scrapes drift by milliseconds, so a range is short only when a sample less fits.
    if one.function not in RATES or one.range <= 0 or one.range >= 0.95 * wanted:
        return ""

    held = f"{one.metric or 'these series'} has a sample every {_about(interval)}"
    if _finds_no_two(one, interval):
        return (
            f"{held}, so {one.function} over {span(one.range)} finds no two; use [{_about(wanted)}]"
        )

    return (
        f"{held}, so {one.function} over {span(one.range)} rests on few; [{_about(wanted)}] is safe"
    )


def _finds_no_two(one: Selector, interval: float) -> bool:
    return one.function in RATES and 0 < one.range < 2 * interval


def _rate_of_gauge(one: Selector, metadata: Mapping[str, Metadata]) -> str:
    known = metadata.get(one.metric)
    if one.function not in RATES or known is None or known.type != "gauge":
        return ""

    better = "delta" if one.function == "increase" else "deriv"

    return (
        f"{one.metric} is a gauge, where {one.function} takes each fall for a restart; use {better}"
    )


def _sum_before_rate(structure: Structure) -> str:
    if not structure.summed_before_rate:
        return ""

    return "a rate of a sum takes one restart for a fall of all; write sum(rate(...))"


def _bare_counter(structure: Structure) -> str:
    if not structure.bare:
        return ""

    one = structure.selectors[0]
    if one.range or not one.metric.endswith("_total"):
        return ""

    return f"{one.metric} counts since each process started; rate({one.metric}[5m]) is its pace"


def _about(seconds: float) -> str:
    return span(round(seconds) if seconds >= 1 else round(seconds, 3))
