"""Changes put together: a row an object, the most telling first; made in a mass, one row."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from jamie_kubernetes.answers_changes import Change, ChangeRow
from jamie_kubernetes.facts.changes.told import Key, Told

MASS = 5
NAMES_SHOWN = 6


_WHOLE = ("created", "being deleted", "deleted since")


class MassKey(msgspec.Struct, frozen=True):
    """What objects of a mass have in common; without `what`, an object that stands alone."""

    namespace: str
    tier: int
    which: str
    what: str = ""
    by: str = ""
    detail: str = ""


def rows_of(told: Iterable[Told]) -> list[ChangeRow]:
    """Return a row for each object."""
    found: dict[Key, list[Told]] = {}
    for one in told:
        found.setdefault(one.key, []).append(one)

    return _massed([_row(key, each) for key, each in found.items()])


def rank(row: ChangeRow) -> tuple[int, int, str, str]:
    """Order rows: the telling first, the newest first; unique for each."""
    return (row.tier, -row.at_ns, row.namespace, row.object)


def _row(key: Key, told: Sequence[Told]) -> ChangeRow:
    tier = min(one.tier for one in told)
    changes = _counted(sorted(told, key=lambda one: (one.tier, -one.change.at_ns)))
    return ChangeRow(
        namespace=key[0],
        object=key[1],
        at_ns=max(one.change.at_ns for one in told if one.tier == tier),
        tier=tier,
        changes=tuple(changes),
    )


def _counted(told: Sequence[Told]) -> list[Change]:
    """Put the same changes together; the first of them, the newest, stays."""
    counts = Counter(_sameness(one.change) for one in told)
    firsts: dict[tuple[str, str, str], Change] = {}
    for one in told:
        firsts.setdefault(_sameness(one.change), one.change)

    return [
        msgspec.structs.replace(one, what=f"{one.what} ({counts[key]} times)")
        if counts[key] > 1
        else one
        for key, one in firsts.items()
    ]


def _sameness(one: Change) -> tuple[str, str, str]:
    return (one.what, one.by, one.detail)


def _massed(rows: Sequence[ChangeRow]) -> list[ChangeRow]:
    """Put in one row what somebody made, or what went, all at once in a namespace."""
    groups: dict[MassKey, list[ChangeRow]] = {}
    for row in rows:
        groups.setdefault(_mass_key(row), []).append(row)

    return [
        one
        for key, each in groups.items()
        for one in ([_mass(each)] if key.what and len(each) >= MASS else each)
    ]


def _mass_key(row: ChangeRow) -> MassKey:
    """Tell what would be the same in a mass: who did what; of an edit, to which fields, too."""
    if len(row.changes) != 1:
        return MassKey(row.namespace, row.tier, row.object)

    change, kind = row.changes[0], row.object.partition("/")[0]
    if change.what in _WHOLE:
        return MassKey(row.namespace, row.tier, "", change.what, change.by)

    return MassKey(row.namespace, row.tier, kind, change.what, change.by, change.detail)


def _mass(rows: Sequence[ChangeRow]) -> ChangeRow:
    newest = max(rows, key=lambda row: row.at_ns)
    names = sorted((row.object for row in rows), key=_first_workloads)
    more = len(names) - NAMES_SHOWN
    rest = f" and {more} more" if more > 0 else ""
    change = newest.changes[0]
    what = "" if change.what in _WHOLE else f"{change.detail}, " if change.detail else ""
    detail = f"{what}{', '.join(names[:NAMES_SHOWN])}{rest}"
    change = msgspec.structs.replace(change, detail=detail)
    return ChangeRow(
        namespace=newest.namespace,
        object=f"{len(rows)} objects",
        at_ns=newest.at_ns,
        tier=newest.tier,
        changes=(change,),
        objects=len(rows),
    )


def _first_workloads(name: str) -> tuple[bool, str]:
    return (not name.startswith(("deploy/", "sts/", "ds/", "cronjob/", "svc/", "ing/")), name)
