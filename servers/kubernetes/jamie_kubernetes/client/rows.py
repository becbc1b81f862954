"""Lists of any kind as rows: as the server prints them, with or without the objects behind."""

from collections.abc import AsyncIterator, Callable, Sequence
from enum import Enum
from typing import Protocol, TypeVar

import anyio.lowlevel
import msgspec

from jamie_base.errors import BackendError
from jamie_kubernetes.client.api_server import Expired
from jamie_kubernetes.client.cluster import PAGE_OBJECTS, RESTARTS, Cluster, Listing

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


class Form(Enum):
    """What rows hold: printed cells with the metadata, cells with whole objects, or objects."""

    PRINTED = "Metadata"
    PRINTED_WHOLE = "Object"
    OBJECTS = ""


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class Column(_Wire, frozen=True):
    """A column the server prints; priority 0 is always shown."""

    name: str
    priority: int = 0


class TableRow(_Wire, frozen=True):
    """A printed object."""

    cells: tuple[object, ...] = ()
    object: msgspec.Raw = msgspec.Raw(b"{}")


class _ListMeta(_Wire, frozen=True):
    continue_: str = msgspec.field(default="", name="continue")
    remaining_item_count: int = 0


class _Reply(_Wire, frozen=True):
    metadata: _ListMeta = _ListMeta()
    column_definitions: tuple[Column, ...] | None = None
    rows: tuple[TableRow, ...] | None = None
    items: tuple[msgspec.Raw, ...] | None = None


class RowPage(msgspec.Struct, frozen=True):
    """Some rows of a list; `token` goes on, `remaining` counts what follows where it is known."""

    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    token: str = ""
    remaining: int = 0


class RowReducer(Protocol):
    """Takes rows page by page."""

    def add(self, page: RowPage) -> None:
        """Take one page."""
        ...


ReducerT = TypeVar("ReducerT", bound=RowReducer)


async def read_page(
    cluster: Cluster, listing: Listing, form: Form, *, limit: int = PAGE_OBJECTS, token: str = ""
) -> RowPage:
    """Read one page; servers that do not page answer with everything.

    Raises:
        Expired: The token is too old.
        BackendError: No answer, or a refusal.

    """
    params = [(key, value) for key, value in listing.params if key != "limit"]
    params += [("limit", str(limit)), *([("continue", token)] if token else [])]
    if form is not Form.OBJECTS:
        params.append(("includeObject", form.value))

    accept = "" if form is Form.OBJECTS else TABLE
    reply = await cluster.get(listing.kind.path(listing.namespace), _Reply, params, accept=accept)
    rows = tuple(TableRow(object=one) for one in reply.items or ())
    return RowPage(
        columns=reply.column_definitions or (),
        rows=reply.rows or rows,
        token=reply.metadata.continue_,
        remaining=reply.metadata.remaining_item_count,
    )


async def fold_rows(
    cluster: Cluster, listing: Listing, form: Form, start: Callable[[], ReducerT]
) -> ReducerT:
    """Read every page into the reducer that `start` makes; a list that expires starts again.

    Raises:
        BackendError: No answer, a refusal, or a list that is dropped again and again.

    """
    for _ in range(RESTARTS):
        reducer = start()
        try:
            async for page in _pages(cluster, listing, form):
                reducer.add(page)
        except Expired:
            continue
        else:
            return reducer

    raise BackendError(
        f"The list of {listing.kind.plural} changed too fast to be read; narrow it to a namespace"
        " or selector."
    )


async def _pages(cluster: Cluster, listing: Listing, form: Form) -> AsyncIterator[RowPage]:
    token = ""
    while True:
        page = await read_page(cluster, listing, form, token=token)
        # Later pages of some servers come without the columns.
        yield page
        token = page.token
        if not token:
            return
        await anyio.lowlevel.checkpoint()


def shown_columns(columns: Sequence[Column]) -> list[int]:
    """Return the places of the columns that are always shown."""
    return [place for place, column in enumerate(columns) if column.priority == 0]
