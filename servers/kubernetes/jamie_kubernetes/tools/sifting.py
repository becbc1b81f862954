"""A list read to its end: only what fulfils the conditions, sorted or counted by group.

Of each match a key is kept; rows are kept only as far as they can be shown.
"""

from bisect import bisect_right
from collections import Counter
from itertools import product

import msgspec

from jamie_base.answer import SortKey
from jamie_base.errors import InvalidArgument
from jamie_kubernetes.answers_get import Objects
from jamie_kubernetes.client.rows import RowPage, TableRow, fold_rows
from jamie_kubernetes.facts.conditions import all_hold
from jamie_kubernetes.facts.paths import Path, as_map, read_path, written
from jamie_kubernetes.facts.values import instant_in, number_in
from jamie_kubernetes.facts.veil import Object
from jamie_kubernetes.tools.asked import Asked, Order
from jamie_kubernetes.tools.picture import Picture, Row
from jamie_kubernetes.tools.places import Place, digest, read_place, write_place
from jamie_kubernetes.tools.portions import fitting

GROUPS_KEPT = 20_000
SORTED_BY = 260
"""Characters by which long texts are put in order: names are shorter."""

GROUPED_BY = 60

_HELD = 4
"""How many times the rows of a page are kept while a list is read."""

_END = "~"
_CREATED = read_path("metadata.creationTimestamp")


class Sifted:
    """Takes a list and keeps keys, the rows that may be shown, groups, and which paths led on."""

    def __init__(self, asked: Asked, after: SortKey) -> None:
        self._asked = asked
        self._after = after
        self.picture = Picture(asked)
        self.read = self.matched = 0
        self.keys: list[SortKey] = []
        self.rows: list[tuple[SortKey, Row]] = []
        self.groups: Counter[tuple[str, ...]] = Counter()
        self.uncounted = 0
        self.dead = set(asked.paths)
        self._bar: SortKey | None = None

    def add(self, page: RowPage) -> None:
        """Take one page."""
        self.picture.take(page)
        for raw in page.rows:
            self.read += 1
            one = self.picture.veiled(raw)
            self._try_paths(one)
            if not all_hold(self._asked.where, one, self._asked.veil, self._asked.now_ns):
                continue
            self.matched += 1
            if self._asked.groups:
                self._count(one)
            else:
                self._keep(raw, one)

    def _try_paths(self, one: Object) -> None:
        self.dead -= {path for path in self.dead if self._asked.veil.leads(one, path)}

    def _count(self, one: Object) -> None:
        found = [self._values(one, path) for path in self._asked.groups]
        for values in product(*found):
            if values in self.groups or len(self.groups) < GROUPS_KEPT:
                self.groups[values] += 1
            else:
                self.uncounted += 1

    def _values(self, one: Object, path: Path) -> list[str]:
        if path.is_age:
            return [self.picture.cell(one, path)]

        texts = [written(value) for value in self._asked.veil.follow(one, path)]
        return [*dict.fromkeys(texts)] or ["-"]

    def _keep(self, raw: TableRow, one: Object) -> None:
        key = _key(self._asked, one)
        self.keys.append(key)
        if key <= self._after or (self._bar is not None and key >= self._bar):
            return

        self.rows.append((key, self.picture.row(raw, one)))
        if len(self.rows) > _HELD * self._asked.limit:
            self._trim()

    def _trim(self) -> None:
        self.rows.sort(key=_first)
        del self.rows[self._asked.limit :]
        self._bar = self.rows[-1][0] if self.rows else None

    def settled(self) -> list[tuple[SortKey, Row]]:
        """Return the next rows in order, and forget what they came from."""
        if not self._asked.groups:
            self.keys.sort()
            self._trim()
            return self.rows

        rows: list[tuple[SortKey, Row]] = [
            (
                (-count, *(_brief(value, GROUPED_BY) for value in values)),
                Row("", (f"{count:,}", *values)),
            )
            for values, count in self.groups.items()
        ]
        self.keys = sorted(key for key, _ in rows)
        return sorted((row for row in rows if row[0] > self._after), key=_first)[
            : self._asked.limit
        ]

    @property
    def notes(self) -> tuple[str, ...]:
        """Say what is not in the groups."""
        if not self.uncounted:
            return ()

        return (f"{self.uncounted:,} values of more than {GROUPS_KEPT:,} groups are not counted",)

    @property
    def header(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        if self._asked.groups:
            return ("COUNT", *(path.text for path in self._asked.groups))

        return self.picture.header


async def sift(asked: Asked, namespace: str) -> tuple[Objects, list[Path]]:
    """Read a list to its end; the paths that led nowhere in any object come back too.

    Raises:
        InvalidArgument: The cursor is not one of ours.
        BackendError: No answer, or a refusal.

    """
    place = read_place(asked.cursor, asked.query)
    after = _decoded(place.last)
    sifted = await fold_rows(
        asked.cluster, asked.listing(namespace), asked.form, lambda: Sifted(asked, after)
    )
    dead = sorted(sifted.dead if sifted.read else (), key=lambda path: path.text)
    return _page(asked, sifted, place, after), dead


def _page(asked: Asked, sifted: Sifted, place: Place, after: SortKey) -> Objects:
    ordered = sifted.settled()
    shown = ordered[: len(fitting(asked, [row for _, row in ordered]))]
    start = bisect_right(sifted.keys, after) if after else 0
    end = start + len(shown)
    left = len(sifted.keys) - end
    last = msgspec.json.encode(shown[-1][0]).decode() if shown else ""
    return Objects(
        now_ns=asked.now_ns,
        title="",
        source="",
        columns=sifted.header,
        rows=tuple(row.cells for _, row in shown),
        read=sifted.read,
        matched=sifted.matched,
        left=left,
        cursor=write_place(asked.query, digest(repr(sifted.keys[:end])), last) if left else "",
        changed=bool(after) and place.token != digest(repr(sifted.keys[:start])),
        notes=sifted.notes,
    )


def _first(row: tuple[SortKey, Row]) -> SortKey:
    return row[0]


def _key(asked: Asked, one: Object) -> SortKey:
    meta = as_map(one.get("metadata"))
    name = f"{meta.get('namespace', '')}/{meta.get('name', '')}"
    return (*_rank(asked, asked.order, one), name) if asked.order else (name,)


def _rank(asked: Asked, order: Order, one: Object) -> SortKey:
    """Order by a value as what it is: numbers before texts, what is missing last."""
    values = asked.veil.follow(one, _CREATED if order.path.is_age else order.path)
    value = next((found for found in values if found is not None), None)
    if value is None:
        return (2, 0.0, "")

    # The older an object, the smaller its instant: ages run the other way.
    falling = order.falling != order.path.is_age
    at = instant_in(value)
    number = float(at) if at is not None else number_in(value)
    if number is not None:
        return (0, -number if falling else number, "")

    text = _brief(written(value), SORTED_BY)
    return (1, 0.0, _reversed(text) if falling else text)


def _brief(text: str, limit: int) -> str:
    """Shorten what a key is made of, for a cursor holds one; what differs stays different."""
    if len(text) <= limit:
        return text

    return text[:limit] + digest(text)


def _reversed(text: str) -> str:
    """Spell a text so that it sorts the other way round."""
    return bytes(255 - byte for byte in text.encode(errors="replace")).hex() + _END


def _decoded(last: str) -> SortKey:
    if not last:
        return ()

    try:
        return msgspec.json.decode(last, type=SortKey)
    except msgspec.DecodeError as exc:
        raise InvalidArgument("This cursor is of another list; leave it out.") from exc
