"""A graph as text: an edge a line, in the order traffic takes, the broken ones marked."""

from jamie_base.text import count, shorten
from jamie_kubernetes.answers_graph import Edge, Graph, Reach
from jamie_kubernetes.render.words import gap_lines

ROWS_BYTES = 4_600
LINE_CHARACTERS = 260
CHANGED = "(the graph changed since the page before; this one goes on after its last edge)"

_ANSWERS = {True: "yes", False: "NO", None: "cannot be told"}


def graph(data: Graph) -> str:
    """Show what an object hangs on."""
    lines = [_head(data), *([CHANGED] if data.changed else [])]
    lines += [_reach(one) for one in data.reach]
    lines += [line(one) for one in data.edges]
    return "\n".join([*lines, *gap_lines(data.gaps), *_foot(data)])


def line(one: Edge) -> str:
    """Show an edge."""
    about = f": {one.about}" if one.about else ""
    broken = f" BROKEN: {one.broken}" if one.broken else ""
    return shorten(f"{one.source} -> {one.target}{about}{broken}", LINE_CHARACTERS)


def _head(data: Graph) -> str:
    if not data.edges and not data.later:
        seen = " among what could be read" if data.gaps else ""
        return f"{data.scope}: nothing leads to it, and it uses nothing{seen}."

    none = "none known to be broken" if data.gaps else "none broken"
    state = f"{data.broken} broken" if data.broken else none
    edges = count("edge", len(data.edges) + data.later)
    return f"{data.scope}: {edges} between {count('object', data.objects)}, {state}."


def _reach(one: Reach) -> str:
    port = f" port {one.port}" if one.port else ""
    return f"{one.source} may reach {one.target}{port}: {_ANSWERS[one.allowed]}: {one.why}"


def _foot(data: Graph) -> list[str]:
    left = f"({count('more workload', data.left)} of it not drawn; ask for them by name)"
    more = f"({count('more edge', data.later)}; go on with cursor={data.cursor})"
    return [*([left] if data.left else []), *([more] if data.later else [])]
