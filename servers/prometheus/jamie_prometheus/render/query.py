"""An instant query's answer as text."""

from collections.abc import Collection

from jamie_base.text import columns, count
from jamie_prometheus.answers import Course, QueryAnswer, Row
from jamie_prometheus.render.figures import figure_text, moment_text, rest_text, time_of_day
from jamie_prometheus.render.labels import labels_text, left_out
from jamie_prometheus.render.notes import note_lines

VALUE_COLUMN = 14


def query_answer(answer: QueryAnswer) -> str:
    """Show a query's answer: one line a series, largest first, and what is not shown."""
    return "\n".join([*_body(answer), *note_lines(answer.notes)])


def row_line(row: Row, unsaid: Collection[str]) -> str:
    """Write one series as wide as in a table; its bytes are what paging counts."""
    value, *others = _cells(row, unsaid, 0.0)

    return "  ".join([f"{value:<{VALUE_COLUMN}}", *others])


def _body(answer: QueryAnswer) -> list[str]:
    when = moment_text(answer.at, answer.now)
    if answer.kind == "string":
        return [f"{answer.text!r} (a text)"]
    if not answer.rows:
        return [f"No series at {when}.", *answer.empty]
    if answer.series == 1:
        return [_single(answer, when)]

    unsaid = {*answer.common, *answer.needless}
    lines = columns(_cells(row, unsaid, answer.now) for row in answer.rows)

    return [_head(answer, when), *lines, *_left_out(answer)]


def _single(answer: QueryAnswer, when: str) -> str:
    value, *labels = _cells(answer.rows[0], (), answer.now)
    named = [part for part in labels if part]

    return "  ".join([value, *named, f"({when})"])


def _head(answer: QueryAnswer, when: str) -> str:
    shared = labels_text(answer.common)
    order = "the rarer of 0 and 1 first" if answer.flags else "largest first"
    changed = " The list has changed since the page before." if answer.changed else ""

    return (
        f"{count('series', answer.series, 'series')} at {when}, {order}"
        f"{f'; all {shared}' if shared else ''}{left_out(answer.needless)}.{changed}"
    )


def _cells(row: Row, unsaid: Collection[str], now: float) -> list[str]:
    labels = labels_text(row.labels, unsaid)
    if row.histogram:
        return [_histogram(row), labels]
    if row.course:
        return [figure_text(row.value, row.unit), _course(row.course, row.unit, now), labels]

    return [figure_text(row.value, row.unit), labels]


def _histogram(row: Row) -> str:
    told = row.histogram
    if told is None or float(told.count) == 0:
        return "count 0"

    said = ", ".join(
        [
            f"mean {figure_text(told.mean, row.unit)}",
            f"p50 {figure_text(told.p50, row.unit)}",
            f"p90 {figure_text(told.p90, row.unit)}",
            f"p99 {figure_text(told.p99, row.unit)}",
        ]
    )

    return f"count {figure_text(told.count, '')}, {said}"


def _course(course: Course, unit: str, now: float) -> str:
    if not course.count:
        return "no numbers"

    return (
        f"{count('sample', course.count)}, first {figure_text(course.first, unit)},"
        f" min {figure_text(course.min, unit)}, max {figure_text(course.max, unit)}"
        f" at {time_of_day(float(course.max_at), now)}"
    )


def _left_out(answer: QueryAnswer) -> list[str]:
    if answer.rest is None:
        return []

    amount = rest_text(answer.rest)
    figures = f": {amount}" if amount else ""
    hidden = f"{count('more series', answer.rest.series, 'more series')} not shown"
    way = f'; cursor="{answer.cursor}" goes on' if answer.cursor else ""

    return [f"({hidden}{figures}{way})"]
