"""Lists of any kind as rows: as the server prints them, with or without the objects behind."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from enum import Enum
from functools import partial
from typing import Protocol, TypeVar

import msgspec

from jamie_base.errors import BackendError
from jamie_kubernetes.client.api_server import Expired
from jamie_kubernetes.client.cluster import RESTARTS, Cluster
from jamie_kubernetes.client.fence import leave
from jamie_kubernetes.client.listing import PAGE_OBJECTS, Listing
from jamie_kubernetes.client.reach import Reach, first_pages, is_in_reach, pages, place_of

_INSIDE = "\n"
"""Parts a namespace from the API server's own token."""

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


class Form(Enum):
    """What rows hold: printed cells alone, with the metadata, with whole objects, or objects."""

    CELLS = "None"
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
    reach = await cluster.reach(listing)
    read = partial(_read, cluster, reach, form)
    if reach.apart:
        return await _page_of_several(reach, read, limit, token)
    if reach.sifted:
        return await _full_page(reach.parts[0], read, limit, token)

    return await read(listing, token, limit=limit)


async def fold_rows(
    cluster: Cluster, listing: Listing, form: Form, start: Callable[[], ReducerT]
) -> ReducerT:
    """Read every page into the reducer that `start` makes; a list that expires starts again.

    Raises:
        BackendError: No answer, a refusal, or a list that is dropped again and again.

    """
    for _ in range(RESTARTS):
        reducer = start()
        reach = await cluster.reach(listing)
        try:
            # Later pages of some servers come without the columns.
            async for page in pages(reach, partial(_read, cluster, reach, form)):
                reducer.add(page)
        except Expired:
            continue
        else:
            return reducer

    raise BackendError(
        f"The list of {listing.kind.plural} changed too fast to be read; narrow it to a namespace"
        " or selector."
    )


async def _read(
    cluster: Cluster,
    reach: Reach,
    form: Form,
    listing: Listing,
    token: str,
    *,
    limit: int = PAGE_OBJECTS,
) -> RowPage:
    params = [(key, value) for key, value in listing.params if key != "limit"]
    params += [("limit", str(limit)), *([("continue", token)] if token else [])]
    if form is not Form.OBJECTS:
        params.append(("includeObject", form.value))

    accept = "" if form is Form.OBJECTS else TABLE
    with leave("list"):
        reply = await cluster.get(listing.path, _Reply, params, accept=accept)
    rows = reply.rows or tuple(TableRow(object=one) for one in reply.items or ())
    if reach.sifted:
        spaces = cluster.fence.spaces
        rows = tuple(one for one in rows if is_in_reach(spaces, listing, one.object))

    return RowPage(
        columns=reply.column_definitions or (),
        rows=rows,
        token=reply.metadata.continue_,
        # What is left may be out of reach.
        remaining=0 if reach.narrowed else reply.metadata.remaining_item_count,
    )


class _ReadRows(Protocol):
    def __call__(self, listing: Listing, token: str, *, limit: int) -> Awaitable[RowPage]: ...


async def _full_page(listing: Listing, read: _ReadRows, limit: int, token: str) -> RowPage:
    """Read on until there are enough rows: what is out of reach was dropped from those read.

    Where nearly all is, ever more is read at once; where that holds more rows than are wanted, less
    is read again, for only the end of what was read has a token.
    """
    page = await read(listing, token, limit=limit)
    size = limit - len(page.rows)
    while page.token and (room := limit - len(page.rows)) > 0:
        more = await read(listing, page.token, limit=size)
        if len(more.rows) > room and size > room:
            size = max(room, size // 4)
            continue

        page = RowPage(page.columns or more.columns, (*page.rows, *more.rows), more.token)
        size = min(2 * size, PAGE_OBJECTS)

    return page


async def _page_of_several(reach: Reach, read: _ReadRows, limit: int, token: str) -> RowPage:
    """Read a page across namespaces; its token is the one it stopped in, and that one's own."""
    at, _, inner = token.partition(_INSIDE)
    parts = [part for part in reach.parts if place_of(part) >= f"{at}/"]

    def start(part: Listing) -> str:
        return inner if part.namespace == at else ""

    async def first(part: Listing, _: str) -> RowPage:
        return await read(part, start(part), limit=limit)

    page = RowPage((), ())
    async with aclosing(first_pages(reach, parts, first)) as firsts:
        async for part, whole in firsts:
            room = limit - len(page.rows)
            if not room and whole.rows:
                return _going_on(page, part, "")
            found = whole
            if len(whole.rows) > room:
                found = await read(part, start(part), limit=room)
            page = RowPage(page.columns or found.columns, (*page.rows, *found.rows))
            if found.token:
                return _going_on(page, part, found.token)
            if len(page.rows) > limit:
                # This server does not page: it gave all of one namespace, and will of the others.
                limit = sys.maxsize

    return page


def _going_on(page: RowPage, part: Listing, token: str) -> RowPage:
    return RowPage(page.columns, page.rows, f"{part.namespace}{_INSIDE}{token}")


def shown_columns(columns: Sequence[Column]) -> list[int]:
    """Return the places of the columns that are always shown."""
    return [place for place, column in enumerate(columns) if column.priority == 0]
