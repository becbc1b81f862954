"""Why a query answers nothing: which metric, label or condition leaves no series."""

import time as clock
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from jamie_base.errors import did_you_mean
from jamie_base.text import count, join_words, shorten
from jamie_base.together import together
from jamie_base.when import age
from jamie_prometheus import lint
from jamie_prometheus.client import Period, Prometheus
from jamie_prometheus.promql import label, matcher, selector
from jamie_prometheus.structure import Condition, Matcher, Selector, Structure
from jamie_prometheus.surroundings import UNTOLD, count_of
from jamie_prometheus.wire import Matrix, Vector, number
from jamie_signals.similar import nearest
from jamie_signals.units import humanise, unit_of

RECENT_SECONDS = 300.0
"""How far back Prometheus looks for a sample by default; also for the labels that exist now."""

DAY_SECONDS = 86_400.0
LAST_SEEN_STEP_SECONDS = 300.0
MOST_SELECTORS = 3
MOST_MATCHERS = 8
MOST_NAMES = 50_000
MOST_VALUES = 5_000
SHOWN_VALUES = 8

_FOLDS = ("count", "min", "max")


class Missing(msgspec.Struct, frozen=True):
    """What a look at one selector found: whether it has series, and what to say of it."""

    found: int
    said: str


async def diagnose(
    prometheus: Prometheus,
    structure: Structure | None,
    period: Period,
    intervals: Mapping[Selector, float],
) -> tuple[str, ...]:
    """Say in a few sentences why a query answered nothing in a period, judged at its end.

    `intervals` are the seconds between samples, as far as they are known.
    """
    if structure is None:
        return ("Its syntax is newer or longer than what can be looked into here.",)
    if not structure.selectors:
        return ()
    if period.end > clock.time() + RECENT_SECONDS:
        return ("That time lies ahead.",)

    asked = structure.selectors[:MOST_SELECTORS]
    looked = await together(*(partial(_examined, prometheus, one, period) for one in asked))
    if blamed := tuple(one.said for one in looked if not one.found and one.said):
        return tuple(dict.fromkeys(blamed))

    if short := lint.empty_ranges(structure, intervals):
        return short
    if structure.absence:
        there = _having(structure, looked)
        return (f"{structure.absence}() answers nothing where there are series: {there}.",)
    if structure.condition:
        return (await _unmet(prometheus, structure.condition, period.end),)

    return (_combined(structure, looked),)


async def _examined(prometheus: Prometheus, one: Selector, period: Period) -> Missing:
    then = Period(period.start - one.shift, period.end - one.shift)
    try:
        return await _look_at(prometheus, one, then)
    except UNTOLD as exc:
        return Missing(0, f"Could not look further: {exc}")


async def _look_at(prometheus: Prometheus, one: Selector, period: Period) -> Missing:
    found = await count_of(prometheus, selector(one.metric, one.matchers), period.end)
    if found or not one.metric:
        return Missing(found, "" if found else "No series has these labels.")

    if not await count_of(prometheus, selector(one.metric), period.end):
        return Missing(0, await _absent(prometheus, one.metric, period.end))

    return Missing(0, await _excluded(prometheus, one, period))


async def _absent(prometheus: Prometheus, metric: str, at: float) -> str:
    seen = await _last_seen(prometheus, metric, at)
    if seen is not None:
        return (
            f"{metric} had series in the last 24 h, the last about {age(at - seen)} before this"
            " time: its target is down, or no longer exposes it."
        )

    now = clock.time()
    recent = now - at < RECENT_SECONDS
    if not recent and await count_of(prometheus, selector(metric), now):
        return (
            f"{metric} has series now, none at that time or in the 24 h before:"
            " it is younger, or samples are not kept so long."
        )

    when = "now or in the last 24 h" if recent else "at that time, in the 24 h before or now"
    names = await _names_like(prometheus, metric, now)

    return f"There is no metric {metric!r} here, {when}.{did_you_mean(names)}"


async def _last_seen(prometheus: Prometheus, metric: str, at: float) -> float | None:
    day = Period(at - DAY_SECONDS, at)
    if not await prometheus.series(selector(metric), day, limit=1):
        return None

    answer = await prometheus.query_range(
        f"count({selector(metric)})", day, step=LAST_SEEN_STEP_SECONDS, limit=1
    )
    series = answer.data.result if isinstance(answer.data, Matrix) else ()

    return series[0].values[-1][0] if series and series[0].values else None


async def _names_like(prometheus: Prometheus, metric: str, at: float) -> list[str]:
    names = await _searched(prometheus, metric)
    if not names:
        day = Period(at - DAY_SECONDS, at)
        names = await prometheus.values("__name__", day, limit=MOST_NAMES)

    return nearest(metric, (name for name in names if name != metric))


async def _searched(prometheus: Prometheus, metric: str) -> list[str]:
    """Let the server search where it can; nothing where it cannot."""
    if not (await prometheus.features()).api.get("search"):
        return []

    try:
        return await prometheus.search(metric)
    except UNTOLD:
        return []


async def _excluded(prometheus: Prometheus, one: Selector, period: Period) -> str:
    """Find the matcher without which there would be series, and say what there is instead."""
    culprits = await _culprits(prometheus, one, period.end)
    if not culprits:
        written = join_words(matcher(m.name, m.operator, m.value) for m in one.matchers)
        return f"{one.metric} has series, none with {written} together, though each alone exists."

    said = [await _instead(prometheus, one.metric, culprit, period) for culprit in culprits]

    return " ".join(said)


async def _culprits(prometheus: Prometheus, one: Selector, at: float) -> list[Matcher]:
    """Return the matchers that nothing meets even alone, or else those without which there is."""
    asked = one.matchers[:MOST_MATCHERS]

    async def alone(each: Matcher) -> int:
        return await count_of(prometheus, selector(one.metric, (each,)), at)

    async def without(each: Matcher) -> int:
        others = tuple(other for other in one.matchers if other != each)
        return await count_of(prometheus, selector(one.metric, others), at)

    counts = await together(
        *(partial(alone, each) for each in asked), *(partial(without, each) for each in asked)
    )
    unmet = [each for each, found in zip(asked, counts, strict=False) if not found]
    spared = [each for each, found in zip(asked, counts[len(asked) :], strict=True) if found]

    return unmet or spared


async def _instead(prometheus: Prometheus, metric: str, culprit: Matcher, period: Period) -> str:
    written = matcher(culprit.name, culprit.operator, culprit.value)
    now = Period(min(period.start, period.end - RECENT_SECONDS), period.end)
    values = await prometheus.values(
        culprit.name, now, selector=selector(metric), limit=MOST_VALUES
    )
    if not values:
        names = [n for n in await prometheus.labels(selector(metric), now) if n != "__name__"]
        near = nearest(culprit.name, names, 1)
        return (
            f"{metric} has no label {label(culprit.name)!r}; it has {_shown(names)}."
            f"{did_you_mean(near)}"
        )

    remark = lint.of_matcher(culprit)
    hint = f" ({remark})" if remark else ""
    near = [*nearest(culprit.value, values, 1)] if culprit.operator == "=" and not hint else []

    return (
        f"{metric} has series, none with {written}{hint};"
        f" {label(culprit.name)} is {_shown(values)}.{did_you_mean(near)}"
    )


async def _unmet(prometheus: Prometheus, condition: Condition, at: float) -> str:
    try:
        number, least, most = await together(
            *(partial(_one, prometheus, f"{fold}({condition.left})", at) for fold in _FOLDS)
        )
    except UNTOLD as exc:
        return f"Nothing meets {condition.words!r}; could not look further: {exc}"
    if number is None or least is None or most is None:
        return f"Nothing meets {condition.words!r}: what it compares answers nothing either."

    unit = unit_of(condition.left)
    low, high = humanise(least, unit), humanise(most, unit)
    compared = count("series", round(number), "series")

    return (
        f"The query works and nothing meets {condition.words!r}:"
        f" it compares {compared} at {low if low == high else f'{low} to {high}'}."
    )


async def _one(prometheus: Prometheus, expression: str, at: float) -> float | None:
    answer = await prometheus.query(expression, at, limit=1)
    series = answer.data.result if isinstance(answer.data, Vector) else ()
    value = series[0].value if series else None

    return number(value[1]) if value else None


def _combined(structure: Structure, looked: Sequence[Missing]) -> str:
    return (
        f"Every selector has series: {_having(structure, looked)}. What joins them leaves nothing:"
        " labels that differ, a condition nobody meets, or a range that holds too few samples."
    )


def _having(structure: Structure, looked: Sequence[Missing]) -> str:
    parts = zip(structure.selectors, looked, strict=False)

    return join_words(
        f"{one.metric or 'an unnamed selector'} has {missing.found:,}" for one, missing in parts
    )


def _shown(names: Sequence[str]) -> str:
    shown = [shorten(name, 60, middle=True) or "''" for name in names[:SHOWN_VALUES]]
    more = f" and {len(names) - len(shown):,} more" if len(names) > len(shown) else ""

    return f"{', '.join(shown)}{more}" if shown else "none"
