"""Who uses most, as text: a line each, and what is not measured."""

from collections.abc import Callable

from jamie_base.text import columns, count, shorten
from jamie_kubernetes.answers_top import NOT_ALLOWED, NOT_ANSWERING, NOT_INSTALLED, Top, TopRow
from jamie_kubernetes.facts.quantities import cores, memory
from jamie_kubernetes.render.words import gap_lines

ROWS_BYTES = 4_200
CHANGED = "(the list changed since the page before; this one goes on after its last row)"
_ORDERS = {"cpu": "most CPU first", "memory": "most memory first", "limit": "nearest limit first"}
_BY_REQUEST = {"cpu": "most CPU", "memory": "most memory", "limit": "most memory"}
_ADVICE = {
    NOT_INSTALLED: "Autoscaling on CPU or memory does not work either. Install metrics-server;"
    " until then a Prometheus that scrapes cAdvisor has container_memory_working_set_bytes.",
    NOT_ANSWERING: "Autoscaling on CPU or memory does not work either. See why: k8s_diagnose.",
    NOT_ALLOWED: "Which permission is missing: k8s_access what=k8s_top.",
}
_PLAIN = Top(now_ns=0, scope="", level="pods", order="cpu", total=0, rows=())


def top(data: Top) -> str:
    """Show who uses most, or asks for most where nobody knows."""
    lines = [_head(data), *([CHANGED] if data.changed else [])]
    lines += columns([_cells(row, data) for row in data.rows])
    return "\n".join([*lines, *_unmeasured(data), *gap_lines(data.gaps), *_foot(data)])


def row_line(row: TopRow) -> str:
    """Return a line as it counts against the budget, with room for alignment."""
    return "    ".join(_cells(row, _PLAIN)) + " " * 16


def _cells(row: TopRow, data: Top) -> list[str]:
    used, asked, limit = row.used, row.requested, row.limit
    return [
        f"{row.namespace}/{row.name}" if row.namespace else row.name,
        _amount(data, "cpu", (used.cpu, asked.cpu, limit.cpu), cores),
        _amount(data, "memory", (used.memory, asked.memory, limit.memory), memory),
        row.node,
    ]


def _amount(
    data: Top, what: str, amounts: tuple[float, float, float], say: Callable[[float], str]
) -> str:
    used, asked, limit = amounts
    nodes = data.level == "nodes"
    most = "allocatable" if nodes else "limit"
    request = f"request {say(asked)}" if asked else _no_request(data)
    # A node always offers something.
    unbound = f"{most} not known" if nodes else f"no {most}"
    if data.metrics:
        share = f"{asked / limit:.0%} of " if nodes and limit else ""
        return f"{what} {request}, {f'{share}{most} {say(limit)}' if limit else unbound}"

    bound = f"{used / limit:.0%} of {most} {say(limit)}" if limit else unbound
    return f"{what} {say(used)} ({request}, {bound})"


def _no_request(data: Top) -> str:
    unread = data.level == "nodes" and any(gap.part == "pods" for gap in data.gaps)
    return "requests not known" if unread else "no request"


def _head(data: Top) -> str:
    noun = data.level.removesuffix("s")
    unknown = _unknown(data)
    if not data.total:
        return f"{unknown}No {noun} {data.scope} is {'running' if unknown else 'measured'}."

    asked = f"requesting cpu {cores(data.requested.cpu)}, memory {memory(data.requested.memory)}"
    used = f"using cpu {cores(data.used.cpu)}, memory {memory(data.used.memory)}; "
    free = f" {data.unlimited:,} without a memory limit." if data.unlimited else ""
    known = asked if unknown else f"{used}{asked}"
    return f"{unknown}{count(noun, data.total)} {data.scope}: {known}.{free} {_order(data)}:"


def _unknown(data: Top) -> str:
    """Say why nothing is measured, and what to do about it."""
    if not data.metrics:
        return ""

    advice = _ADVICE.get(data.metrics, "")
    return f"Usage is not known: {data.metrics}.{f' {advice}' if advice else ''}\n"


def _order(data: Top) -> str:
    if data.metrics:
        return f"By request, {_BY_REQUEST[data.order]} first"

    words = _ORDERS[data.order]
    return words[0].upper() + words[1:]


def _unmeasured(data: Top) -> list[str]:
    if not data.unmeasured_count:
        return []

    what = "node" if data.level == "nodes" else "running pod"
    more = data.unmeasured_count - len(data.unmeasured)
    rest = f" and {more:,} more" if more > 0 else ""
    names = shorten(", ".join(data.unmeasured), 500)
    return [f"Without metrics: {count(what, data.unmeasured_count)}: {names}{rest}."]


def _foot(data: Top) -> list[str]:
    lines: list[str] = []
    if data.later:
        lines.append(f"({count('more row', data.later)}; go on with cursor={data.cursor})")
    if data.dropped:
        lines.append(f"({data.dropped:,} smaller ones left out; narrow by namespace or selector)")

    return lines
