"""Series as one line each: shape, figures, labels."""

from datetime import UTC, datetime

from jamie_base.text import clip, columns, shorten
from jamie_base.when import span
from jamie_loki.data import LogAnswer, SeriesRow
from jamie_loki.render.lines import pairs
from jamie_loki.wording import humanised, spans_days

SERIES_BYTES = 4_400
LABELS_CELLS = 120


def table(answer: LogAnswer) -> str:
    """Return a row a series, with a heading."""
    dated = spans_days(int(answer.start), int(answer.end))
    if not answer.step:
        rows = columns([humanised(row.last), _labels(row)] for row in answer.series)
        return clip(rows, SERIES_BYTES, hint="narrow the query with topk or sum by")

    head = ("shape", "last", "max", "at", "min", "mean", "rose", "labels")
    cells = [head, *([*_cells(row, dated=dated)] for row in answer.series)]

    return clip(columns(cells), SERIES_BYTES, hint="narrow the query with topk or sum by")


def told(answer: LogAnswer) -> str:
    """Say how the numbers were asked for."""
    if not answer.step:
        return "at the window's end"

    return f"a point every {span(answer.step)}, the highest first"


def _cells(row: SeriesRow, *, dated: bool) -> tuple[str, ...]:
    return (
        row.shape,
        humanised(row.last),
        humanised(row.max),
        _time(row.max_at, dated=dated),
        humanised(row.min),
        humanised(row.mean),
        _time(row.rose_at, dated=dated),
        _labels(row),
    )


def _labels(row: SeriesRow) -> str:
    return shorten(pairs(row.labels), LABELS_CELLS) or "(all)"


def _time(seconds: float | None, *, dated: bool) -> str:
    if seconds is None:
        return "-"

    written = "%m-%d %H:%M:%SZ" if dated else "%H:%M:%SZ"

    return datetime.fromtimestamp(seconds, UTC).strftime(written)
