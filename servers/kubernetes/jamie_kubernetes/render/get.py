"""Objects of any kind as text: a table, or the objects themselves, quoted."""

from collections.abc import Sequence

from jamie_base.blocks import quoted
from jamie_base.text import clean, clip, columns, shorten
from jamie_kubernetes.answers_get import Objects
from jamie_kubernetes.render.words import gap_lines

ROWS_BYTES = 4_700
BODY_BYTES = 4_900
CELL_CELLS = 160
_NOTES_BYTES = 600


def objects(data: Objects) -> str:
    """Show objects of one kind."""
    lines = [data.title]
    if data.changed:
        lines.append("(the list changed since the page before; this goes on after its last row)")
    if data.rows:
        table = [data.columns, *data.rows]
        cells = [[_cell(cell) for cell in row] for row in table]
        lines.append(quoted(data.source, "\n".join(columns(cells))))
    if data.body:
        lines.append(quoted(data.source, data.body))

    return "\n".join([*lines, *_notes(data.notes), *gap_lines(data.gaps), *_foot(data)])


def row_line(cells: Sequence[str]) -> str:
    """Return a row's line as it counts against the budget, with room for alignment."""
    return "      ".join(_cell(cell) for cell in cells)


def _cell(text: str) -> str:
    return shorten(" ".join(clean(text).split()), CELL_CELLS) or "-"


def _notes(notes: Sequence[str]) -> list[str]:
    return [clip([f"({note})" for note in notes], _NOTES_BYTES)] if notes else []


def _foot(data: Objects) -> list[str]:
    if not data.cursor:
        return []

    more = f"{data.left:,} more" if data.left > 0 else "there are more"
    return [f"({more}; go on with cursor={data.cursor})"]
