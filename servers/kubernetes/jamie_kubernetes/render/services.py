"""Services as text: a line each, the broken first, the healthy counted."""

from jamie_base.text import columns, count, shorten
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers_services import ServiceList, ServiceRow
from jamie_kubernetes.render.words import ago, block, gap_lines, states

ROWS_BYTES = 3_400
MESSAGES_BYTES = 1_000
ROUTES_SHOWN = 3
PORTS_SHOWN = 4
WHY_CHARACTERS = 260
CHANGED = "(the list changed since the page before; this one goes on after its last row)"


def services(data: ServiceList) -> str:
    """Show Services, with the cluster's own explanations quoted below."""
    lines = [_head(data), *([CHANGED] if data.changed else [])]
    lines += columns([cells(row, data.now_ns) for row in data.rows])
    lines += block(
        "pod statuses and events",
        [f"svc/{row.name}: {shorten(row.message, 300)}" for row in data.rows if row.message],
        MESSAGES_BYTES,
    )
    return "\n".join([*lines, *gap_lines(data.gaps), *_foot(data)])


def row_line(row: ServiceRow, *, now_ns: Nanoseconds) -> str:
    """Return a Service's line as it counts against the budget, with room for alignment."""
    return "    ".join(cells(row, now_ns)) + " " * 20


def cells(row: ServiceRow, now_ns: Nanoseconds) -> list[str]:
    """Return the cells of a Service's line."""
    return [
        f"{row.namespace}/svc/{row.name}",
        f"{row.type} {row.address}".rstrip(),
        " ".join(_some(row.ports, PORTS_SHOWN)),
        _endpoints(row),
        ago(row.created_ns, now_ns).removesuffix(" ago"),
        "; ".join(part for part in (_why(row), _routes(row), ", ".join(row.notes)) if part),
    ]


def _head(data: ServiceList) -> str:
    if not data.total:
        return f"No services {data.scope}."

    none = "none known to be broken" if data.gaps else "none broken"
    broken = f"{data.broken} broken" if data.broken else none
    return f"{count('service', data.total)} {data.scope}: {states(data.types)}; {broken}."


def _endpoints(row: ServiceRow) -> str:
    if row.type in ("ExternalName", "missing"):
        return ""

    return "endpoints not known" if row.endpoints < 0 else f"{row.ready}/{row.endpoints} ready"


def _why(row: ServiceRow) -> str:
    return shorten(", ".join(row.why), WHY_CHARACTERS)


def _routes(row: ServiceRow) -> str:
    if not row.routes:
        return ""

    return f"from {', '.join(shorten(one, 80) for one in _some(row.routes, ROUTES_SHOWN))}"


def _some(words: tuple[str, ...], most: int) -> list[str]:
    more = len(words) - most
    return [*words[:most], *([f"and {more} more"] if more > 0 else [])]


def _foot(data: ServiceList) -> list[str]:
    lines: list[str] = []
    if data.later:
        lines.append(f"({count('more service', data.later)}; go on with cursor={data.cursor})")
    healthy = data.total - data.broken
    if data.status == "broken" and healthy > 0:
        known = "known to be " if data.gaps else ""
        lines.append(f"({healthy:,} not {known}broken and not shown; status=all lists them)")

    return lines
