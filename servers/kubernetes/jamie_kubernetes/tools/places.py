"""Where a list of any kind goes on: the API server's own token, and the last row shown."""

import base64
import binascii
import hashlib

import msgspec

from jamie_base.errors import InvalidArgument


class Place(msgspec.Struct, frozen=True, array_like=True):
    """A place in a list: of which question, the server's token, the last row's key."""

    query: str
    token: str = ""
    last: str = ""


def write_place(query: str, token: str, last: str) -> str:
    """Write a place as a cursor."""
    packed = msgspec.json.encode(Place(digest(query), token, last))
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_place(cursor: str, query: str) -> Place:
    """Read a cursor; without one, the start.

    Raises:
        InvalidArgument: It is not one of ours, or of another question.

    """
    if not cursor:
        return Place("")

    try:
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = msgspec.json.decode(packed, type=Place)
    except (binascii.Error, ValueError) as exc:
        raise InvalidArgument(
            f"cursor {cursor[:40]!r} is not one this server gave; leave it out to start again."
        ) from exc

    if place.query != digest(query):
        raise InvalidArgument(
            "This cursor belongs to other arguments; repeat those it came from, or leave it out."
        )

    return place


def digest(text: str) -> str:
    """Return a short stand-in for a text."""
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
