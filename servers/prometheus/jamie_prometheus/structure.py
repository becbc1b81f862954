"""What a query is made of, as far as promql-parser can tell; it never blocks a query.

The parser's recursion is not bounded and its nodes are copies, so long or deep queries are not
read at all: one of 100,000 brackets would end the process.
"""

import re
from collections.abc import Iterator

import msgspec
import promql_parser as parser

COMPARISONS = frozenset({"==", "!=", ">", "<", ">=", "<="})

_LONGEST = 4_000
_MOST_NODES = 120
_NODE = re.compile(r"[-+*/%^(,@:]|\b(?:and|or|unless|atan2)\b|[<>=!]=?", re.IGNORECASE)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"' + r"|'(?:[^'\\]|\\.)*'|`[^`]*`", re.DOTALL)
_OPERATORS = (
    (parser.MatchOp.Equal, "="),
    (parser.MatchOp.NotEqual, "!="),
    (parser.MatchOp.Re, "=~"),
    (parser.MatchOp.NotRe, "!~"),
)


class Matcher(msgspec.Struct, frozen=True):
    """One condition on a label: `=`, `!=`, `=~` or `!~`."""

    name: str
    operator: str
    value: str


class Selector(msgspec.Struct, frozen=True):
    """A selector and how it is used.

    `range` is in seconds, 0 for an instant one; `function` is what it is handed to directly;
    `shift` is how many seconds it looks further back.
    """

    metric: str
    matchers: tuple[Matcher, ...] = ()
    range: float = 0.0
    function: str = ""
    shift: float = 0.0


class Condition(msgspec.Struct, frozen=True):
    """A comparison that filters: `left` is the expression that is compared, `words` how."""

    left: str
    words: str


class Structure(msgspec.Struct, frozen=True):
    """The selectors of a query and what is notable around them.

    `condition` filters the whole, `absence` is the function that asks whether there is nothing,
    `bare` means a selector and nothing else.
    """

    selectors: tuple[Selector, ...]
    condition: Condition | None = None
    absence: str = ""
    summed_before_rate: bool = False
    bare: bool = False

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return the names of the metrics, each once."""
        return tuple(dict.fromkeys(one.metric for one in self.selectors if one.metric))


def read(promql: str) -> Structure | None:
    """Read a query's structure; None when it cannot be read, or is too large to be worth it."""
    if len(promql) > _LONGEST or len(_NODE.findall(_STRING.sub('""', promql))) > _MOST_NODES:
        return None

    try:
        root = parser.parse(promql)
    except ValueError:
        return None

    top = _unwrapped(root)

    return Structure(
        selectors=tuple(_selectors(root)),
        condition=_condition(top),
        absence=_absence(top),
        summed_before_rate=any(_sums_before_rate(node) for node in _nodes(root)),
        bare=isinstance(top, parser.VectorSelector),
    )


def matchers_of(text: str) -> tuple[Matcher, ...] | None:
    """Read `severity="critical", namespace=~"shop|pay"`; None when it is not a list of matchers."""
    inside = text.strip().removeprefix("{").removesuffix("}")
    structure = read(f"ALERTS{{{inside}}}")
    if structure is None or not structure.bare or len(structure.selectors) != 1:
        return None

    # Alternatives (`a="b" or c="d"`, not of Prometheus) come as no matchers at all.
    matchers = structure.selectors[0].matchers

    return matchers if matchers or not inside.strip() else None


def _nodes(node: parser.Expr) -> Iterator[parser.Expr]:
    yield node
    for child in _children(node):
        yield from _nodes(child)


def _children(node: parser.Expr) -> list[parser.Expr]:
    match node:
        case parser.Call():
            return list(node.args)
        case parser.BinaryExpr():
            return [node.lhs, node.rhs]
        case parser.AggregateExpr():
            return [node.expr, node.param] if isinstance(node.param, parser.Expr) else [node.expr]
        case parser.ParenExpr() | parser.UnaryExpr() | parser.SubqueryExpr():
            return [node.expr]
        case _:
            return []


def _selectors(node: parser.Expr, function: str = "") -> Iterator[Selector]:
    match node:
        case parser.VectorSelector():
            yield _selector(node, 0.0, function)
        case parser.MatrixSelector():
            yield _selector(node.vector_selector, node.range.total_seconds(), function)
        case _:
            name = node.func.name if isinstance(node, parser.Call) else ""
            for child in _children(node):
                yield from _selectors(child, name)


def _selector(node: parser.VectorSelector, range_: float, function: str) -> Selector:
    matchers = [Matcher(one.name, _operator(one.op), one.value) for one in node.matchers.matchers]
    named = [one.value for one in matchers if one.name == "__name__" and one.operator == "="]
    metric = node.name or next(iter(named), "")
    rest = tuple(one for one in matchers if not (one.name == "__name__" and one.value == metric))
    shift = node.offset.total_seconds() if node.offset else 0.0

    return Selector(metric, rest, range_, function, shift)


def _operator(found: parser.MatchOp) -> str:
    return next(text for operator, text in _OPERATORS if operator == found)


def _unwrapped(node: parser.Expr) -> parser.Expr:
    while isinstance(node, parser.ParenExpr):
        node = node.expr

    return node


def _condition(node: parser.Expr) -> Condition | None:
    if not isinstance(node, parser.BinaryExpr) or str(node.op) not in COMPARISONS:
        return None

    if node.modifier and node.modifier.return_bool:
        return None

    left, right = node.lhs.prettify(), node.rhs.prettify()
    if isinstance(_unwrapped(node.lhs), parser.NumberLiteral):
        return Condition(right, f"{left} {node.op} ...")

    return Condition(left, f"{node.op} {right}")


def _absence(node: parser.Expr) -> str:
    name = node.func.name if isinstance(node, parser.Call) else ""

    return name if name in ("absent", "absent_over_time") else ""


def _sums_before_rate(node: parser.Expr) -> bool:
    return (
        isinstance(node, parser.Call)
        and node.func.name in ("rate", "irate", "increase")
        and any(
            isinstance(arg, parser.SubqueryExpr)
            and isinstance(_unwrapped(arg.expr), parser.AggregateExpr)
            for arg in node.args
        )
    )
