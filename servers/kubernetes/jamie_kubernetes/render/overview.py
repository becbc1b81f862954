"""An overview as text: health in a few lines, then what is wrong, worst first."""

from collections.abc import Callable, Iterable, Sequence

from jamie_base.text import clip, count, phrase, shorten
from jamie_base.when import Nanoseconds, clock
from jamie_kubernetes.answers import EventGroup, Nodes, Overview, PodGroup, Pods, Shortfall
from jamie_kubernetes.facts.ailments import Severity
from jamie_kubernetes.facts.quantities import cores, memory
from jamie_kubernetes.kinds import kind_named
from jamie_kubernetes.render.words import ago, block, cause, for_, gap_lines, states

NODES_BYTES = 500
WORKLOADS_BYTES = 700
SICK_BYTES = 900
CAUSES_BYTES = 800
CAUSE_CHARACTERS = 150
NEXT_CHARACTERS = 240
RECOVERED_BYTES = 350
SAID_BYTES = 1_300
_SECOND = 1_000_000_000


def overview(data: Overview) -> str:
    """Show how a cluster or namespace is doing."""
    lines = [
        _head(data),
        *(_nodes(data.nodes, data.now_ns) if data.nodes else []),
        *([_pods(data.pods, data.namespace)] if data.pods else []),
        *_use(data),
        *_short(data),
        *(_sick(data.pods, data.now_ns) if data.pods else []),
        *_causes(data),
        *_said(data),
        *gap_lines(data.gaps),
    ]
    return "\n".join([*lines, *_verdict(data)])


def event_line(group: EventGroup, now_ns: Nanoseconds) -> str:
    """Show a group of events on one line, its words last."""
    times = f"{group.count:,} x " if group.count > 1 else ""
    first = (
        f" since {ago(group.first_ns, now_ns)}" if group.last_ns - group.first_ns > _SECOND else ""
    )
    when = (
        f"{first}, last {ago(group.last_ns, now_ns)}" if first else f" {ago(group.last_ns, now_ns)}"
    )
    where = f"{group.namespace}/" if group.namespace else ""
    several = f" ({group.objects} objects)" if group.objects > 1 else ""
    kind = "" if group.type == "Warning" else f" ({group.type})"

    what = f"{times}{group.reason}{kind} {where}{group.owner}{several}{when}"
    return f"{what}: {shorten(group.message, 240)}"


def _head(data: Overview) -> str:
    what = (
        f"Namespace {data.namespace} of {data.context}"
        if data.namespace
        else f"Cluster {data.context}"
    )
    known = [
        part for part in (f"Kubernetes {data.version}" if data.version else "", _api(data)) if part
    ]
    about = f" ({', '.join(known)})" if known else ""
    at = clock(data.now_ns, data.now_ns / _SECOND).partition(",")[0]

    return f"{what}{about} at {at}"


def _api(data: Overview) -> str:
    return f"API server {data.api}" if data.api else ""


def _nodes(nodes: Nodes, now_ns: Nanoseconds) -> list[str]:
    head = f"Nodes: {nodes.ready} of {nodes.total} ready."
    lines = [
        f"  {one.name}: {one.what}{' ' + for_(one.since_ns, now_ns) if one.since_ns else ''}"
        for one in nodes.troubled
    ]
    return [head, *_fitted(lines, NODES_BYTES)]


def _pods(pods: Pods, namespace: str) -> str:
    if not pods.total:
        return "Pods: none."

    where = "" if namespace else f" in {count('namespace', pods.namespaces)}"
    sick = f"; {pods.sick} sick" if pods.sick else "; none sick"
    return f"Pods: {pods.total:,}{where}: {states(pods.states)}{sick}."


def _use(data: Overview) -> list[str]:
    if data.metrics:
        return [f"CPU and memory in use: not known ({data.metrics})."]
    if data.usage is None:
        return []

    have = data.nodes.allocatable if data.nodes else None
    used = (
        _share("CPU", data.usage.cpu, have.cpu if have else 0, cores),
        _share("memory", data.usage.memory, have.memory if have else 0, memory),
    )
    return [f"In use: {', '.join(used)}."]


def _share(what: str, used: float, have: float, say: Callable[[float], str]) -> str:
    if not have:
        return f"{what} {say(used)}"

    return f"{what} {used / have:.0%} ({say(used)} of {say(have)})"


def _short(data: Overview) -> list[str]:
    if data.workloads is None or not data.workloads.total:
        return []

    short = data.workloads.short
    if not short:
        return [f"Workloads: all {data.workloads.total:,} as desired."]

    head = f"Workloads short of desired: {len(short):,} of {data.workloads.total:,}, worst first:"
    lines = [f"  {_shortfall(one, data.now_ns)}" for one in short]
    return [head, *_fitted(lines, WORKLOADS_BYTES)]


def _shortfall(one: Shortfall, now_ns: Nanoseconds) -> str:
    done = "completed" if one.workload.startswith("job/") else "ready"
    why = " ".join(part for part in (one.why, ago(one.since_ns, now_ns)) if part)
    state = f"{one.ready} of {one.desired} {done}"
    return f"{one.namespace}/{one.workload}: {', '.join(part for part in (state, why) if part)}"


def _sick(pods: Pods, now_ns: Nanoseconds) -> list[str]:
    by_owner: dict[str, list[PodGroup]] = {}
    for group in pods.groups:
        by_owner.setdefault(f"{group.namespace}/{group.owner}", []).append(group)

    lines = [f"  {owner}: {_why(groups, now_ns)}" for owner, groups in by_owner.items()]
    head = (
        [f"Sick pods: {pods.sick:,} of {count('owner', len(by_owner))}, worst first:"]
        if lines
        else []
    )
    return [*head, *_fitted(lines, SICK_BYTES), *_recovered(pods, now_ns)]


def _why(groups: Sequence[PodGroup], now_ns: Nanoseconds) -> str:
    return " + ".join(
        f"{one.count:,} {one.state} ({one.ready}), {cause(one, now_ns)}".rstrip(", ")
        for one in groups[:3]
    )


def _causes(data: Overview) -> list[str]:
    if not data.causes:
        return []

    more = data.found - len(data.causes)
    rest = f"; {more} more, and evidence: k8s_diagnose" if more else "; evidence: k8s_diagnose"
    lines = [
        f"  {one.owner}: {phrase(one.summary, CAUSE_CHARACTERS)} ({one.code})"
        for one in data.causes
    ]
    return [f"Causes, worst first{rest}:", *_fitted(lines, CAUSES_BYTES)]


def _recovered(pods: Pods, now_ns: Nanoseconds) -> list[str]:
    known = [
        f"{one.namespace}/{one.owner or one.pattern} {one.last.how} {ago(one.last.at_ns, now_ns)}"
        for one in pods.recovered
        if one.last
    ]
    if not known:
        return []

    return [
        shorten(f"Restarted in the last hour and well again: {'; '.join(known)}", RECOVERED_BYTES)
    ]


def _said(data: Overview) -> list[str]:
    pods = [(group.owner, group.message) for group in (data.pods.groups if data.pods else ())]
    short = [
        (one.workload, one.message) for one in (data.workloads.short if data.workloads else ())
    ]
    said = {
        message: f"{who}: {shorten(message, 260)}" for who, message in [*pods, *short] if message
    }
    events = [
        event_line(group, data.now_ns) for group in data.events or () if group.message not in said
    ]
    return block(
        "pod statuses and the last hour's warning events",
        [*list(said.values())[:6], *events],
        SAID_BYTES,
        "k8s_events shows all",
    )


def _verdict(data: Overview) -> list[str]:
    if data.causes and data.causes[0].next:
        whose = f" for {data.causes[0].owner}" if data.found > 1 else ""
        return [f"Next{whose}: {phrase(data.causes[0].next, NEXT_CHARACTERS)}"]

    worst = data.pods.groups[0] if data.pods and data.pods.groups else None
    if worst:
        return [f"Next: {_next(worst)} namespace={worst.namespace}"]

    fine = (
        data.pods is not None
        and not (data.workloads and data.workloads.short)
        and not (data.nodes and data.nodes.troubled)
        and not data.found
        and data.api in ("", "ready")
        and not data.gaps
    )
    risks = f"All healthy; {count('risk', data.risks)}: k8s_diagnose names what will hurt."
    return [risks if data.risks else "All healthy."] if fine else []


def _next(worst: PodGroup) -> str:
    known = kind_named(worst.owner.partition("/")[0])
    name = worst.owner if known else f"pod/{worst.names[0]}"
    if worst.severity == Severity.CRASHING:
        before = " previous=true" if worst.restarts else ""
        return f"k8s_logs name={name}{before}"

    return f"k8s_events object={name}"


def _fitted(lines: Iterable[str], budget: int) -> list[str]:
    kept = clip(list(lines), budget)
    return [kept] if kept else []
