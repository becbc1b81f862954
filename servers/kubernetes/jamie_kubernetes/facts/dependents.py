"""What goes with an object: everything it owns, and what that owns, unless it has another owner."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from jamie_base.text import count, join_words
from jamie_kubernetes.client.objects import Named
from jamie_kubernetes.kinds import Kind

KINDS_SHOWN = 12


class Owned(msgspec.Struct, frozen=True):
    """An object with owners, by their uids."""

    uid: str
    kind: Kind
    owners: tuple[str, ...]


class OwnedTally:
    """Keeps what has owners, while the objects of one kind come."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self.found: list[Owned] = []

    def add(self, page: Sequence[Named]) -> None:
        """Take one page."""
        self.found += [
            Owned(meta.uid, self._kind, tuple(ref.uid for ref in meta.owner_references))
            for meta in (one.metadata for one in page)
            if meta.owner_references
        ]


class Heirs(msgspec.Struct, frozen=True):
    """What depends on an object, counted by kind: all of it, and what it owns itself.

    `shared` objects stay, because something else owns them, too.
    """

    all: Counter[Kind]
    direct: Counter[Kind]
    shared: int = 0


def heirs_of(uid: str, found: Iterable[Owned]) -> Heirs:
    """Find what the garbage collector takes once the object with this uid is gone."""
    listed = list(found)
    gone = {uid}
    taken: list[Owned] = []
    while more := [one for one in listed if one.uid not in gone and gone.issuperset(one.owners)]:
        gone |= {one.uid for one in more}
        taken += more

    shared = [one for one in listed if one.uid not in gone and not gone.isdisjoint(one.owners)]
    direct = Counter(one.kind for one in taken if one.owners == (uid,))
    return Heirs(Counter(one.kind for one in taken), direct, len(shared))


def counted(kinds: Counter[Kind]) -> str:
    """Say how many there are of each kind, the most first."""
    ranked = kinds.most_common()
    shown = [_number(kind, number) for kind, number in ranked[:KINDS_SHOWN]]
    rest = ranked[KINDS_SHOWN:]
    more = f"{sum(number for _, number in rest)} of {count('other kind', len(rest))}"

    return join_words([*shown, *([more] if rest else [])])


def _number(kind: Kind, number: int) -> str:
    return count(kind.name.lower(), number, kind.plural)
