"""Events as text: a line a group, quoted, for their words come from strangers."""

from datetime import UTC, datetime

from jamie_base.text import count
from jamie_base.when import SECOND
from jamie_kubernetes.answers import EventGroup, EventList
from jamie_kubernetes.render.followed import followed_for, followed_lines
from jamie_kubernetes.render.overview import event_line
from jamie_kubernetes.render.words import ago, block, gap_lines

ROWS_BYTES = 4_600


def events(data: EventList) -> str:
    """Show events, grouped, the worst first."""
    lines = [_head(data), *followed_lines(data.followed)]
    if data.changed:
        lines.append(
            "(the list changed since the page before; this one goes on after its last row)"
        )
    lines += block(
        "Kubernetes events", [line(one, now_ns=data.now_ns) for one in data.groups], 10**6
    )
    lines += gap_lines(data.gaps)
    if data.later:
        on = f"go on with cursor={data.cursor}" if data.cursor else "limit shows more"
        lines.append(f"({count('more group', data.later)}; {on})")
    if data.followed:
        lines.append("(what was there before is not shown: leave out follow)")
    if data.warnings_only:
        lines.append("(Normal events not shown; warnings_only=false shows them)")

    return "\n".join(lines)


def line(group: EventGroup, *, now_ns: int) -> str:
    """Show one group on a line."""
    return " ".join(event_line(group, now_ns).split())


def told(group: EventGroup) -> str:
    """Show one event while it comes."""
    at = datetime.fromtimestamp(group.last_ns / SECOND, UTC).strftime("%H:%M:%SZ")
    where = f"{group.namespace}/" if group.namespace else ""

    return f"{at} {group.type} {group.reason} {where}{group.owner}: {group.message}"


def _head(data: EventList) -> str:
    kind = "warning events" if data.warnings_only else "events"
    window = f"since {ago(data.since_ns, data.now_ns)}"
    if data.followed:
        came = count(f"new {kind}".removesuffix("s"), data.events) if data.events else f"No {kind}"
        end = ", worst first:" if data.events else "."
        return f"{came} {data.scope}, {followed_for(data.followed)}{end}"
    if not data.events:
        return f"No {kind} {data.scope} {window}. (Kubernetes keeps events for about an hour.)"

    return f"{count(kind.removesuffix('s'), data.events)} {data.scope} {window}, worst first:"
