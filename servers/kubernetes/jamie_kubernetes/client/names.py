"""The names of a list's objects, and nothing else: a few bytes each."""

import msgspec

from jamie_kubernetes.client.cluster import Cluster
from jamie_kubernetes.client.decoding import decoded
from jamie_kubernetes.client.listing import Listing
from jamie_kubernetes.client.rows import Form, RowPage, fold_rows

MOST = 20_000


class _Meta(msgspec.Struct, frozen=True):
    name: str = ""


class _Named(msgspec.Struct, frozen=True):
    metadata: _Meta = _Meta()


class _Names:
    """Keeps the names of rows: the first cell, or the object's own where there are no cells."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def add(self, page: RowPage) -> None:
        if len(self.found) >= MOST:
            return

        for row in page.rows:
            cell = row.cells[0] if row.cells else None
            named = isinstance(cell, str)
            self.found.add(cell if named else decoded(row.object, _Named).metadata.name)


async def read_names(cluster: Cluster, listing: Listing) -> list[str]:
    """Read the names of the objects there are, as the server prints them.

    Raises:
        BackendError: No answer, or a refusal.

    """
    # Where only some namespaces are allowed, rows have to tell theirs.
    sifted = (await cluster.reach(listing)).sifted
    names = await fold_rows(cluster, listing, Form.PRINTED if sifted else Form.CELLS, _Names)

    return sorted(names.found)
