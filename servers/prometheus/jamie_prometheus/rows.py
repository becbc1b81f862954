"""Making rows of series: values, courses, units, what they share, what is left over."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from jamie_prometheus.answers import Course, RangeRow, Rest, Row, Shift, figure
from jamie_prometheus.client import Period
from jamie_prometheus.histograms import digest
from jamie_prometheus.promql import selector
from jamie_prometheus.structure import Matcher, Structure
from jamie_prometheus.wire import Matrix, Metadata, Scalar, String, Vector, WireSeries, number
from jamie_signals.series import (
    Point,
    Series,
    Summary,
    means_of,
    sparkline,
    summarise,
)
from jamie_signals.units import Unit, unit_of

SPARKS = 16
MACHINE_LABELS = ("uid", "pod_uid", "id", "container_id", "image_id", "image")
MIXED = "mixed"

_OBSERVED = {
    Unit.SECONDS_PER_SECOND: Unit.SECONDS,
    Unit.BYTES_PER_SECOND: Unit.BYTES,
    Unit.PER_SECOND: Unit.NONE,
    Unit.COUNT: Unit.NONE,
}
_OPEN_TELEMETRY_UNITS = {"s": "seconds", "ms": "milliseconds", "By": "bytes", "%": "percent"}


def unit_for(promql: str, structure: Structure | None, metadata: Mapping[str, Metadata]) -> Unit:
    """Tell an expression's unit from its text, else from what its only metric says of itself."""
    told = unit_of(promql)
    if told is not Unit.NONE or structure is None or len(structure.metrics) != 1:
        return told

    metric = structure.metrics[0]
    said = metadata.get(metric, Metadata()).unit
    if not said:
        return told

    named = f"{metric}_{_OPEN_TELEMETRY_UNITS.get(said, said)}"

    return unit_of(re.sub(rf"(?<![\w:]){re.escape(metric)}(?![\w:])", named, promql))


def row(series: WireSeries, unit: Unit) -> Row:
    """Make a row of one series of a vector or of a matrix."""
    named = unit_of_series(series.metric, unit)
    if series.values or series.histograms:
        whole = over_time(series)
        measured = course(whole.points, summarise(whole.points))
        return Row(series.metric, measured.last, named, course=measured)
    if series.histogram:
        histogram = digest(series.histogram[1])
        return Row(series.metric, histogram.mean, observed(named), histogram=histogram)

    return Row(series.metric, figure(number(series.value[1]) if series.value else math.nan), named)


def range_row(series: Series, summary: Summary, unit: Unit, period: Period) -> RangeRow:
    """Make a row of one series of a range query and its summary."""
    return RangeRow(
        series.labels,
        course(series.points, summary),
        unit_of_series(series.labels, unit),
        picture(series.points, period),
    )


def picture(points: Sequence[Point], period: Period) -> str:
    """Draw a series where it stands in a period: blank before it began and after it ended."""
    length = period.end - period.start
    if not points or length <= 0:
        return sparkline(points, SPARKS)

    start = round((points[0][0] - period.start) / length * SPARKS)
    end = round((points[-1][0] - period.start) / length * SPARKS)
    width = max(end - start, 1)

    return " " * min(start, SPARKS - 1) + sparkline(points, width)


def over_time(series: WireSeries) -> Series:
    """Return a series with points; a native histogram is read as its mean observation."""
    whole = series.over_time()
    if whole.points:
        return whole

    return means_of(
        Series(whole.labels, histograms=tuple(one for one in whole.histograms if one.count))
    )


def observed(unit: Unit) -> Unit:
    """Return the unit of a histogram's observations, however fast they come."""
    return _OBSERVED.get(unit, unit)


def unit_of_series(labels: Mapping[str, str], otherwise: Unit) -> Unit:
    """Tell the unit of one series: by its own name where it has kept it."""
    own = _unit_of_name(labels.get("__name__", ""), labels.get("resource", ""))

    return otherwise if own is Unit.NONE else own


@lru_cache(maxsize=4_096)  # thousands of series share a few names
def _unit_of_name(name: str, resource: str) -> Unit:
    """Read a unit from a name and the label that tells the units of some metrics apart."""
    matchers = (Matcher("resource", "=", resource),) if resource else ()

    return unit_of(selector(name, matchers)) if name else Unit.NONE


def common(labels: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return the labels that all share; nothing for a single one, whose labels are its own."""
    if len(labels) < 2:
        return {}

    first, *others = labels

    return {
        name: value
        for name, value in first.items()
        if all(other.get(name) == value for other in others)
    }


def needless(labels: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Return the machine's own identifiers without which the series are still told apart."""
    present = tuple(name for name in MACHINE_LABELS if any(name in one for one in labels))
    if len(labels) < 2 or not present:
        return ()
    if _are_told_apart(labels, present):
        return present

    dropped: tuple[str, ...] = ()
    for name in present:
        if _are_told_apart(labels, (*dropped, name)):
            dropped = (*dropped, name)

    return dropped


def _are_told_apart(labels: Sequence[Mapping[str, str]], without: tuple[str, ...]) -> bool:
    left = {frozenset((k, v) for k, v in one.items() if k not in without) for one in labels}

    return len(left) == len(labels)


def rest(rows: Sequence[Row]) -> Rest | None:
    """Fold rows into one; none when there are none."""
    values = [float(one.value) for one in rows]
    if not values:
        return None

    known = [value for value in values if not math.isnan(value)]

    return Rest(
        len(values),
        unit=one_unit(one.unit for one in rows),
        sum=figure(sum(known)),
        max=figure(max(known, default=math.nan)),
        min=figure(min(known, default=math.nan)),
    )


def one_unit(units: Iterable[str]) -> str:
    """Return the unit that all share, or `mixed`."""
    different = {*units}

    return different.pop() if len(different) == 1 else MIXED


def result_rows(result: Vector | Matrix | Scalar | String, unit: Unit) -> list[Row]:
    """Return the rows of any kind of result; a text has none."""
    match result:
        case Vector() | Matrix():
            return [row(series, unit) for series in result.result]
        case Scalar():
            return [Row({}, figure(number(result.result[1])), unit)]
        case String():
            return []


def course(points: Sequence[Point], summary: Summary) -> Course:
    """Return what is told of a series over time."""
    numbers = [at for at, value in points if not math.isnan(value)]
    step = summary.step

    return Course(
        first=figure(summary.first),
        first_at=figure(numbers[0] if numbers else math.nan),
        last=figure(summary.last),
        last_at=figure(numbers[-1] if numbers else math.nan),
        min=figure(summary.min),
        min_at=figure(summary.min_at),
        max=figure(summary.max),
        max_at=figure(summary.max_at),
        mean=figure(summary.mean),
        count=summary.count,
        nans=summary.nans,
        gaps=summary.gaps,
        step=Shift(step.at, figure(step.before), figure(step.after)) if step else None,
    )
