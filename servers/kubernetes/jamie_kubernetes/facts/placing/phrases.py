"""What is in the way, in a phrase."""

from jamie_base.text import count
from jamie_kubernetes.facts.placing.obstacles import Barrier, Obstacle
from jamie_kubernetes.facts.placing.table import Table
from jamie_kubernetes.facts.quantities import written


def phrase(one: Obstacle, table: Table) -> str:
    """Say what is in the way of the nodes that come nearest."""
    whom = _whom(table)
    match one.barrier:
        case Barrier.RESOURCE:
            free = " free" if one.wanted <= one.offered else " in all"
            return f"{whom} has {written(one.what, one.wanted)} {one.what}{free}"
        case Barrier.PODS:
            return f"{whom} takes more pods"
        case Barrier.TAINT:
            return f"taint {one.what} is not tolerated"
        case Barrier.SELECTION:
            return f"{whom} matches its node selector or affinity ({one.what})"
        case Barrier.CORDONED:
            return f"{whom} takes pods: cordoned"
        case Barrier.NOT_READY:
            return f"{whom} is ready"
        case Barrier.PRESSED:
            return f"{whom} is free of {one.what}"
        case Barrier.PINNED:
            return f"its node {one.what} does not exist"
        case Barrier.PORT:
            return f"host port {one.what} is taken everywhere"
        case _:
            return _neighbourly(one, whom)


def _whom(table: Table) -> str:
    near = table.nearest
    if table.own:
        return "none of the nodes they are for"
    if len(near) == table.total:
        return "no node"
    if len(near) == 1:
        return f"not even {near[0].node}, the only node left,"

    return f"none of the {count('node', len(near))} left to it"


def word_for(barrier: Barrier, what: str) -> str:
    """Say in a word what is in the way."""
    return what if barrier is Barrier.RESOURCE else barrier.name.lower().replace("_", " ")


def _neighbourly(one: Obstacle, whom: str) -> str:
    match one.barrier:
        case Barrier.SPREAD:
            few = f", which has {one.few} domains" if one.few else ""
            return f"{whom} keeps its topology spread over {one.what}{few}"
        case Barrier.NEAR:
            return f"{whom} is near the pods that its pod affinity asks for ({one.what})"
        case Barrier.APART:
            return f"{whom} is free of {one.holder}, as its pod anti-affinity asks ({one.what})"
        case Barrier.SHUNNED:
            return f"the anti-affinity of {one.holder} keeps it away ({one.what})"
        case Barrier.VOLUME_LIMIT:
            return f"{whom} takes another volume of {one.what}"
        case Barrier.VOLUME_NONE:
            return f"{whom} has a volume for {one.what}"
        case _:
            return f"{whom} reaches its volume {one.holder} ({one.what})"
