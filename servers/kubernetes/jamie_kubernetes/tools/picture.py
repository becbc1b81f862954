"""How objects of any kind become rows."""

from collections.abc import Sequence

import msgspec

from jamie_kubernetes.client.decoding import decoded
from jamie_kubernetes.client.objects import Named
from jamie_kubernetes.client.rows import Column, Form, RowPage, TableRow, shown_columns
from jamie_kubernetes.facts.documents import arranged, fitted
from jamie_kubernetes.facts.paths import Path, written
from jamie_kubernetes.facts.values import age_of, cell
from jamie_kubernetes.facts.veil import Object
from jamie_kubernetes.render.documents import as_json, as_yaml
from jamie_kubernetes.tools.asked import Asked

OBJECT_BYTES = 1_600
"""What one of several whole objects may take."""

_NAMES = ("metadata.name", "name", ".metadata.name", "{.metadata.name}")


class Row(msgspec.Struct, frozen=True):
    """An object on one line; `place` is its namespace and name."""

    place: str
    cells: tuple[str, ...]


class Picture:
    """Turns the objects of one question into rows; knows the columns once a page was seen."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._columns: Sequence[Column] = ()
        self._named = any(path.text in _NAMES for path in asked.fields)

    @property
    def header(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        if self._asked.fields:
            fields = tuple(path.text for path in self._asked.fields)
            return fields if self._named else ("NAME", *fields)
        if not self._columns:
            return ("NAME", "AGE")

        shown = [self._columns[place].name.upper() for place in self._shown]
        return ("NAME", *shown)

    @property
    def _shown(self) -> list[int]:
        """Return the places of the printed columns; the name, ours, goes before them."""
        places = shown_columns(self._columns)
        return [place for place in places if self._columns[place].name.lower() != "name"]

    def take(self, page: RowPage) -> None:
        """Learn the columns; later pages of some servers come without."""
        self._columns = page.columns or self._columns

    def row(self, raw: TableRow, one: Object | None = None) -> Row:
        """Return the row of an object; `one` is what was decoded already, veiled."""
        meta = decoded(raw.object, Named).metadata
        place = f"{meta.namespace}/{meta.name}" if meta.namespace else meta.name
        if self._asked.form is not Form.OBJECTS and self._columns:
            return Row(place, (place, *self._printed(raw)))

        veiled = one if one is not None else self.veiled(raw)
        if self._asked.output in ("yaml", "json"):
            return Row(place, (self._document(place, veiled),))
        if not self._asked.fields:
            return Row(place, (place, age_of(veiled.get("metadata"), self._asked.now_ns)))

        return Row(place, (*(() if self._named else (place,)), *self._picked(veiled)))

    def veiled(self, raw: TableRow) -> Object:
        """Return the object behind a row, without a Secret's data."""
        return self._asked.veil.over(decoded(raw.object, Object))

    def _printed(self, raw: TableRow) -> list[str]:
        veil, columns = self._asked.veil, self._columns
        return [
            veil.cell(columns[place].name, written(raw.cells[place]))
            for place in self._shown
            if place < len(raw.cells)
        ]

    def _picked(self, one: Object) -> list[str]:
        return [self.cell(one, path) for path in self._asked.fields]

    def cell(self, one: Object, path: Path) -> str:
        """Return what a path leads to, in one cell."""
        if path.is_age:
            return age_of(one.get("metadata"), self._asked.now_ns)

        return cell([*self._asked.veil.follow(one, path)])

    def _document(self, place: str, one: Object) -> str:
        dump = as_json if self._asked.output == "json" else as_yaml
        text = fitted(tree_of(self._asked, one), OBJECT_BYTES, dump)
        return text if self._asked.output == "json" else f"# {place}\n{text}"


def tree_of(asked: Asked, one: Object) -> object:
    """Return an object whole, or what the fields lead to, each under its path; no secrets."""
    if not asked.fields:
        return arranged(asked.veil.whole(one))

    return {path.text: _unwrapped(asked, one, path) for path in asked.fields}


def _unwrapped(asked: Asked, one: Object, path: Path) -> object:
    if path.is_age:
        return age_of(one.get("metadata"), asked.now_ns)

    found = [*asked.veil.follow(one, path)]
    return found[0] if len(found) == 1 else found or None
