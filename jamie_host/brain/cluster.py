"""Answers about a cluster, its pods and what they use."""

from jamie_host.brain.data import Overview, PodGroup, PodList, Usage
from jamie_host.brain.words import GIB, be, count, joined, percent

MOST_ROWS = 8
HIGH, TIGHT = 0.70, 0.85


def overview_lines(found: Overview) -> list[str]:
    """Say how nodes, pods and their use stand, then what is not well, by name."""
    rows = [_nodes(found), _pods(found), _use(found)]
    return [row for row in (*rows, *_not_well(found), *_unchecked(found)) if row]


def is_well(found: Overview) -> bool:
    """Tell whether nothing in the cluster needs anybody."""
    nodes_well = found.nodes is not None and found.nodes.ready == found.nodes.total
    pods_well = found.pods is not None and not found.pods.sick
    loads = _loads(found)
    roomy = bool(loads) and max(loads) < TIGHT
    short = bool(found.workloads and found.workloads.short)
    return nodes_well and pods_well and roomy and not short and not found.gaps


def first_look(found: Overview) -> str:
    """Name what to look at first; empty when there is nothing."""
    if found.nodes and found.nodes.troubled:
        return f"node {found.nodes.troubled[0].name}"
    if found.pods and found.pods.groups:
        worst = found.pods.groups[0]
        return f"{worst.owner} in {worst.namespace}"
    if found.workloads and found.workloads.short:
        short = found.workloads.short[0]
        return f"{short.workload} in {short.namespace}"
    return ""


def use_lines(found: Overview) -> list[str]:
    """Say what CPU and memory are in use, in figures and per cent."""
    if found.usage is None:
        return [_use(found)]
    cores = f"CPU: {found.usage.cpu:.1f} cores in use"
    memory = f"Memory: {found.usage.memory / GIB:.1f} GiB in use"
    if found.nodes is None or not found.nodes.allocatable.cpu:
        return [cores, memory]
    room = found.nodes.allocatable
    cpu_share, memory_share = _shares(found.usage, room)
    return [
        f"{cores} of {room.cpu:g} ({percent(cpu_share, 1)}, {_verdict(cpu_share)})",
        f"{memory} of {room.memory / GIB:.0f} ({percent(memory_share, 1)}, "
        f"{_verdict(memory_share)})",
    ]


def pod_lines(found: PodList) -> list[str]:
    """Say how many pods are in which state, then the sick ones by owner."""
    spaces = count(found.namespaces, "namespace")
    head = f"{count(found.matched, 'pod')} over {spaces}: {_states(found.states)}."
    sick = [group for group in found.groups if group.cause]
    if not found.sick:
        return [head, "None of them is sick.", *_gaps(found)]
    rows = [f"  {_group(group)}" for group in sick[:MOST_ROWS]]
    return [head, f"{count(found.sick, 'pod')} {be(found.sick)} sick:", *rows, *_gaps(found)]


def _nodes(found: Overview) -> str:
    if found.nodes is None:
        return ""
    return f"{found.nodes.ready} of {count(found.nodes.total, 'node')} ready."


def _pods(found: Overview) -> str:
    if found.pods is None:
        return ""
    running = found.pods.states.get("Running", 0)
    others = {state: n for state, n in found.pods.states.items() if state != "Running"}
    rest = f" ({_states(others)})" if others else ""
    spaces = count(found.pods.namespaces, "namespace")
    return f"{running} of {count(found.pods.total, 'pod')} running, over {spaces}{rest}."


def _use(found: Overview) -> str:
    loads = _loads(found)
    if not loads:
        why = f": {found.metrics}" if found.metrics else ""
        return f"What CPU and memory are in use could not be told{why}."
    cpu, memory = loads
    return (
        f"CPU {percent(cpu, 1)} in use, {_verdict(cpu)}; "
        f"memory {percent(memory, 1)} in use, {_verdict(memory)}."
    )


def _loads(found: Overview) -> tuple[float, float] | None:
    if found.usage is None or found.nodes is None or not found.nodes.allocatable.cpu:
        return None
    return _shares(found.usage, found.nodes.allocatable)


def _shares(usage: Usage, room: Usage) -> tuple[float, float]:
    return usage.cpu / room.cpu, usage.memory / room.memory if room.memory else 0.0


def _verdict(share: float) -> str:
    return "normal" if share < HIGH else "on the high side" if share < TIGHT else "tight"


def _not_well(found: Overview) -> list[str]:
    nodes = found.nodes.troubled if found.nodes else ()
    rows = [f"  node {node.name}: {node.what}" for node in nodes]
    groups = found.pods.groups if found.pods else ()
    named = {(group.namespace, group.owner) for group in groups}
    rows += [f"  {_group(group)}" for group in groups]
    rows += [
        f"  {short.namespace}/{short.workload}: {short.ready} of {short.desired} ready"
        for short in (found.workloads.short if found.workloads else ())
        if (short.namespace, short.workload) not in named
    ]
    more = len(rows) - MOST_ROWS
    rest = [f"  (and {more} more; k8s_overview and k8s_pods list them)"] if more > 0 else []
    return ["Not well:", *rows[:MOST_ROWS], *rest] if rows else []


def _group(group: PodGroup) -> str:
    cause = f", {group.cause}" if group.cause and group.cause != group.state else ""
    restarts = f", {count(group.restarts, 'restart')}" if group.restarts else ""
    pods = f"{count(group.count, 'pod')} {group.state}{cause}{restarts}"
    return f"{group.namespace}/{group.owner}: {pods}"


def _states(states: dict[str, int]) -> str:
    ranked = sorted(states.items(), key=lambda pair: (-pair[1], pair[0]))
    return joined(f"{number:,} {state}" for state, number in ranked) or "none"


def _unchecked(found: Overview) -> list[str]:
    api = [] if found.api in ("", "ready") else [f"API server: {found.api}"]
    return api + _gaps(found)


def _gaps(found: Overview | PodList) -> list[str]:
    return [f"Could not check {gap.part}: {gap.why}" for gap in found.gaps]
