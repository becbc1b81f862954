"""A table of nodes as a few lines, those nodes first that come nearest."""

import re
from collections.abc import Mapping, Sequence

from jamie_base.text import count, join_words
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.facts.placing.obstacles import Barrier, Obstacle, Standing
from jamie_kubernetes.facts.placing.table import Table
from jamie_kubernetes.facts.quantities import written
from jamie_signals.similar import nearest

LINES = 5
NAMES = 3
VALUES = 3

Key = tuple[Barrier, str]

_KEY = re.compile(r"^!|[!<>, ].*$")
"""All that an expression has besides its label."""


def lines(table: Table, nodes: Mapping[str, Host]) -> list[str]:
    """Say of how many nodes each thing is in the way."""
    groups = sorted(table.by_first().items(), key=lambda one: _order(*one))
    decisive = (table.decisive.barrier, table.decisive.what) if groups else None
    told = [_line(key, found, nodes, key == decisive) for key, found in groups[:LINES]]
    rest = {one.node for _, standings in groups[LINES:] for one in standings}
    fits = (
        [f"{count('node', len(table.open))} would take it by our count: {names(table.open)}"]
        if table.open
        else []
    )
    return [*fits, *told, *([f"{count('node', len(rest))}: other reasons"] if rest else [])]


def names(nodes: Sequence[str]) -> str:
    """Name a few nodes and count the others."""
    shown = sorted(nodes)[:NAMES]
    more = len(nodes) - len(shown)
    return join_words([*shown, *([f"{more} more"] if more else [])])


def near_label(missing: str, nodes: Mapping[str, Host]) -> str:
    """Say, after a label that no node has, what nodes have instead."""
    key, _, wanted = _KEY.sub("", missing).partition("=")
    labels = [one.metadata.labels for one in nodes.values()]
    if values := {one[key] for one in labels if key in one}:
        shown = list(dict.fromkeys([*nearest(wanted, values, 2), *sorted(values)]))[:VALUES]
        said = [f"{one or '(empty)'} on {_who(key, one, nodes)}" for one in shown]
        more = len(values) - len(shown)
        return f": {key} is {join_words([*said, *([f'{more} other values'] if more else [])])}"

    near = nearest(key, {label for one in labels for label in one}, 1)
    if not near:
        return f": no node has the label {key}"

    like = next(one.metadata for one in nodes.values() if near[0] in one.metadata.labels)
    return f": no node has the label {key}; {like.name} has {near[0]}={like.labels[near[0]]}"


def _who(key: str, value: str, nodes: Mapping[str, Host]) -> str:
    found = [name for name, one in nodes.items() if one.metadata.labels.get(key) == value]
    return found[0] if len(found) == 1 else count("node", len(found))


def _order(key: Key, standings: Sequence[Standing]) -> tuple[float, int, Key]:
    return (min(one.steps for one in standings), -len(standings), key)


def _line(
    key: Key, standings: Sequence[Standing], nodes: Mapping[str, Host], decisive: bool
) -> str:
    found = [
        (standing.node, one)
        for standing in standings
        for one in standing.obstacles
        if (one.barrier, one.what) == key
    ]
    said = _said(key, found, nodes, decisive)
    return f"{count('node', len(standings))}: {said}"


def _said(
    key: Key, found: Sequence[tuple[str, Obstacle]], nodes: Mapping[str, Host], decisive: bool
) -> str:
    (barrier, what), who = key, f" ({names([node for node, _ in found])})"
    first = found[0][1]
    match barrier:
        case Barrier.RESOURCE:
            return _short(what, found)
        case Barrier.PODS:
            return f"hold {count('pod', int(first.offered))} each, no more allowed{who}"
        case Barrier.TAINT:
            return f"taint {what}{who}"
        case Barrier.CORDONED:
            return f"cordoned{who}"
        case Barrier.NOT_READY:
            return f"not ready{who}"
        case Barrier.PRESSED:
            return f"{what}{who}"
        case Barrier.SELECTION:
            return f"lack {what}{near_label(what, nodes) if decisive else ''}"
        case Barrier.PINNED:
            return f"it is for {what} only"
        case _:
            return _neighbourly(key, found, who)


def _neighbourly(key: Key, found: Sequence[tuple[str, Obstacle]], who: str) -> str:
    (barrier, what), (node, first) = key, found[0]
    match barrier:
        case Barrier.PORT:
            return f"host port {what} taken, on {node} by {first.holder}"
        case Barrier.SPREAD if not first.offered:
            return f"topology spread over {what}{who}"
        case Barrier.SPREAD:
            there = f"{what}={first.holder} has {count('such pod', int(first.wanted))}"
            most = f"maxSkew {first.offered:g}"
            if first.few:
                return (
                    f"topology spread: there are {first.few} domains (minDomains); {there}, {most}"
                )

            least = f"the emptiest {first.free:g}, {most}"
            return f"topology spread: {there}, {least}"
        case Barrier.NEAR:
            there = "nobody it wants to be near runs" if first.holder else "not near whom it wants"
            return f"pod affinity over {what}: {there}{who}"
        case Barrier.APART:
            return f"pod anti-affinity over {what}: one of {first.holder} is there{who}"
        case Barrier.SHUNNED:
            return f"pods of {first.holder} keep it away by their anti-affinity over {what}{who}"
        case Barrier.VOLUME_LIMIT:
            return f"no room for another volume of {what} (at most {first.offered:g}){who}"
        case Barrier.VOLUME_NONE:
            return f"no volume for {what} there{who}"
        case _:
            return f"volume {first.holder} is only at {what}{who}"


def _short(what: str, found: Sequence[tuple[str, Obstacle]]) -> str:
    node, best = max(found, key=lambda one: (one[1].free, one[1].offered))
    if not any(one.offered for _, one in found):
        return f"offer no {what}"

    missing = written(what, best.wanted - best.free)
    have = f"{written(what, best.free)} of {written(what, best.offered)} free"
    return f"{what} short by {missing} (best {node}: {have}, {written(what, best.wanted)} wanted)"
