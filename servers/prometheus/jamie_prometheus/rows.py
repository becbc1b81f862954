"""Making rows of series: values, courses, units, what they share, what is left over."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence

from jamie_prometheus.answers import Course, RangeRow, Rest, Row, Shift, figure
from jamie_prometheus.histograms import digest
from jamie_prometheus.promql import exactly
from jamie_prometheus.structure import Structure
from jamie_prometheus.wire import Matrix, Metadata, Scalar, String, Vector, WireSeries
from jamie_signals.series import Series, Summary, means_of, rest_of, sparkline, summarise
from jamie_signals.units import Unit, unit_of

SPARKS = 16

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
        measured = course(over_time(series))
        return Row(series.metric, measured.last, named, course=measured)
    if series.histogram:
        histogram = digest(series.histogram[1])
        return Row(series.metric, histogram.mean, named, histogram=histogram)

    return Row(series.metric, figure(float(series.value[1] if series.value else "NaN")), named)


def range_row(series: Series, summary: Summary, unit: Unit) -> RangeRow:
    """Make a row of one series of a range query and its summary."""
    return RangeRow(
        series.labels,
        _course(summary),
        unit_of_series(series.labels, unit),
        sparkline(series.points, SPARKS),
    )


def over_time(series: WireSeries) -> Series:
    """Return a series with points; a native histogram is read as its mean observation."""
    whole = series.over_time()

    return whole if whole.points else means_of(whole)


def course(series: Series, interval: float | None = None) -> Course:
    """Reduce a series to its course."""
    return _course(summarise(series.points, interval=interval))


def unit_of_series(labels: Mapping[str, str], otherwise: Unit) -> Unit:
    """Tell the unit of one series: by its own name where it has kept it."""
    if "__name__" not in labels:
        return otherwise

    own = unit_of(exactly(labels))

    return otherwise if own is Unit.NONE else own


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


def rest(rows: Iterable[Row]) -> Rest | None:
    """Fold rows into one; none when there are none."""
    values = [float(one.value) for one in rows]
    if not values:
        return None

    known = [value for value in values if not math.isnan(value)]

    return Rest(
        len(values),
        figure(math.fsum(known) if all(map(math.isfinite, known)) else sum(known)),
        figure(max(known, default=math.nan)),
    )


def range_rest(hidden: Sequence[tuple[Series, Summary]]) -> Rest | None:
    """Fold the series a range answer has no room for into one."""
    if not hidden:
        return None

    folded = rest_of(hidden)

    return Rest(folded.series, figure(folded.last_sum), figure(folded.max), figure(folded.max_at))


def result_rows(result: Vector | Matrix | Scalar | String, unit: Unit) -> list[Row]:
    """Return the rows of any kind of result; a text has none."""
    match result:
        case Vector() | Matrix():
            return [row(series, unit) for series in result.result]
        case Scalar():
            return [Row({}, figure(float(result.result[1])), unit)]
        case String():
            return []


def _course(summary: Summary) -> Course:
    step = summary.step

    return Course(
        first=figure(summary.first),
        last=figure(summary.last),
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
