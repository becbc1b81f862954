"""The smallest change that would make a pod fit."""

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from math import floor

from jamie_base.text import count, join_words
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.facts.placing.obstacles import Barrier, Obstacle, Standing
from jamie_kubernetes.facts.placing.table import Table
from jamie_kubernetes.facts.quantities import known

_WORTH = 0.2
"""A pod that gets less than this part of what it asks for is not the same pod."""

_FULL = frozenset({
    Barrier.RESOURCE, Barrier.PODS, Barrier.PORT, Barrier.APART, Barrier.SHUNNED, Barrier.SPREAD,
    Barrier.VOLUME_LIMIT,
})  # fmt: skip
"""What an empty node of the same kind would not have."""

_PRIORITY = "give it a priorityClassName, so that other pods make room for it"
_KI, _MI, _GI = 2.0**10, 2.0**20, 2.0**30


def remedies(
    table: Table, nodes: Mapping[str, Host], pods: int, *, each: bool = False
) -> list[str]:
    """Return what would make the pod fit, the smallest change first; at most two ways.

    With `each` there is a pod for each of the nodes, so none can go elsewhere.
    """
    if not table.standings:
        return []

    near = max(table.nearest, key=_room)
    kinds = {one.barrier for one in near.obstacles}
    alike = [one for one in table.standings if {each.barrier for each in one.obstacles} == kinds]
    if each:
        way = _change(min(alike, key=_room), table)
        return [*way, *([_PRIORITY] if kinds & {Barrier.RESOURCE, Barrier.PODS} else [])]

    best = max(alike, key=_room)
    ways = [*_change(best, table), *_back(table), *_another(near, table, nodes, pods)]
    return list(dict.fromkeys(ways or _with_room(best, table, nodes)))[:2]


def at_most(resource: str, number: float) -> str:
    """Write an amount as a manifest has it, rounded down."""
    if resource == "cpu":
        thousandths = floor(number * 1000 + 1e-6)
        return f"{thousandths}m" if thousandths % 1000 else f"{thousandths // 1000}"
    if resource in ("memory", "ephemeral-storage") or resource.startswith("hugepages"):
        unit, suffix = (_GI, "Gi") if number >= _GI and not number % _GI else (_MI, "Mi")
        return f"{floor(number / unit)}{suffix}" if number >= _MI else f"{floor(number / _KI)}Ki"

    return f"{floor(number)}"


def _change(best: Standing, table: Table) -> list[str]:
    """Say all that has to change for one node to take the pod; nothing where it cannot be said."""
    by_kind = _by_kind(best)
    if Barrier.APART in by_kind:
        # Replicas shun each other both ways: it is one rule.
        by_kind.pop(Barrier.SHUNNED, None)
    parts = [_part(kind, found, best.node, table) for kind, found in by_kind.items()]
    if not all(parts):
        return []

    taker = "all of them take it" if table.own else f"{best.node} takes it"
    then = "" if _says_where(by_kind) or best.node in parts[0] else f", and {taker}"
    return [join_words(parts) + then]


def _with_room(best: Standing, table: Table, nodes: Mapping[str, Host]) -> list[str]:
    """Say what has to change where the pod also asks for far more than a node has free."""
    by_kind = _by_kind(best)
    if not by_kind.pop(Barrier.RESOURCE, None):
        return []

    parts = [_part(kind, found, best.node, table) for kind, found in by_kind.items()]
    room = [*_larger(table, nodes)] or [f"make room on {best.node}"]
    return [join_words([*room, *parts])] if all(parts) else []


def _by_kind(best: Standing) -> dict[Barrier, list[Obstacle]]:
    kinds: dict[Barrier, list[Obstacle]] = defaultdict(list)
    for one in best.obstacles:
        kinds[one.barrier].append(one)

    return kinds


def _says_where(kinds: Container[Barrier]) -> bool:
    """Tell whether a change names where the pod will go."""
    elsewhere = (Barrier.SELECTION, Barrier.VOLUME_PLACE, Barrier.VOLUME_ZONE)
    return any(one in kinds for one in elsewhere)


def _back(table: Table) -> list[str]:
    """Name a node that would take the pod and is only out of service."""
    found = [
        one.node
        for one in table.standings
        if {each.barrier for each in one.obstacles} == {Barrier.CORDONED}
    ]
    return [f"uncordon {found[0]}"] if found else []


def _part(kind: Barrier, found: Sequence[Obstacle], node: str, table: Table) -> str:
    whats = list(dict.fromkeys(one.what for one in found))
    match kind:
        case Barrier.RESOURCE:
            return _less(found)
        case Barrier.TAINT:
            return f"tolerate {join_words(whats)}"
        case Barrier.CORDONED:
            return f"uncordon {node}"
        case Barrier.NOT_READY:
            return f"bring {node} back"
        case Barrier.PRESSED:
            return f"relieve {node} ({join_words(whats)})"
        case Barrier.SELECTION:
            return _label(node if len(table.nearest) == 1 else "a node", whats[0])
        case Barrier.PORT:
            return f"use another host port than {join_words(whats)}"
        case Barrier.SPREAD:
            return _spread(found[0], table)
        case Barrier.APART:
            return "make the pod anti-affinity preferred instead of required"
        case Barrier.NEAR:
            return "start a pod that it wants to be near, or make the pod affinity preferred"
        case Barrier.VOLUME_PLACE | Barrier.VOLUME_ZONE:
            return f"add a node at {join_words(whats)}, where its volume is"
        case _:
            return ""


def _less(found: Sequence[Obstacle]) -> str:
    if any(one.free < one.wanted * _WORTH for one in found):
        return ""

    return "request at most " + join_words(
        [f"{at_most(one.what, one.free)} {one.what}" for one in found]
    )


def _label(node: str, missing: str) -> str:
    plain = [part for part in missing.split(", ") if "=" in part and "!" not in part]
    if len(plain) == len(missing.split(", ")):
        return f"label {node} {' '.join(plain)}"

    return f"change what it asks of nodes ({missing})"


def _spread(one: Obstacle, table: Table) -> str:
    if not one.offered:
        return f"label the node with {one.what.partition(',')[0]}"

    if one.few:
        return f"lower minDomains to {one.few.split()[0]}"

    other = _domain_that_blocks(table, one)
    room = f"make room in {other}" if other else "make room in the emptier ones"
    return f"{room} ({one.what}), or allow maxSkew {one.wanted + 1 - one.free:g}"


def _domain_that_blocks(table: Table, one: Obstacle) -> str:
    """Name a node of a domain that has fewer pods, and refuses this one for another reason."""
    others = [
        each.node
        for each in table.standings
        if not any(hurdle.barrier is one.barrier for hurdle in each.obstacles)
    ]
    return others[0] if others else ""


def _another(best: Standing, table: Table, nodes: Mapping[str, Host], pods: int) -> Iterator[str]:
    """Offer more nodes of a kind that would take the pod if it were empty."""
    kinds = {one.barrier for one in best.obstacles}
    host = nodes.get(best.node)
    if host is None or not kinds <= _FULL:
        return

    wants = {name: much for name, much in table.wants.items() if much}
    each = min(
        (int(known(host.status.allocatable.get(name, "0")) / much) for name, much in wants.items()),
        default=pods,
    )
    apart = kinds & {Barrier.PORT, Barrier.APART, Barrier.SHUNNED, Barrier.SPREAD}
    if each < 1:
        yield from _larger(table, nodes)
    else:
        needed = pods if apart else -(-pods // each)
        more = "one more node" if needed == 1 else count("more node", needed)
        yield f"add {more} like {best.node}"


def _larger(table: Table, nodes: Mapping[str, Host]) -> Iterator[str]:
    """Say which resource no node has that much of."""
    for name, wanted in table.wants.items():
        have = {each: known(one.status.allocatable.get(name, "0")) for each, one in nodes.items()}
        most = max(have.values(), default=0.0)
        if wanted > most:
            largest = max(have, key=lambda each: have[each], default="")
            said = f"the largest, {largest}, has {at_most(name, most)}" if most else "none has any"
            yield f"add a node with {at_most(name, wanted)} {name} ({said})"


def _room(one: Standing) -> float:
    """Return the smallest part of a wanted resource that a node has free."""
    return min(
        (each.free / each.wanted for each in one.obstacles if each.barrier is Barrier.RESOURCE),
        default=1.0,
    )
