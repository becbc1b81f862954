"""Who uses most, as text: a line each, and what is not measured."""

from collections.abc import Callable

from jamie_base.text import columns, count, shorten
from jamie_kubernetes.answers_top import Top, TopRow
from jamie_kubernetes.facts.quantities import cores, memory
from jamie_kubernetes.render.words import gap_lines

ROWS_BYTES = 4_200
CHANGED = "(the list changed since the page before; this one goes on after its last row)"
_ORDERS = {"cpu": "most CPU first", "memory": "most memory first", "limit": "nearest limit first"}
_COSTS = (
    "Without it nobody knows what is in use: k8s_top, the usage in k8s_overview, k8s_nodes and"
    " k8s_pods, and autoscaling on CPU or memory do not work. Install metrics-server; until then"
    " requests are in k8s_nodes, and a Prometheus that scrapes cAdvisor has"
    " container_memory_working_set_bytes."
)


def top(data: Top) -> str:
    """Show who uses most, or why nobody knows."""
    if data.metrics:
        return "\n".join([f"Usage is not known: {data.metrics}.", _COSTS, *gap_lines(data.gaps)])

    lines = [_head(data), *([CHANGED] if data.changed else [])]
    lines += columns([cells(row, data.level == "nodes") for row in data.rows])
    return "\n".join([*lines, *_unmeasured(data), *gap_lines(data.gaps), *_foot(data)])


def row_line(row: TopRow) -> str:
    """Return a line as it counts against the budget, with room for alignment."""
    return "    ".join(cells(row, nodes=not row.namespace)) + " " * 16


def cells(row: TopRow, nodes: bool) -> list[str]:
    """Return the cells of a line."""
    most = "allocatable" if nodes else "limit"
    return [
        f"{row.namespace}/{row.name}" if row.namespace else row.name,
        _amount("cpu", row.used.cpu, row.requested.cpu, row.limit.cpu, most, cores),
        _amount("memory", row.used.memory, row.requested.memory, row.limit.memory, most, memory),
        row.node,
    ]


def _amount(
    what: str, used: float, asked: float, limit: float, most: str, say: Callable[[float], str]
) -> str:
    request = f"request {say(asked)}" if asked else "no request"
    bound = f"{used / limit:.0%} of {most} {say(limit)}" if limit else f"no {most}"

    return f"{what} {say(used)} ({request}, {bound})"


def _head(data: Top) -> str:
    noun = data.level.removesuffix("s")
    if not data.total:
        return f"No {noun} {data.scope} is measured."

    asked = f"requesting cpu {cores(data.requested.cpu)}, memory {memory(data.requested.memory)}"
    used = f"using cpu {cores(data.used.cpu)}, memory {memory(data.used.memory)}"
    free = f" {data.unlimited:,} without a memory limit." if data.unlimited else ""
    return f"{count(noun, data.total)} {data.scope}: {used}; {asked}.{free} {_order(data)}:"


def _order(data: Top) -> str:
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
