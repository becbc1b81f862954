"""Labels or values, one a line."""

from jamie_base.text import columns, count, shorten
from jamie_loki.data import LabelList, LabelRow
from jamie_loki.render.nothing import nothing
from jamie_loki.wording import inline, size_of, window_of

EXAMPLES_CELLS = 90


def labels(found: LabelList) -> str:
    """Write the names of labels with their values, or one label's values with their volume."""
    where = f", in {inline(found.selector, 200)}" if found.selector else ""
    window = window_of(int(found.start), int(found.end))
    if found.empty:
        what = f"values of {inline(found.label)}" if found.label else "labels"
        return "\n".join([f"No {what}, {window}{where}", *nothing(found.empty)])

    body = _values(found, where, window) if found.label else _names(found, where, window)

    return "\n".join([*body, *found.notes])


def value_row(row: LabelRow) -> str:
    """Write one value with its volume."""
    return "  ".join(_value_cells(row))


def _names(found: LabelList, where: str, window: str) -> list[str]:
    rows = columns(
        (inline(row.name), count("value", row.values or 0), _examples(row)) for row in found.rows
    )
    hidden = found.total - len(found.rows)
    tail = [f"({count('more label', hidden)} not shown; raise limit)"] if hidden else []

    return [f"{count('label', found.total)}, {window}{where}", *rows, *tail]


def _values(found: LabelList, where: str, window: str) -> list[str]:
    volume = f", {size_of(found.bytes)} of logs" if found.bytes else ""
    total = count("value", found.total)
    head = f"{total} of {inline(found.label)}{volume}, {window}{where}"
    rows = columns(_value_cells(row) for row in found.rows)
    tail = [f"({found.total:,} in all; more: cursor={found.cursor})"] if found.cursor else []

    return [head, *rows, *tail]


def _value_cells(row: LabelRow) -> tuple[str, ...]:
    size = "-" if row.bytes is None else size_of(row.bytes)

    return (size, inline(row.name))


def _examples(row: LabelRow) -> str:
    more = ", ..." if (row.values or 0) > len(row.examples) else ""

    return shorten(", ".join(inline(value, 40) for value in row.examples), EXAMPLES_CELLS) + more
