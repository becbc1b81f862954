"""Nodes as text: a line a group of alike ones, the sick first; one node in full."""

from collections.abc import Callable

from jamie_base.text import clip, columns, count, shorten
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import Usage
from jamie_kubernetes.answers_nodes import NodeDetail, NodeGroup, NodeList
from jamie_kubernetes.facts.quantities import cores, memory
from jamie_kubernetes.render.overview import event_line
from jamie_kubernetes.render.words import block, for_, gap_lines

ROWS_BYTES = 3_000
MESSAGES_BYTES = 900
TENANTS_BYTES = 1_500
CHANGED = "(the list changed since the page before; this one goes on after its last row)"


def nodes(data: NodeList) -> str:
    """Show nodes, and of a single one what runs there."""
    lines = [_head(data), *_sums(data), *([CHANGED] if data.changed else [])]
    lines += columns([cells(group, data.now_ns) for group in data.groups])
    lines += _detail(data.detail) if data.detail else []
    said = [
        f"{group.names[0]}: {shorten(group.message, 240)}"
        for group in data.groups
        if group.message and group.what
    ]
    events = [event_line(one, data.now_ns) for one in data.detail.events] if data.detail else []
    lines += block("node conditions and events", [*said, *events], MESSAGES_BYTES)
    return "\n".join([*lines, *gap_lines(data.gaps), *_foot(data)])


def row_line(group: NodeGroup, *, now_ns: Nanoseconds) -> str:
    """Return a group's line as it counts against the budget, with room for alignment."""
    return "    ".join(cells(group, now_ns)) + " " * 20


def cells(group: NodeGroup, now_ns: Nanoseconds) -> list[str]:
    """Return the cells of a group's line."""
    many = f"{group.count} x " if group.count > 1 else ""
    more = group.count - len(group.names)
    names = ",".join(group.names[:3]) if more else ",".join(group.names)
    taints = f"taints {', '.join(group.taints)}" if group.taints else ""
    fullest = f"fullest {group.fullest}" if group.fullest else ""
    state = " ".join(part for part in (group.what, for_(group.since_ns, now_ns)) if part)
    return [
        f"{many}{names}{',…' if more else ''}",
        state or "ready",
        group.shape,
        group.version,
        _pods(group),
        _use("cpu", group, lambda one: one.cpu, cores),
        _use("memory", group, lambda one: one.memory, memory),
        "; ".join(part for part in (fullest, taints) if part),
    ]


def _head(data: NodeList) -> str:
    if not data.total:
        return f"No nodes in {data.context}."

    sick = f"{data.sick} sick" if data.sick else "none sick"
    server = f", API server {data.version}" if data.version else ""
    return f"{data.ready} of {count('node', data.total)} ready in {data.context}, {sick}{server}."


def _sums(data: NodeList) -> list[str]:
    if data.total < 2:
        return [] if not data.metrics else [f"Usage not known ({data.metrics})."]

    have = data.allocatable
    parts = [
        f"{what} {_share(part.cpu, have.cpu)} of {cores(have.cpu)} cores,"
        f" {_share(part.memory, have.memory)} of {memory(have.memory)}"
        for what, part in (("requested", data.requested), ("in use", data.used))
        if part
    ]
    missing = f" Usage not known ({data.metrics})." if data.metrics else ""
    return [f"In all: {'; '.join(parts)}.{missing}"] if parts or missing else []


def _pods(group: NodeGroup) -> str:
    return "" if group.pods is None else f"{group.pods}/{group.max_pods} pods"


def _use(
    what: str, group: NodeGroup, pick: Callable[[Usage], float], say: Callable[[float], str]
) -> str:
    have = pick(group.allocatable)
    parts = [
        f"{_share(pick(part), have)} {verb}"
        for verb, part in (("requested", group.requested), ("used", group.used))
        if part and have
    ]
    return f"{what} {' '.join(parts)}" if parts else f"{what} {say(have)}"


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.0%}" if whole else "?"


def _detail(detail: NodeDetail) -> list[str]:
    free = ", ".join(f"{name} {amount}" for name, amount in detail.capacity.items())
    tenants = columns([
        f"  {one.namespace}/{one.owner}",
        count("pod", one.pods),
        f"cpu {cores(one.requested.cpu)}",
        f"memory {memory(one.requested.memory)}",
    ] for one in detail.tenants)  # fmt: skip
    ended = f" ({count('ended pod', detail.ended)} not counted)" if detail.ended else ""
    shown = clip(tenants, TENANTS_BYTES, hint="k8s_pods node=... lists them") if tenants else ""
    return [
        f"System: {detail.system}.",
        f"Conditions: {', '.join(detail.conditions) or 'none reported'}.",
        f"Capacity: {free}.",
        f"Pods by owner, the largest requests first{ended}:" if tenants else "No pods.",
        *([shown] if shown else []),
    ]


def _foot(data: NodeList) -> list[str]:
    lines: list[str] = []
    if data.later:
        lines.append(f"({count('more row', data.later)}; go on with cursor={data.cursor})")
    if data.status == "sick" and (well := data.total - data.sick):
        lines.append(f"({well} healthy not shown; status=all lists them)")

    return lines
