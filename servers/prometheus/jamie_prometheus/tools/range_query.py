"""How an expression moved over a window."""

import math
import time as clock
from functools import partial

import msgspec

from jamie_base.errors import InvalidArgument
from jamie_base.text import size
from jamie_base.when import Window, parse_duration, span, to_seconds, window
from jamie_prometheus import rows
from jamie_prometheus.answers import RangeAnswer, RangeRow
from jamie_prometheus.client import Period, Prometheus
from jamie_prometheus.concurrency import gather
from jamie_prometheus.diagnosis import diagnose
from jamie_prometheus.remarks import explained, remarks
from jamie_prometheus.render.range_query import range_answer, row_lines
from jamie_prometheus.steps import MOST_POINTS, Stride, fitting, least
from jamie_prometheus.structure import Structure, read
from jamie_prometheus.surroundings import Surroundings, roughly_count, surroundings_of
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
from jamie_signals.series import Series, Summary
from jamie_signals.series import rank as ranked

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
    structure = read(promql)
    around, stride = await _prepared(prometheus, promql, structure, asked, step)
    period = _aligned(asked, stride.seconds)
    ask = partial(prometheus.query_range, step=stride.seconds, limit=MOST_SERIES)
    answer = await explained(promql, partial(ask, promql, period))

    base = RangeAnswer(
        promql=promql,
        start=to_seconds(asked.start_ns),
        end=period.end,
        step=stride.seconds,
        now=now,
        rank=rank,
    )
    series = _series(answer)
    if not series:
        why = await diagnose(prometheus, structure, period, around.intervals)
        return msgspec.structs.replace(base, empty=why, notes=remarks(answer, (), MOST_SERIES))

    said = remarks(answer, around.hints(structure), MOST_SERIES)
    base = msgspec.structs.replace(
        base, notes=(*said, *_coarse(stride, around), *_histograms(answer))
    )
    unit = rows.unit_for(promql, structure, around.metadata)
    pairs = ranked(series, rank)
    return _cut(base, pairs, [rows.range_row(*pair, unit) for pair in pairs[:limit]])


async def _prepared(
    prometheus: Prometheus, promql: str, structure: Structure | None, asked: Window, step: str
) -> tuple[Surroundings, Stride]:
    """Learn how often the series are sampled and how many there are, then choose the step."""
    given = _given(step, asked)
    end = to_seconds(asked.end_ns)
    around = Surroundings()
    series = 0

    async def look_around() -> None:
        nonlocal around
        around = await surroundings_of(prometheus, promql, structure, end, steps=True)

    async def look_at_size() -> None:
        nonlocal series
        series = await roughly_count(prometheus, promql, end)

    await gather(look_around, look_at_size)
    chosen = fitting(asked.seconds, interval=around.interval, series=series)
    if given is None:
        return around, chosen

    return around, Stride(given, coarse=bool(around.interval and given > around.interval))


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


def _coarse(stride: Stride, around: Surroundings) -> tuple[str, ...]:
    if not stride.coarse or around.interval is None:
        return ()

    return (
        f"note: the step of {span(stride.seconds)} is coarser than the samples"
        f" ({span(round(around.interval, 3))} apart): a shorter spike may hide. Shorten the window,"
        f" or ask max_over_time(...[{span(stride.seconds)}]).",
    )


def _histograms(answer: Answer[Result]) -> tuple[str, ...]:
    if not isinstance(answer.data, Matrix):
        return ()
    if not any(one.histograms and not one.values for one in answer.data.result):
        return ()

    return ("note: native histograms are shown by their mean; histogram_quantile() gives others.",)


def _cut(
    base: RangeAnswer, pairs: list[tuple[Series, Summary]], shown: list[RangeRow]
) -> RangeAnswer:
    """Keep the rows that fit an answer, and fold the others into one."""
    shared = rows.common([one.labels for one, _ in pairs])
    kept = 0
    room = ROWS_BYTES
    for row in shown:
        room -= sum(size(line) + 1 for line in row_lines(row, shared, base))
        if room < 0 and kept:
            break
        kept += 1

    return msgspec.structs.replace(
        base,
        rows=tuple(shown[:kept]),
        series=len(pairs),
        common=shared,
        rest=rows.range_rest(pairs[kept:]),
    )
