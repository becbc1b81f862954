"""Changes put together: a row an object, the most telling first; made in a mass, a row a kind."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from jamie_kubernetes.answers_changes import Change, ChangeRow
from jamie_kubernetes.facts.changes.told import Key, Told

MASS = 4
NAMES_SHOWN = 3


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
    changes = _counted([one.change for one in told])
    return ChangeRow(
        namespace=key[0],
        object=key[1],
        at_ns=max(one.change.at_ns for one in told if one.tier == tier),
        tier=tier,
        changes=tuple(changes),
    )


def _counted(changes: Sequence[Change]) -> list[Change]:
    """Put the same changes together, the newest first."""
    ordered = sorted(changes, key=lambda one: -one.at_ns)
    counts = Counter((one.what, one.by, one.detail) for one in ordered)
    firsts = {(one.what, one.by, one.detail): one for one in reversed(ordered)}
    found = sorted(firsts.items(), key=lambda item: -item[1].at_ns)

    return [
        msgspec.structs.replace(one, what=f"{one.what} ({counts[key]} times)")
        if counts[key] > 1
        else one
        for key, one in found
    ]


def _massed(rows: Sequence[ChangeRow]) -> list[ChangeRow]:
    """Put objects of one kind that somebody made or deletes together in one row."""
    groups: dict[tuple[str, str, str, str, int], list[ChangeRow]] = {}
    for row in rows:
        groups.setdefault(_mass_key(row), []).append(row)

    return [
        one
        for key, each in groups.items()
        for one in ([_mass(key[1], each)] if key[2] and len(each) >= MASS else each)
    ]


def _mass_key(row: ChangeRow) -> tuple[str, str, str, str, int]:
    kind = row.object.partition("/")[0]
    what = row.changes[0].what if len(row.changes) == 1 else ""
    if what not in ("created", "being deleted", "no longer there"):
        return (row.namespace, row.object, "", "", row.tier)

    return (row.namespace, kind, what, row.changes[0].by, row.tier)


def _mass(kind: str, rows: Sequence[ChangeRow]) -> ChangeRow:
    newest = max(rows, key=lambda row: row.at_ns)
    names = sorted(row.object.partition("/")[2] for row in rows)
    more = len(names) - NAMES_SHOWN
    rest = f" and {more} more" if more > 0 else ""
    detail = f"{', '.join(names[:NAMES_SHOWN])}{rest}"
    change = msgspec.structs.replace(newest.changes[0], detail=detail)
    return ChangeRow(
        namespace=newest.namespace,
        object=f"{kind}/* ({len(rows)})",
        at_ns=newest.at_ns,
        tier=newest.tier,
        changes=(change,),
    )
