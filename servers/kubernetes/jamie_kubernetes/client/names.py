"""The names of a list's objects, and nothing else: a few bytes each."""

import msgspec

from jamie_kubernetes.client.cluster import Cluster
from jamie_kubernetes.client.decoding import decoded
from jamie_kubernetes.client.listing import Listing
from jamie_kubernetes.client.rows import Form, RowPage, TableRow, fold_rows

MOST = 100_000
"""How many are kept: enough to find the nearest, and to complete."""


class _Meta(msgspec.Struct, frozen=True):
    name: str = ""


class _Named(msgspec.Struct, frozen=True):
    metadata: _Meta = _Meta()


class _Names:
    """Keeps the names of rows: what is printed as such, or the object's own where nothing is."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self._place: int | None = None

    def add(self, page: RowPage) -> None:
        if len(self.found) >= MOST:
            return

        # Later pages of some servers come without the columns.
        named = (place for place, one in enumerate(page.columns) if one.name.lower() == "name")
        self._place = next(named, self._place)
        self.found.update(self._name(row) for row in page.rows)

    def _name(self, row: TableRow) -> str:
        if self._place is None or self._place >= len(row.cells):
            return decoded(row.object, _Named).metadata.name

        return str(row.cells[self._place])


async def read_names(cluster: Cluster, listing: Listing) -> list[str]:
    """Read the names of the objects there are, as the server prints them.

    Raises:
        BackendError: No answer, or a refusal.

    """
    # Where only some namespaces are allowed, rows have to tell theirs.
    sifted = (await cluster.reach(listing)).sifted
    names = await fold_rows(cluster, listing, Form.PRINTED if sifted else Form.CELLS, _Names)

    return sorted(names.found)
