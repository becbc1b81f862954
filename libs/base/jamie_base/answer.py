"""Answers that fit: pages within a budget of bytes, and cursors to go on.

A cursor carries the sort key of the last row shown, so a list that changed in between neither
repeats a row nor skips one; it also carries a digest of what was before, so that the next page can
say it changed.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec

from jamie_base.errors import InvalidArgument

T = TypeVar("T")

SortKey = tuple[str | int | float, ...]

ANSWER_BYTES = 6_000
"""What an answer takes by default."""

LARGEST_BYTES = 20_000
"""What no answer exceeds."""

ROWS_BYTES = 5_000
"""What the rows of an answer take by default; the rest is for its head and its last line."""


class Page(msgspec.Struct, Generic[T], frozen=True):
    """The rows of one answer.

    `before` rows came on earlier pages, `total` counts all, `cursor` goes on after the last row
    (empty at the end), `changed` tells that the earlier pages would look different now.
    """

    rows: tuple[T, ...]
    total: int
    before: int = 0
    cursor: str = ""
    changed: bool = False

    @property
    def hidden(self) -> int:
        """Count the rows after this page."""
        return self.total - self.before - len(self.rows)


class _Place(msgspec.Struct, frozen=True, array_like=True):
    query: str
    key: SortKey
    seen: str


def paginate(
    rows: Sequence[T],
    *,
    key: Callable[[T], SortKey],
    line: Callable[[T], str],
    limit: int,
    cursor: str = "",
    query: str = "",
    budget: int = ROWS_BYTES,
) -> Page[T]:
    """Cut one page out of `rows`, at most `limit` rows whose lines take at most `budget` bytes.

    `key` orders the rows and is unique for each; `query` names what was asked, so that a cursor of
    another question is refused. At least one row is shown, however long its line.

    Raises:
        InvalidArgument: The cursor is not one of ours, or belongs to another question.

    """
    ordered = sorted(rows, key=key)
    place = _decode(cursor, query) if cursor else None
    start = _after(ordered, key, place)
    shown = _fitting(ordered[start:], line, limit, budget)
    end = start + len(shown)

    return Page(
        rows=tuple(shown),
        total=len(ordered),
        before=start,
        cursor=_encode(ordered[:end], key, query) if end < len(ordered) else "",
        changed=place is not None and place.seen != _digest(ordered[:start], key),
    )


def _after(ordered: Sequence[T], key: Callable[[T], SortKey], place: _Place | None) -> int:
    if place is None:
        return 0

    return sum(1 for row in ordered if key(row) <= place.key)


def _fitting(rows: Sequence[T], line: Callable[[T], str], limit: int, budget: int) -> Sequence[T]:
    left = budget
    for index, row in enumerate(rows[:limit]):
        left -= len(line(row).encode()) + 1
        if left < 0 and index:
            return rows[:index]

    return rows[:limit]


def _encode(seen: Sequence[T], key: Callable[[T], SortKey], query: str) -> str:
    # True is 1 to Python, but not to JSON and back.
    last = tuple(int(part) if isinstance(part, bool) else part for part in key(seen[-1]))
    place = _Place(query=_short(query), key=last, seen=_digest(seen, key))
    packed = msgspec.json.encode(place)

    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _decode(cursor: str, query: str) -> _Place:
    try:
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = msgspec.json.decode(packed, type=_Place)
    except (binascii.Error, ValueError) as exc:
        raise InvalidArgument(
            f"cursor {cursor[:40]!r} is not one this server gave; leave it out to start again."
        ) from exc

    if place.query != _short(query):
        raise InvalidArgument(
            "This cursor belongs to other arguments; repeat those it came from, or leave it out."
        )

    return place


def _digest(rows: Sequence[T], key: Callable[[T], SortKey]) -> str:
    return _short(repr([key(row) for row in rows]))


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
