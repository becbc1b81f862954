"""Which nodes a pod chooses: node selector, required node affinity, taints it does not bear."""

from collections.abc import Iterator, Sequence

from jamie_kubernetes.client.affinity import NodeChoice, NodeTerm
from jamie_kubernetes.client.capacity import Host, Taint
from jamie_kubernetes.client.limits import Toleration
from jamie_kubernetes.client.objects import Requirement
from jamie_kubernetes.client.placing import PlacingSpec
from jamie_kubernetes.facts.placing.obstacles import CONTROL_PLANE_STEPS, Barrier, Obstacle

REPELLING = ("NoSchedule", "NoExecute")
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"

_LOST = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_PRESSED = (
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/network-unavailable",
)
_CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


def pinned(spec: PlacingSpec) -> frozenset[str] | None:
    """Return the nodes that a pod names, as a DaemonSet's pods do; None: it names none."""
    chosen = spec.affinity.node_affinity and spec.affinity.node_affinity.required
    if not chosen or not chosen.node_selector_terms:
        return None

    names: set[str] = set()
    for term in chosen.node_selector_terms:
        wanted = [set(one.values) for one in term.match_fields if one.operator == "In"]
        if not wanted:
            return None
        names |= wanted[0].intersection(*wanted[1:])

    return frozenset(names)


def unchosen(host: Host, spec: PlacingSpec) -> list[str]:
    """Say what a node lacks of what a pod asks for by labels."""
    missing = [
        f"{key}={value}"
        for key, value in spec.node_selector.items()
        if host.metadata.labels.get(key) != value
    ]
    affinity = spec.affinity.node_affinity
    if affinity and affinity.required:
        missing += _unmet(host, affinity.required)

    return list(dict.fromkeys(missing))


def meets(host: Host, choice: NodeChoice) -> bool:
    """Tell whether a node meets one of the terms."""
    return any(_meets_term(host, term) for term in choice.node_selector_terms)


def untolerated(host: Host, tolerations: Sequence[Toleration]) -> Iterator[Obstacle]:
    """Find the taints of a node that a pod does not bear."""
    for taint in host.spec.taints:
        if taint.effect not in REPELLING or taint.key == UNSCHEDULABLE:
            continue
        if not any(bears(one, taint) for one in tolerations):
            yield _obstacle(taint)


def bears(toleration: Toleration, taint: Taint) -> bool:
    """Tell whether a toleration is for a taint."""
    if toleration.effect not in ("", taint.effect):
        return False
    if not toleration.key:
        return toleration.operator == "Exists"
    if toleration.key != taint.key:
        return False

    match toleration.operator:
        case "Exists":
            return True
        case "Gt" | "Lt":
            return _compared(toleration.operator, taint.value, toleration.value)
        case _:
            return toleration.value == taint.value


def bears_cordon(tolerations: Sequence[Toleration]) -> bool:
    """Tell whether a pod goes to cordoned nodes, too."""
    cordon = Taint(UNSCHEDULABLE, "", "NoSchedule")
    return any(bears(one, cordon) for one in tolerations)


def expression(one: Requirement) -> str:
    """Write a requirement as a selector: `zone in (a, b)`, `disktype=ssd`, `!spot`."""
    match one.operator:
        case "In" if len(one.values) == 1:
            return f"{one.key}={one.values[0]}"
        case "NotIn" if len(one.values) == 1:
            return f"{one.key}!={one.values[0]}"
        case "In" | "NotIn":
            return f"{one.key} {one.operator.lower()} ({', '.join(one.values)})"
        case "Exists":
            return one.key
        case "DoesNotExist":
            return f"!{one.key}"
        case "Gt" | "Lt":
            return f"{one.key}{'>' if one.operator == 'Gt' else '<'}{''.join(one.values)}"
        case _:
            return f"{one.key} {one.operator}"


def _obstacle(taint: Taint) -> Obstacle:
    if taint.key in _LOST:
        return Obstacle(Barrier.NOT_READY, taint.key.rpartition("/")[2])
    if taint.key in _PRESSED:
        return Obstacle(Barrier.PRESSED, taint.key.rpartition("/")[2])

    far = CONTROL_PLANE_STEPS if taint.key in _CONTROL_PLANE else 0.0
    return Obstacle(Barrier.TAINT, str(taint), far=far)


def _unmet(host: Host, choice: NodeChoice) -> list[str]:
    """Return what a node lacks of the term it comes nearest to."""
    if not choice.node_selector_terms:
        return ["an affinity without terms"]

    lacks = [_lacks(host, term) for term in choice.node_selector_terms]
    return min(lacks, key=len)


def _lacks(host: Host, term: NodeTerm) -> list[str]:
    if not term.match_expressions and not term.match_fields:
        return ["an affinity term without expressions"]

    labels = [one for one in term.match_expressions if not _holds(one, host.metadata.labels)]
    fields = [one for one in term.match_fields if not _holds(one, {one.key: host.metadata.name})]
    return [expression(one) for one in (*labels, *fields)]


def _meets_term(host: Host, term: NodeTerm) -> bool:
    return not _lacks(host, term)


def _holds(one: Requirement, labels: dict[str, str]) -> bool:
    value = labels.get(one.key)
    match one.operator:
        case "In":
            return value in one.values
        case "NotIn":
            return value not in one.values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case _:
            return _compared(one.operator, value or "", "".join(one.values))


def _compared(operator: str, value: str, bound: str) -> bool:
    try:
        number, limit = int(value), int(bound)
    except ValueError:
        return False

    return number > limit if operator == "Gt" else number < limit
