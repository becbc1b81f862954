"""Changes as text: a line an object, the most telling first."""

from jamie_base.blocks import quoted
from jamie_base.text import columns, count, shorten
from jamie_base.when import SECOND, Nanoseconds, age
from jamie_kubernetes.answers_changes import Change, ChangeList, ChangeRow
from jamie_kubernetes.render.words import ago, gap_lines

ROWS_BYTES = 4_400
CHANGES_SHOWN = 4
DETAIL_CELLS = 260
BY_CELLS = 40
CHANGED = "(the list changed since the page before; this one goes on after its last row)"


def changes(data: ChangeList) -> str:
    """Show what changed."""
    lines = [_head(data), *([CHANGED] if data.changed else [])]
    if data.rows:
        table = [_cells(row, data.now_ns) for row in data.rows]
        lines.append(quoted("objects and events", "\n".join(columns(table))))

    return "\n".join([*lines, *gap_lines(data.gaps), *_foot(data)])


def row_line(row: ChangeRow, *, now_ns: Nanoseconds) -> str:
    """Return a row's line as it counts against the budget, with room for alignment and users."""
    config = row.object.startswith(("cm/", "secret/"))
    return "  ".join(_cells(row, now_ns)) + " " * (100 if config else 12)


def _head(data: ChangeList) -> str:
    window = f"{data.scope} changed since {ago(data.since_ns, data.now_ns)}"
    if data.gaps and not data.looked_at:
        return f"Whether anything{window} is not known: nothing of it could be read."
    if not data.total:
        told = "what could be read tells" if data.gaps else "objects and events tell"
        return f"Nothing{window}, as far as {told}."

    routine = f", {data.routine} only routine" if data.routine else ""
    return f"{count('object', data.total)}{window}{routine}; the most telling first:"


def _cells(row: ChangeRow, now_ns: Nanoseconds) -> list[str]:
    place = f"{row.namespace}/{row.object}" if row.namespace else row.object
    shown = [_change(one, row, now_ns) for one in row.changes[:CHANGES_SHOWN]]
    more = len(row.changes) - CHANGES_SHOWN
    said = [*shown, *([f"{more} more"] if more > 0 else [])]
    users = [f"used by {', '.join(row.used_by)}"] if row.used_by else []
    return [_when(row.at_ns, now_ns), place, "; ".join([*said, *users])]


def _change(one: Change, row: ChangeRow, now_ns: Nanoseconds) -> str:
    by = f" by {shorten(one.by, BY_CELLS)}" if one.by else ""
    detail = f": {_fit(one.detail)}" if one.detail else ""
    when = f" ({_when(one.at_ns, now_ns)})" if abs(one.at_ns - row.at_ns) > 60 * SECOND else ""
    return f"{_fit(one.what)}{by}{when}{detail}"


def _when(at_ns: Nanoseconds, now_ns: Nanoseconds) -> str:
    """Say how old; an instant ahead of our clock as one."""
    ahead = (at_ns - now_ns) / SECOND
    return f"in {age(ahead)}!" if ahead > 1 else age(max(-ahead, 0))


def _fit(text: str) -> str:
    return shorten(" ".join(text.split()), DETAIL_CELLS)


def _foot(data: ChangeList) -> list[str]:
    custom = f", nor {count('more custom kind', data.left_out)}" if data.left_out else ""
    ahead = any(row.at_ns > data.now_ns + SECOND for row in data.rows)
    return [
        *(
            [f"({count('more row', data.later)}; go on with cursor={data.cursor})"]
            if data.later
            else []
        ),
        *(["(in ...!: the cluster's clock is ahead of ours)"] if ahead else []),
        f"({count('kind', data.looked_at)} looked at; not pods, statuses, Leases{custom})",
        *(f"({note})" for note in data.notes),
    ]
