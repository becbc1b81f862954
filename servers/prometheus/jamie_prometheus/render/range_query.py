"""A range query's answer as text."""

from collections.abc import Collection

from jamie_base.text import count
from jamie_base.when import span
from jamie_prometheus.answers import Course, RangeAnswer, RangeRow, Rest, Shift
from jamie_prometheus.render.figures import (
    figure_text,
    moment_text,
    rest_text,
    time_of_day,
)
from jamie_prometheus.render.labels import labels_text, left_out
from jamie_prometheus.render.notes import note_lines

RANKS = {
    "change": "the most changed first",
    "max": "the highest maximum first",
    "last": "the highest last value first",
}


def range_answer(answer: RangeAnswer) -> str:
    """Show a range query's answer: two lines a series, and what is not shown."""
    unsaid = {*answer.common, *answer.needless}
    lines = [line for row in answer.rows for line in row_lines(row, unsaid, answer)]

    return "\n".join([*_head(answer), *lines, *_left_out(answer), *note_lines(answer.notes)])


def row_lines(row: RangeRow, unsaid: Collection[str], answer: RangeAnswer) -> list[str]:
    """Write one series: its labels and picture, then its figures."""
    labels = labels_text(row.labels, unsaid)
    course = row.course
    if not course.count:
        said = f"no number in {count('point', course.nans)}" if course.nans else "no observations"
        return [f"{labels}: {said}" if labels else said]

    lived = _lived(course, answer)
    low, high = figure_text(course.min, row.unit), figure_text(course.max, row.unit)
    if low == high:
        word = "constant" if course.min == course.max else "steady at"
        said = f"{word} {high}{lived}{_holes(course)}"
        return [f"{labels}: {said}" if labels else said]

    title = "  ".join(filter(None, [labels, row.sparkline]))

    return [title, f"  {_figures(course, row.unit, answer.now)}{lived}{_holes(course)}"]


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
        f"{f'; all {shared}' if shared else ''}{left_out(answer.needless)}."
    ]


def _figures(course: Course, unit: str, now: float) -> str:
    parts = [
        f"{figure_text(course.first, unit)} -> {figure_text(course.last, unit)}",
        f"min {figure_text(course.min, unit)} at {time_of_day(float(course.min_at), now)}",
        f"max {figure_text(course.max, unit)} at {time_of_day(float(course.max_at), now)}",
        f"mean {figure_text(course.mean, unit)}",
        *([_step(course.step, unit, now)] if course.step else []),
    ]

    return ", ".join(parts)


def _lived(course: Course, answer: RangeAnswer) -> str:
    """Say when a series began or vanished, if it was not there the whole time."""
    began, ended = float(course.first_at), float(course.last_at)
    slack = 2 * answer.step
    start = f", began {moment_text(began, answer.now)}" if began > answer.start + slack else ""
    end = f", ended {moment_text(ended, answer.now)}" if ended < answer.end - slack else ""

    return start + end


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

    hidden = f"{count('more series', answer.rest.series, 'more series')} not shown"
    amount = _rest(answer.rest, answer.now)
    figures = f": {amount}" if amount else ""

    return [f"({hidden}{figures}; raise limit or aggregate)"]


def _rest(rest: Rest, now: float) -> str:
    amount = rest_text(rest)
    if not amount or rest.max_at == "NaN":
        return ""

    return f"last {amount} at {time_of_day(float(rest.max_at), now)}"
