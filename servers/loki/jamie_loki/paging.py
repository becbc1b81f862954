"""Reading lines page by page, without losing or repeating one.

Lines may share a timestamp to the nanosecond, and Loki cuts a reply wherever its limit falls. So an
instant that a reply may have cut is read again whole, and a cursor remembers the last line by
instant, stream and place. The window is fixed by the first page: "the last hour" does not move on.
"""

import base64
import binascii
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from jamie_base.errors import InvalidArgument
from jamie_base.when import Window
from jamie_loki.client import Limits, Loki
from jamie_loki.replies import Line

SLACK_LINES = 50
"""Lines read beyond those wanted, so that an instant at the edge is seldom read twice."""

MILLISECOND = 1_000_000


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: what was asked, over which window, the last line, how many came."""

    asked: str
    start: int
    end: int
    key: tuple[int, str, int]
    before: int

    @property
    def window(self) -> Window:
        """Return the window of the first page."""
        return Window(self.start, self.end)


class Piece(msgspec.Struct, frozen=True):
    """Lines in the order asked for; `more` follow; at `crowded` instants Loki gives no more."""

    lines: tuple[Line, ...]
    more: bool
    crowded: tuple[int, ...] = ()


def encoded(place: Place) -> str:
    """Write a place as a cursor."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def decoded(cursor: str, asked: str) -> Place:
    """Read a cursor that belongs to what is asked.

    Raises:
        InvalidArgument: It is not one of ours, or belongs to other arguments.

    """
    try:
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = msgspec.json.decode(packed, type=Place)
    except (binascii.Error, ValueError) as exc:
        raise InvalidArgument(
            f"cursor {cursor[:40]!r} is not one this server gave; leave it out to start again."
        ) from exc

    if place.asked != asked:
        raise InvalidArgument(
            "This cursor belongs to another query or direction; repeat those it came with,"
            " or leave it out."
        )

    return place


def fingerprint(*parts: str) -> str:
    """Return a short mark of what is asked."""
    return blake2b("\0".join(parts).encode(errors="replace"), digest_size=6).hexdigest()


def whole_milliseconds(window: Window) -> Window:
    """Widen a window to whole milliseconds, the finest LogQL can count over."""
    start = window.start_ns // MILLISECOND * MILLISECOND
    end = -(-window.end_ns // MILLISECOND) * MILLISECOND

    return Window(start, end)


def pieces(window: Window, longest_ns: int) -> list[Window]:
    """Cut a window into ones no longer than Loki takes, the oldest first; 0 is no limit."""
    length = longest_ns or window.end_ns - window.start_ns
    starts = range(window.start_ns, window.end_ns, length)

    return [Window(start, min(start + length, window.end_ns)) for start in starts]


async def read(
    loki: Loki,
    query: str,
    window: Window,
    *,
    wanted: int,
    newest: bool,
    limits: Limits,
    after: Place | None = None,
) -> Piece:
    """Read the next lines of a window, at most as many as wanted.

    Raises:
        BackendError: Loki refuses the query, or does not answer.

    """
    left = _after(window, after, newest=newest)
    parts = pieces(left, limits.length_ns) if left.start_ns < left.end_ns else []
    lines: list[Line] = []
    crowded: list[int] = []
    for part in reversed(parts) if newest else parts:
        piece = await _piece(
            loki, query, part, wanted - len(lines), newest=newest, limits=limits, after=after
        )
        lines += piece.lines
        crowded += piece.crowded
        if piece.more:
            return Piece(tuple(lines), more=True, crowded=tuple(crowded))

    return Piece(tuple(lines), more=False, crowded=tuple(crowded))


async def _piece(
    loki: Loki,
    query: str,
    window: Window,
    wanted: int,
    *,
    newest: bool,
    limits: Limits,
    after: Place | None,
) -> Piece:
    lines: list[Line] = []
    crowded: list[int] = []
    while window.start_ns < window.end_ns:
        limit = min(wanted - len(lines) + SLACK_LINES, limits.entries)
        got = (await loki.over(query, window, limit=limit, newest=newest)).lines
        whole, cut = _split(got, full=len(got) >= limit)
        if cut and not whole:
            whole, is_crowded = await _instant(loki, query, cut[0].at, limits, newest=newest)
            crowded += [cut[0].at] if is_crowded else []
            cut = ()
        lines += [line for line in whole if _is_new(line, after, newest=newest)]
        if len(lines) >= wanted or len(got) < limit:
            more = len(lines) > wanted or len(got) >= limit
            return Piece(tuple(lines[:wanted]), more=more, crowded=tuple(crowded))

        window = _beyond(window, whole[-1].at, newest=newest)

    return Piece(tuple(lines[:wanted]), more=len(lines) > wanted, crowded=tuple(crowded))


async def _instant(
    loki: Loki, query: str, at: int, limits: Limits, *, newest: bool
) -> tuple[Sequence[Line], bool]:
    lines = (await loki.over(query, Window(at, at + 1), limit=limits.entries, newest=newest)).lines

    return lines, len(lines) >= limits.entries


def _split(lines: Sequence[Line], *, full: bool) -> tuple[Sequence[Line], Sequence[Line]]:
    """Part the lines whose instants are complete from those a full reply may have cut."""
    if not full or not lines:
        return lines, ()

    edge = lines[-1].at
    whole = [line for line in lines if line.at != edge]

    return whole, lines[len(whole) :]


def _after(window: Window, place: Place | None, *, newest: bool) -> Window:
    if place is None:
        return window

    at = place.key[0]
    return Window(window.start_ns, at + 1) if newest else Window(at, window.end_ns)


def _beyond(window: Window, at: int, *, newest: bool) -> Window:
    return Window(window.start_ns, at) if newest else Window(at + 1, window.end_ns)


def _is_new(line: Line, after: Place | None, *, newest: bool) -> bool:
    if after is None:
        return True

    return line.key < after.key if newest else line.key > after.key
