"""Pods as text: a line a group, the sick first, what is hidden last."""

from jamie_base.text import columns, count, shorten
from jamie_base.when import Nanoseconds, age
from jamie_kubernetes.answers import PodGroup, PodList
from jamie_kubernetes.facts.quantities import cores, memory
from jamie_kubernetes.render.words import ago, block, cause, gap_lines, places, restarts, states

ROWS_BYTES = 3_000
MESSAGES_BYTES = 1_200
_SECOND = 1_000_000_000


def pods(data: PodList) -> str:
    """Show pods, grouped, with the cluster's own explanations quoted below."""
    lines = [_head(data)]
    if data.changed:
        lines.append(
            "(the list changed since the page before; this one goes on after its last row)"
        )
    lines += columns([cells(group, data.now_ns) for group in data.groups])
    lines += block(
        "pod statuses",
        [
            f"{group.owner or group.pattern}: {shorten(group.message, 300)}"
            for group in data.groups
            if group.message
        ],
        MESSAGES_BYTES,
    )
    return "\n".join([*lines, *gap_lines(data.gaps), *_foot(data)])


def row(group: PodGroup, *, now_ns: Nanoseconds) -> str:
    """Return a group's line as it counts against the budget, with room for alignment."""
    return "    ".join(cells(group, now_ns)) + " " * 16


def cells(group: PodGroup, now_ns: Nanoseconds) -> list[str]:
    """Return the cells of a group's line."""
    many = f"{group.count} x " if group.count > 1 else ""
    return [
        f"{many}{group.namespace}/{group.pattern}",
        group.ready,
        group.state,
        group.owner or "no owner",
        places(group) or "no node",
        _age(group, now_ns),
        "; ".join(part for part in (_trouble(group, now_ns), _usage(group)) if part),
    ]


def _head(data: PodList) -> str:
    if not data.matched:
        return f"No pods {data.scope}."

    where = f" over {count('namespace', data.namespaces)}" if data.namespaces > 1 else ""
    sick = f"{data.sick} sick" if data.sick else "none sick"
    return f"{count('pod', data.matched)} {data.scope}{where}: {states(data.states)}; {sick}."


def _foot(data: PodList) -> list[str]:
    lines: list[str] = []
    if data.later:
        lines.append(f"({count('more row', data.later)}; go on with cursor={data.cursor})")
    asked = data.sick if data.status == "sick" else data.matched
    if data.status == "sick" and (healthy := data.matched - data.sick):
        of = f"{healthy} of {data.matched} pods are" if data.matched > 1 else "the pod is"
        lines.append(f"({of} healthy and not shown; status=all lists them)")
    elif data.status not in ("sick", "all") and (others := asked - data.shown) and not data.later:
        lines.append(f"({count('pod', others)} of another status not shown; status=all lists them)")

    return lines


def _age(group: PodGroup, now_ns: Nanoseconds) -> str:
    oldest, newest = (
        age(max(now_ns - born, 0) / _SECOND) for born in (group.oldest_ns, group.newest_ns)
    )
    return oldest if oldest == newest else f"{newest}-{oldest}"


def _trouble(group: PodGroup, now_ns: Nanoseconds) -> str:
    if group.sick:
        return cause(group, now_ns)
    if not group.restarts:
        return ""

    last = f", last {group.last.how} {ago(group.last.at_ns, now_ns)}" if group.last else ""
    return f"{restarts(group)}{last}"


def _usage(group: PodGroup) -> str:
    return (
        f"cpu {cores(group.usage.cpu)}, memory {memory(group.usage.memory)}" if group.usage else ""
    )
