"""How an expression moved over a window."""

import math
import time as clock
from collections.abc import Sequence
from functools import partial

import anyio
import msgspec

from jamie_base.errors import InvalidArgument
from jamie_base.text import size
from jamie_base.together import together
from jamie_base.when import Window, parse_duration, span, to_seconds, window
from jamie_prometheus import rows
from jamie_prometheus.answers import RangeAnswer, RangeRow
from jamie_prometheus.client import Period, Prometheus
from jamie_prometheus.diagnosis import diagnose
from jamie_prometheus.ranking import Ranking, ranked, rest, sketch
from jamie_prometheus.remarks import explained, remarks
from jamie_prometheus.render.range_query import range_answer, row_lines
from jamie_prometheus.steps import MOST_POINTS, Stride, fitting, least
from jamie_prometheus.structure import Structure, read
from jamie_prometheus.surroundings import (
    PATIENCE_SECONDS,
    Surroundings,
    roughly_count,
    surroundings_of,
)
from jamie_prometheus.tools.arguments import (
    Backend,
    End,
    PromQL,
    RangeLimit,
    Rank,
    Start,
    Step,
    tools,
)
from jamie_prometheus.wire import Answer, Matrix, Result
from jamie_signals.series import Series
from jamie_signals.units import Unit

MOST_SERIES = 2_000
"""Series of a range query that are read at most."""

ROWS_BYTES = 4_600


@tools.reads(range_answer)
async def prom_range(
    prometheus: Backend,
    promql: PromQL,
    start: Start = "1h",
    end: End = "now",
    step: Step = "",
    rank: Rank = "change",
    limit: RangeLimit = 15,
) -> RangeAnswer:
    """Evaluate PromQL over a window: first, last, min, max, mean, step changes.

    It is queried finely and reduced here, so that short spikes survive: one call for the whole
    window. Each series says when its extremes were and when its level changed.
    """
    now = clock.time()
    asked = window(start, end, now=now)
    plan = await _planned(prometheus, promql, asked, step)
    seconds = plan.stride.seconds
    ask = partial(prometheus.query_range, step=seconds, limit=MOST_SERIES)
    answer = await explained(promql, partial(ask, promql, plan.period))
    base = RangeAnswer(
        promql=promql,
        start=to_seconds(asked.start_ns),
        end=plan.period.end,
        step=seconds,
        now=now,
        rank=rank,
        notes=remarks(answer, (), MOST_SERIES),
    )
    series = _series(answer)
    if not series:
        why = await diagnose(prometheus, plan.structure, plan.period, plan.around.intervals)
        return msgspec.structs.replace(base, empty=why)

    said = remarks(answer, plan.around.hints(plan.structure), MOST_SERIES)
    notes = (*said, *_coarse(plan), *_histograms(answer))
    ranking = ranked(series, rank, limit, period=plan.period, step=seconds)
    unit = _unit(promql, plan, answer)

    return _reduced(msgspec.structs.replace(base, notes=notes), ranking, plan.period, unit)


class Plan(msgspec.Struct, frozen=True):
    """How a window is asked for, and what is known before it is."""

    structure: Structure | None
    around: Surroundings
    stride: Stride
    period: Period


async def _planned(prometheus: Prometheus, promql: str, asked: Window, step: str) -> Plan:
    """Learn how often the series are sampled and how many there are, then choose the step."""
    given = _given(step, asked)
    end = to_seconds(asked.end_ns)
    structure = read(promql)
    around = Surroundings()
    series = 0

    async def look_around() -> None:
        nonlocal around
        around = await surroundings_of(prometheus, promql, structure, end, steps=True)

    async def look_at_size() -> None:
        nonlocal series
        series = await roughly_count(prometheus, promql, end)

    with anyio.move_on_after(PATIENCE_SECONDS):
        await together(look_around, look_at_size)
    interval = around.interval
    stride = (
        fitting(asked.seconds, interval=interval, series=series)
        if given is None
        else Stride(given, coarse=interval is not None and given > interval)
    )

    return Plan(structure, around, stride, _aligned(asked, stride.seconds))


def _reduced(base: RangeAnswer, ranking: Ranking, period: Period, unit: Unit) -> RangeAnswer:
    """Put the chosen series into an answer, as many as fit, and fold the others into one."""
    shown = [rows.range_row(*pair, unit, period) for pair in ranking.shown]
    labels = [one.labels for one in ranking.series]
    base = msgspec.structs.replace(
        base, series=len(labels), common=rows.common(labels), needless=rows.needless(labels)
    )
    kept = _fitting(base, shown)
    others = (*ranking.others, *(sketch(one) for one, _ in ranking.shown[kept:]))
    left = rows.one_unit(rows.unit_of_series(one.series.labels, unit) for one in others)

    return msgspec.structs.replace(base, rows=tuple(shown[:kept]), rest=rest(others, left))


def _given(step: str, asked: Window) -> float | None:
    """Read the step that was asked for; None to choose one.

    Raises:
        InvalidArgument: It is no duration, or gives more points than Prometheus answers.

    """
    if not step.strip():
        return None

    seconds = parse_duration(step).total_seconds()
    if asked.seconds / seconds > MOST_POINTS:
        raise InvalidArgument(
            f"step {step!r} makes {asked.seconds / seconds:,.0f} points a series of"
            f" {span(asked.seconds)} and Prometheus gives {MOST_POINTS:,};"
            f" take {span(least(asked.seconds))} or more, or leave step out."
        )

    return seconds


def _aligned(asked: Window, step: float) -> Period:
    """Let the last point fall on the end, so that `last` is what it says."""
    points = math.floor(asked.seconds / step)
    end = to_seconds(asked.end_ns)

    return Period(end - points * step, end)


def _series(answer: Answer[Result]) -> list[Series]:
    if not isinstance(answer.data, Matrix):
        return []

    return [rows.over_time(one) for one in answer.data.result]


def _unit(promql: str, plan: Plan, answer: Answer[Result]) -> Unit:
    unit = rows.unit_for(promql, plan.structure, plan.around.metadata)

    return rows.observed(unit) if _is_of_histograms(answer) else unit


def _coarse(plan: Plan) -> tuple[str, ...]:
    stride, interval = plan.stride, plan.around.interval
    if not stride.coarse or interval is None:
        return ()

    return (
        f"note: the step of {span(stride.seconds)} is coarser than the samples"
        f" ({span(round(interval, 3))} apart): a shorter spike may hide. Shorten the window,"
        f" or ask max_over_time(...[{span(stride.seconds)}]).",
    )


def _is_of_histograms(answer: Answer[Result]) -> bool:
    return isinstance(answer.data, Matrix) and any(
        one.histograms and not one.values for one in answer.data.result
    )


def _histograms(answer: Answer[Result]) -> tuple[str, ...]:
    if not _is_of_histograms(answer):
        return ()

    return ("note: native histograms are shown by their mean; histogram_quantile() gives others.",)


def _fitting(base: RangeAnswer, shown: Sequence[RangeRow]) -> int:
    """Count the rows that fit an answer; one always does."""
    unsaid = {*base.common, *base.needless}
    room = ROWS_BYTES
    for kept, row in enumerate(shown):
        room -= sum(size(line) + 1 for line in row_lines(row, unsaid, base))
        if room < 0 and kept:
            return kept

    return len(shown)
