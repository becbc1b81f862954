"""Which two revisions a caller wants compared."""

import re
from collections.abc import Sequence

from jamie_base.errors import InvalidArgument, NotFound
from jamie_base.text import join_words

Pair = tuple[int, int]
"""Two revisions; 0 stands for what was not said."""

_PAIR = re.compile(r"(\d{1,9})(?:\s*(?:\.\.+|->|-|:|,|\s)\s*(\d{1,9}))?")


def read_pair(text: str) -> Pair:
    """Read `3..5`, or `3`: that one with the current; nothing for the last two.

    Raises:
        InvalidArgument: It is none of these, or twice the same.

    """
    if not text.strip():
        return (0, 0)

    found = _PAIR.fullmatch(text.strip())
    if found is None:
        raise InvalidArgument(f"{text[:40]!r} names no revisions; write 3..5, or 3 for 3..current.")

    first, second = int(found[1]), int(found[2] or 0)
    if first in (0, second) or found[2] == "0":
        raise InvalidArgument(f"{text[:40]!r} compares nothing; give two revisions, from 1 on.")

    return first, second


def chosen(numbers: Sequence[int], pair: Pair) -> Pair | None:
    """Return the two to compare, of those there are, the newest first; None where one is all.

    Raises:
        InvalidArgument: The current one would be compared with itself.

    """
    first, second = pair
    if not numbers:
        return None
    if not first:
        return (numbers[1], numbers[0]) if len(numbers) > 1 else None
    if not second and first == numbers[0]:
        raise InvalidArgument(
            f"Revision {first} is the newest one; give two: {first - 1}..{first}."
        )

    return first, second or numbers[0]


def check_known(numbers: Sequence[int], wanted: int, whose: str) -> None:
    """Make sure that there is a revision of this number.

    Raises:
        NotFound: There is none; those that exist are named.

    """
    if wanted not in numbers:
        known = join_words([str(one) for one in numbers[:20]])
        raise NotFound(f"{whose} has no revision {wanted}; there are {known}.")
