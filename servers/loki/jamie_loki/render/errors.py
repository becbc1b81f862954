"""Errors by service, the biggest first, and one example of each in a block of their own."""

from collections.abc import Iterator
from itertools import accumulate, takewhile

import msgspec

from jamie_base.blocks import quoted
from jamie_base.text import count, join_words, shorten, size
from jamie_loki.data import ErrorKind, LogErrors, ServiceErrors, WarningKind
from jamie_loki.render.lines import trace
from jamie_loki.render.nothing import nothing
from jamie_loki.wording import ago, inline, window_of

ROWS_BYTES = 4_300
"""What rows and examples take together."""

EXAMPLE_CELLS = 220
SELECTOR_CELLS = 200


class Row(msgspec.Struct, frozen=True):
    """One kind of error of one service, numbered; `kind` is None where no line of it was read."""

    number: int
    service: ServiceErrors
    kind: ErrorKind | None


def errors(found: LogErrors) -> str:
    """Write how many errors there are, of which kinds, since when; or that there are none."""
    window = window_of(int(found.start), int(found.end))
    if found.empty:
        head = f"No log lines, {window}, in {inline(found.selector, SELECTOR_CELLS)}"
        return "\n".join([head, *nothing(found.empty)])

    looked = (
        f"{count('line', found.lines)} in {count('stream', found.streams)} of"
        f" {count('service', found.services_seen)} looked at"
    )
    if not found.total:
        return "\n".join([f"No errors, {window} ({looked}).", *_warnings(found), *found.notes])

    return "\n".join(_told(found, f"{_head(found)}, {window} ({looked}).", list(_rows(found))))


def _told(found: LogErrors, head: str, rows: list[Row]) -> list[str]:
    sizes = accumulate(size(_line(row, found)) + size(_example(row)) + 2 for row in rows)
    shown = rows[: max(sum(1 for _ in takewhile(lambda used: used <= ROWS_BYTES, sizes)), 1)]
    examples = "\n".join(example for example in map(_example, shown) if example)

    return [
        head,
        *(_line(row, found) for row in shown),
        *_hidden(found, rows[len(shown) :]),
        *_warnings(found),
        f"Look first at {_first_look(found)}",
        *([quoted("Loki, an example of each", examples)] if examples else []),
        *found.notes,
    ]


def _head(found: LogErrors) -> str:
    number = len(found.services) + found.hidden_services
    about = "About " if found.estimated else ""

    return f"{about}{count('error', found.total)} in {count('service', number)}"


def _rows(found: LogErrors) -> Iterator[Row]:
    """Yield all kinds numbered, the biggest first, whichever service they belong to."""
    kinds = [(kind, service) for service in found.services for kind in service.kinds]
    kinds.sort(key=lambda pair: -pair[0].count)
    for number, (kind, service) in enumerate(kinds, 1):
        yield Row(number, service, kind)

    for number, service in enumerate(found.services, len(kinds) + 1):
        if not service.kinds:
            yield Row(number, service, None)


def _line(row: Row, found: LogErrors) -> str:
    who = _name(row.service.namespace, row.service.service)
    kind = row.kind
    if kind is None:
        return f"{row.number}. {row.service.count:,} errors in {who}, none of them read"

    about = "about " if kind.estimated else ""
    what = f"{kind.count:,} {kind.noun}" if kind.noun else _unnamed(kind, row.number)

    return f"{row.number}. {about}{what} in {who}{_when(kind, found)}"


def _unnamed(kind: ErrorKind, number: int) -> str:
    level = "fatal error" if kind.level == "fatal" else "error"

    return f"{count(level, kind.count)} (example {number})"


def _when(kind: ErrorKind, found: LogErrors) -> str:
    last = ago(kind.last, found.asked)
    if kind.count == 1:
        return f", at {last}"

    began = (
        f"since {ago(kind.onset, found.asked)}"
        if kind.onset
        else f"first {ago(kind.first, found.asked)}"
    )

    return f", {began}; last {last}"


def _example(row: Row) -> str:
    if row.kind is None:
        return ""

    first, _, _ = row.kind.example.partition("\n")
    text = shorten(" ".join(first.split()), EXAMPLE_CELLS)
    folded = row.kind.trace

    return f"{row.number}. {text}" + (f"\n    {trace(folded, first)}" if folded else "")


def _hidden(found: LogErrors, rows: list[Row]) -> list[str]:
    kinds = sum(row.kind.count if row.kind else row.service.count for row in rows)
    number = (
        kinds + found.hidden_errors + sum(one.other_errors for one in found.services if one.kinds)
    )
    if not number:
        return []

    services = found.hidden_services
    who = f", {count('service', services)} among them not shown at all" if services else ""

    return [
        f"({count('more error', number)} of smaller kinds{who}; narrow by service, or raise limit)"
    ]


def _warnings(found: LogErrors) -> list[str]:
    told = found.warnings
    if not told.total:
        return ["No warnings."]

    known = [_warning(kind, found) for kind in told.kinds]
    among = f", among them {join_words(known)}" if known else ""

    return [f"{count('warning', told.total)} besides{among}."]


def _warning(kind: WarningKind, found: LogErrors) -> str:
    about = "about " if kind.estimated else ""
    since = f" since {ago(kind.onset, found.asked)}" if kind.onset else ""

    return f"{about}{kind.count:,} {kind.noun} in {_name(kind.namespace, kind.service)}{since}"


def _first_look(found: LogErrors) -> str:
    """Name the biggest kind, and how much of all it is."""
    row = next(_rows(found))
    who = _name(row.service.namespace, row.service.service)
    if row.kind is None:
        return f"{who}, with {_share(row.service.count, found.total)}."

    what = inline(row.kind.label) if row.kind.noun else f"example {row.number}"
    share = _share(row.kind.count, found.total)
    began = (
        f"; {'they' if row.kind.noun else 'it'} began {ago(row.kind.onset, found.asked)}"
        if row.kind.onset
        else ""
    )

    return f"the {what} in {who}, {share}{began}."


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} % of all errors"


def _name(namespace: str, service: str) -> str:
    return "/".join(inline(part) for part in (namespace, service) if part) or "(unnamed)"
