"""A range query's answer as text."""

from collections.abc import Mapping

from jamie_base.text import count
from jamie_base.when import span
from jamie_prometheus.answers import Course, RangeAnswer, RangeRow, Shift
from jamie_prometheus.render.figures import (
    figure_text,
    moment_text,
    rest_text,
    time_of_day,
)
from jamie_prometheus.render.labels import labels_text
from jamie_prometheus.render.notes import note_lines

RANKS = {
    "change": "the most changed first",
    "max": "the highest maximum first",
    "last": "the highest last value first",
}


def range_answer(answer: RangeAnswer) -> str:
    """Show a range query's answer: two lines a series, and what is not shown."""
    lines = [line for row in answer.rows for line in row_lines(row, answer.common, answer)]

    return "\n".join([*_head(answer), *lines, *_left_out(answer), *note_lines(answer.notes)])


def row_lines(row: RangeRow, shared: Mapping[str, str], answer: RangeAnswer) -> list[str]:
    """Write one series: its labels and picture, then its figures."""
    labels = labels_text(row.labels, shared)
    course = row.course
    if not course.count:
        return [" ".join(filter(None, [labels, f"no number in {count('point', course.nans)}"]))]

    title = "  ".join(filter(None, [labels, row.sparkline]))
    if float(course.min) == float(course.max):
        return [f"{title}  constant {figure_text(course.last, row.unit)}{_holes(course)}"]

    return [title, f"  {_figures(course, row.unit, answer.now)}"]


def _head(answer: RangeAnswer) -> list[str]:
    period = (
        f"{time_of_day(answer.start, answer.now)} to {moment_text(answer.end, answer.now)},"
        f" {span(round(answer.end - answer.start))} by {span(answer.step)}"
    )
    if not answer.series:
        return [f"No series, {period}.", *answer.empty]

    shared = labels_text(answer.common)
    order = f", {RANKS[answer.rank]}" if answer.series > 1 else ""

    return [
        f"{count('series', answer.series, 'series')}, {period}{order}"
        f"{f'; all {shared}' if shared else ''}."
    ]


def _figures(course: Course, unit: str, now: float) -> str:
    parts = [
        f"{figure_text(course.first, unit)} -> {figure_text(course.last, unit)}",
        f"min {figure_text(course.min, unit)} at {time_of_day(float(course.min_at), now)}",
        f"max {figure_text(course.max, unit)} at {time_of_day(float(course.max_at), now)}",
        f"mean {figure_text(course.mean, unit)}",
        *([_step(course.step, unit, now)] if course.step else []),
    ]

    return ", ".join(parts) + _holes(course)


def _step(step: Shift, unit: str, now: float) -> str:
    return (
        f"stepped {figure_text(step.before, unit)} -> {figure_text(step.after, unit)}"
        f" at {moment_text(step.at, now)}"
    )


def _holes(course: Course) -> str:
    gaps = f", {count('point', course.gaps)} missing" if course.gaps else ""
    nans = f", {count('point', course.nans)} not a number" if course.nans else ""

    return gaps + nans


def _left_out(answer: RangeAnswer) -> list[str]:
    if answer.rest is None:
        return []

    units = {row.unit for row in answer.rows}
    unit = units.pop() if len(units) == 1 else ""
    hidden = f"{count('more series', answer.rest.series, 'more series')} not shown"
    peak = time_of_day(float(answer.rest.max_at), answer.now) if answer.rest.max_at != "NaN" else ""
    when = f" at {peak}" if peak else ""

    return [f"({hidden}: last {rest_text(answer.rest, unit)}{when}; raise limit or aggregate)"]
