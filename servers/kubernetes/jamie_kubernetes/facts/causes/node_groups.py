"""Many nodes with the same trouble told as one, and a cluster that is full."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from jamie_base.text import count
from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.facts.causes.alike import TOLD_ALONE, stand_for
from jamie_kubernetes.facts.causes.node_causes import NodeCause
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.nodes import is_ready
from jamie_kubernetes.facts.quantities import known, written
from jamie_kubernetes.facts.room import Taken

FULL = 0.95
_COUNTED = ("cpu", "memory", "pods")
_COMMON = (
    ("zone", "topology.kubernetes.io/zone"),
    ("node pool", "cloud.google.com/gke-nodepool"),
    ("node group", "eks.amazonaws.com/nodegroup"),
    ("node pool", "karpenter.sh/nodepool"),
    ("node pool", "agentpool"),
)


def told_together(found: Sequence[Finding], hosts: Sequence[Host]) -> list[Finding]:
    """Let one node stand for many with the same trouble; the others follow from it."""
    down = sum(not is_ready(one) for one in hosts)
    names: dict[str, set[str]] = defaultdict(set)
    for one in found:
        names[one.cause].add(one.owner.removeprefix("node/"))

    told = stand_for(found, "node", lambda one: one.cause)
    return [
        _worse(_leading(one, names[one.cause], hosts), all_down=down == len(hosts)) for one in told
    ]


def _leading(one: Finding, names: set[str], hosts: Sequence[Host]) -> Finding:
    """Add to the one that stands for many what they have in common."""
    if len(names) <= TOLD_ALONE or one.follows:
        return one

    common = _common(names, hosts)
    return replace(one, evidence=(*([common] if common else []), *one.evidence), leads=True)


def _common(names: set[str], hosts: Sequence[Host]) -> str:
    """Say what the troubled nodes have in common and no other has."""
    if len(names) == len(hosts):
        return f"all {count('node', len(hosts))}"

    for what, label in _COMMON:
        values = {one.metadata.labels.get(label, "") for one in hosts if one.metadata.name in names}
        if len(values) == 1 and (value := values.pop()):
            there = [one for one in hosts if one.metadata.labels.get(label) == value]
            return f"all in {what} {value}, which has {count('node', len(there))}"

    return ""


def _worse(one: Finding, *, all_down: bool) -> Finding:
    lost = one.cause in (NodeCause.SILENT, NodeCause.NOT_READY)
    return replace(one, severity=Harm.DOWN) if lost and all_down else one


def full_finding(hosts: Sequence[Host], taken: Taken) -> Finding | None:
    """Tell when the nodes that take pods have next to nothing left."""
    usable = [one for one in hosts if is_ready(one) and not one.spec.unschedulable]
    offered = {name: sum(_offer(one, name) for one in usable) for name in _COUNTED}
    used = {name: sum(_use(one, taken, name) for one in usable) for name in _COUNTED}
    shares = {name: used[name] / offered[name] for name in _COUNTED if offered[name]}
    tight = [name for name, share in shares.items() if share >= FULL]
    if not tight:
        return None

    said = ", ".join(
        f"{name} {shares[name]:.0%} ({written(name, used[name])} of {written(name, offered[name])})"
        for name in _COUNTED
        if name in shares
    )
    return Finding(
        cause=NodeCause.FULL,
        namespace="",
        owner="cluster/nodes",
        severity=Harm.RISK,
        summary=f"next to no room for another pod: {' and '.join(tight)} requested nearly in full",
        evidence=(f"requested of {count('node', len(usable))}: {said}", *_without(usable, taken)),
        next="add a node, or lower requests to what is used: k8s_top",
    )


def _without(usable: Sequence[Host], taken: Taken) -> tuple[str, ...]:
    """Say whether the others could take over what runs on the node that holds most."""
    if len(usable) < 2:
        return ()

    most = max(usable, key=lambda one: _use(one, taken, "cpu"))
    rest = [one for one in usable if one is not most]
    missing: Mapping[str, float] = {
        name: _use(most, taken, name)
        - sum(max(_offer(one, name) - _use(one, taken, name), 0.0) for one in rest)
        for name in _COUNTED
    }
    short = [f"{written(name, much)} {name}" for name, much in missing.items() if much > 0]
    lost = most.metadata.name
    return (f"if {lost} fails, {', '.join(short)} of it find no room elsewhere",) if short else ()


def _offer(host: Host, name: str) -> float:
    return known(host.status.allocatable.get(name, "0"))


def _use(host: Host, taken: Taken, name: str) -> float:
    room = taken.of(host.metadata.name)
    return float(room.pods) if name == "pods" else room.sums.get(name, 0.0)
