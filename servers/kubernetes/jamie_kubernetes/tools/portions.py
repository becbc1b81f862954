"""A list in the API server's own order, read no further than shown."""

from jamie_kubernetes.answers_get import Objects
from jamie_kubernetes.client.api_server import Expired
from jamie_kubernetes.client.rows import RowPage, read_page
from jamie_kubernetes.render.get import ROWS_BYTES, row_line
from jamie_kubernetes.tools.asked import Asked
from jamie_kubernetes.tools.picture import Picture, Row
from jamie_kubernetes.tools.places import Place, read_place, write_place

_SKIP_OBJECTS = 500


async def portion(asked: Asked, namespace: str) -> Objects:
    """Read the next rows of a list.

    Raises:
        BackendError: No answer, or a refusal.

    """
    place = read_place(asked.cursor, asked.query)
    picture = Picture(asked)
    page, expired = await _page(asked, namespace, place)
    rows = _rows(picture, page, place)
    shown = fitting(asked, rows)
    if len(shown) < len(rows) and page.token and (place.token or not place.last):
        # The server's token has to stand after the last row shown.
        page = await _read(asked, namespace, limit=len(shown), token=place.token)
        rows = shown = _rows(picture, page, place)

    more = bool(shown) and (bool(page.token) or len(shown) < len(rows))
    token = page.token if len(shown) == len(rows) else ""
    left = len(rows) - len(shown) + page.remaining
    counted = page.remaining > 0 or not page.token
    return Objects(
        now_ns=asked.now_ns,
        title="",
        source="",
        columns=picture.header,
        rows=tuple(row.cells for row in shown),
        read=len(shown) + left if counted and not place.last else -1,
        left=left if counted else -1,
        cursor=write_place(asked.query, token, shown[-1].place) if more else "",
        changed=expired,
    )


def fitting(asked: Asked, rows: list[Row]) -> list[Row]:
    """Return the rows that fit, at least one; whole objects count in full."""
    room = ROWS_BYTES
    for index, row in enumerate(rows[: asked.limit]):
        line = row.cells[0] + "\n" if asked.is_whole else row_line(row.cells)
        room -= len(line.encode()) + 1
        if room < 0 and index:
            return rows[:index]

    return rows[: asked.limit]


def _rows(picture: Picture, page: RowPage, place: Place) -> list[Row]:
    picture.take(page)
    rows = [picture.row(raw) for raw in page.rows]
    if place.token and page.token:
        return rows

    # Nothing orders the lists of extensions that do not page, and skipping needs an order.
    rows = rows if page.token else sorted(rows, key=lambda row: row.place)
    return [row for row in rows if row.place > place.last]


async def _page(asked: Asked, namespace: str, place: Place) -> tuple[RowPage, bool]:
    """Read where the place says; where the server forgot it, find the last row again."""
    if place.token or not place.last:
        try:
            found = await _read(asked, namespace, limit=asked.limit, token=place.token)
        except Expired:
            pass
        else:
            return found, False

    token = ""
    while True:
        found = await _read(asked, namespace, limit=_SKIP_OBJECTS, token=token)
        if not found.token or _last_place(asked, found) > place.last:
            return found, bool(place.token)
        token = found.token


async def _read(asked: Asked, namespace: str, *, limit: int, token: str) -> RowPage:
    listing = asked.listing(namespace)
    return await read_page(asked.cluster, listing, asked.form, limit=limit, token=token)


def _last_place(asked: Asked, page: RowPage) -> str:
    return Picture(asked).row(page.rows[-1]).place if page.rows else ""
