"""Events as text: a line a group, quoted, for their words come from strangers."""

from jamie_base.text import count
from jamie_kubernetes.answers import EventGroup, EventList
from jamie_kubernetes.render.overview import event_line
from jamie_kubernetes.render.words import ago, block, gap_lines

ROWS_BYTES = 4_600


def events(data: EventList) -> str:
    """Show events, grouped, the worst first."""
    lines = [_head(data)]
    if data.changed:
        lines.append(
            "(the list changed since the page before; this one goes on after its last row)"
        )
    lines += block(
        "Kubernetes events", [line(one, now_ns=data.now_ns) for one in data.groups], 10**6
    )
    lines += gap_lines(data.gaps)
    if data.later:
        lines.append(f"({count('more group', data.later)}; go on with cursor={data.cursor})")
    if data.warnings_only:
        lines.append("(Normal events not shown; warnings_only=false shows them)")

    return "\n".join(lines)


def line(group: EventGroup, *, now_ns: int) -> str:
    """Show one group on a line."""
    return " ".join(event_line(group, now_ns).split())


def _head(data: EventList) -> str:
    kind = "warning events" if data.warnings_only else "events"
    window = f"since {ago(data.since_ns, data.now_ns)}"
    if not data.events:
        return f"No {kind} {data.scope} {window}. (Kubernetes keeps events for about an hour.)"

    return f"{count(kind.removesuffix('s'), data.events)} {data.scope} {window}, worst first:"
