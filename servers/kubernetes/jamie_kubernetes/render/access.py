"""Permissions as text: the verdict first, then why, who and what."""

from collections.abc import Sequence

from jamie_base.blocks import quoted
from jamie_base.text import clean, clip, columns, count, shorten
from jamie_kubernetes.answers_access import Access, Allowed, Grant
from jamie_kubernetes.render.words import gap_lines

ROWS_BYTES = 4_300
ALLOWED_BYTES = 4_600
_NOTES_BYTES = 700
_RESOURCES = 30
_CELL = 170
_NARROW = "what=KIND asks about one kind"


def access(data: Access) -> str:
    """Show what is allowed, to whom, and why."""
    lines = [data.verdict]
    if data.changed:
        lines.append("(the list changed since the page before; this goes on after its last row)")
    if data.why:
        lines.append(
            quoted("the API server's authorisers", clip(map(_flat, data.why), _NOTES_BYTES))
        )
    if data.allowed:
        rows = clip([_allowed(one) for one in data.allowed], ALLOWED_BYTES, hint=_NARROW)
        lines.append(quoted("RBAC", rows))
    if data.grants:
        lines.append(quoted("RBAC", "\n".join(columns(map(_cells, data.grants)))))

    notes = clip([f"({note})" for note in data.notes], _NOTES_BYTES) if data.notes else ""
    return "\n".join([*lines, *([notes] if notes else []), *gap_lines(data.gaps), *_foot(data)])


def grant_line(one: Grant) -> str:
    """Return a row's line as it counts against the budget, with room for alignment."""
    return "      ".join(_cells(one)) + " " * 20


def _cells(one: Grant) -> list[str]:
    where = f"in {one.namespace}" if one.namespace else "everywhere"
    return [_flat(part) for part in (one.subject, where, one.path, one.note)]


def _allowed(one: Allowed) -> str:
    shown = list(one.resources[:_RESOURCES])
    rest = len(one.resources) - len(shown)
    more = [f"{rest} more"] if rest else []
    names = f" (only {', '.join(one.names[:6])})" if one.names else ""
    path = f"  by {one.path}" if one.path else ""
    return _whole(f"{_words(one.verbs)}: {', '.join([*shown, *more])}{names}{path}")


def _words(verbs: Sequence[str]) -> str:
    return "everything" if verbs == ("*",) else ", ".join(verbs)


def _flat(text: str) -> str:
    return shorten(_whole(text), _CELL)


def _whole(text: str) -> str:
    return " ".join(clean(text).split())


def _foot(data: Access) -> list[str]:
    if not data.cursor:
        return []

    return [f"({count('more row', data.left)}; go on with cursor={data.cursor})"]
