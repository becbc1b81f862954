"""What stands around a query: how often its series are sampled, what its metrics say of themselves.

All of it is extra: where the backend cannot tell, the query is answered without.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import pairwise
from statistics import median

import msgspec

from jamie_base.errors import BackendError, InvalidArgument
from jamie_base.together import together
from jamie_prometheus.client import Period, Prometheus
from jamie_prometheus.lint import RATES, hints
from jamie_prometheus.promql import counted, exactly, selector
from jamie_prometheus.structure import Selector, Structure
from jamie_prometheus.wire import Matrix, Metadata, Vector, number
from jamie_signals.units import Unit, unit_of

INTERVAL_WINDOW_SECONDS = 900.0
"""How far back a series' samples are looked at to tell their distance."""

MOST_ASKED = 3
PATIENCE_SECONDS = 5.0
"""How long a query waits for what is extra."""

LONGEST_CHECKED_SECONDS = 600.0
"""Ranges above this are safe with any usual scrape interval."""

UNTOLD = (BackendError, InvalidArgument)

_COUNTER_ENDINGS = ("_total", "_sum", "_count", "_bucket")


class Surroundings(msgspec.Struct, frozen=True):
    """The seconds between samples by selector, and what the metrics say of themselves."""

    intervals: dict[Selector, float] = {}
    metadata: dict[str, Metadata] = {}

    @property
    def interval(self) -> float | None:
        """Return the finest interval; None when none is known."""
        return min(self.intervals.values(), default=None)

    def hints(self, structure: Structure | None) -> tuple[str, ...]:
        """Return the remarks on a query."""
        return hints(structure, self.intervals, self.metadata) if structure else ()


async def surroundings_of(
    prometheus: Prometheus, promql: str, structure: Structure | None, at: float, *, steps: bool
) -> Surroundings:
    """Ask what a query's remarks and units need, and with `steps` every interval there is."""
    if structure is None:
        return Surroundings()

    rated = [one for one in structure.selectors if one.function in RATES]
    short = [one for one in rated if 0 < one.range <= LONGEST_CHECKED_SECONDS]
    suspects = [one.metric for one in rated if not one.metric.endswith(_COUNTER_ENDINGS)]
    unknown = structure.metrics if unit_of(promql) is Unit.NONE else ()

    return Surroundings(
        await intervals_of(prometheus, structure.selectors if steps else short, at),
        await metadata_of(prometheus, [*suspects, *unknown]),
    )


async def intervals_of(
    prometheus: Prometheus, selectors: Iterable[Selector], at: float
) -> dict[Selector, float]:
    """Tell the seconds between the samples of each selector's series, where that can be told."""
    asked = list(dict.fromkeys(selectors))[:MOST_ASKED]
    found = await together(*(partial(_interval, prometheus, one, at - one.shift) for one in asked))

    return {one: interval for one, interval in zip(asked, found, strict=True) if interval}


async def metadata_of(prometheus: Prometheus, metrics: Iterable[str]) -> dict[str, Metadata]:
    """Tell what metrics say of themselves."""
    asked = [*dict.fromkeys(filter(None, metrics))][:MOST_ASKED]
    found = await together(*(partial(_metadata, prometheus, metric) for metric in asked))

    return dict(zip(asked, found, strict=True))


async def count_of(prometheus: Prometheus, expression: str, at: float) -> int:
    """Count the series an expression answers at an instant.

    Raises:
        Rejected: It cannot be evaluated, or does not answer series.
        BackendError: No answer.

    """
    answer = await prometheus.query(counted(expression), at, limit=1)
    series = answer.data.result if isinstance(answer.data, Vector) else ()
    value = series[0].value if series else None

    return round(number(value[1])) if value else 0


async def roughly_count(prometheus: Prometheus, expression: str, at: float) -> int:
    """Count the series an expression answers at an instant; 0 when that cannot be told."""
    try:
        return await count_of(prometheus, expression, at)
    except UNTOLD:
        return 0


async def _interval(prometheus: Prometheus, one: Selector, at: float) -> float | None:
    try:
        times = await _sample_times(prometheus, one, Period(at - INTERVAL_WINDOW_SECONDS, at))
    except UNTOLD:
        return None

    distances = [after - before for before, after in pairwise(times)]

    return median(distances) if distances else None


async def _sample_times(prometheus: Prometheus, one: Selector, period: Period) -> Sequence[float]:
    found = await prometheus.series(selector(one.metric, one.matchers), period, limit=1)
    if not found:
        return ()

    samples = f"{exactly(found[0])}[{INTERVAL_WINDOW_SECONDS:.0f}s]"
    answer = await prometheus.query(samples, period.end, limit=1)
    if not isinstance(answer.data, Matrix) or not answer.data.result:
        return ()

    series = answer.data.result[0].over_time()

    return [at for at, _ in series.points] or [one.at for one in series.histograms]


async def _metadata(prometheus: Prometheus, metric: str) -> Metadata:
    try:
        return await prometheus.metadata(metric)
    except UNTOLD:
        return Metadata()
