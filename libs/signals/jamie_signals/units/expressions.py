"""The unit of a PromQL expression, read from its text alone; silence where that is not sure.

A small descent over PromQL's grammar. It accepts more than PromQL does and judges nothing: what
it cannot read has no unit.
"""

import re
from collections.abc import Iterator

import msgspec

from jamie_signals.units.kinds import Unit, quotient, rate_of
from jamie_signals.units.names import is_processor_time, unit_of_observations, unit_of_selector


class Guess(msgspec.Struct, frozen=True):
    """What is known of a sub-expression: its unit, its value if a number, what it observes."""

    unit: Unit | None = None
    number: float | None = None
    observed: Unit | None = None
    processor: bool = False


_TOKEN = re.compile(
    r"""\s+|\#[^\n]*
    |(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
    |(?P<range>\[[^\]]*\])
    |(?P<number>(?:0x[0-9a-fA-F]+|\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)(?:[smhdwy]\w*)?)
    |(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
    |(?P<op>==|!=|<=|>=|=~|!~|[-+*/%^<>(){},=@])
    |(?P<bad>.)""",
    re.VERBOSE | re.DOTALL,
)
_LEVELS = (
    ("or",),
    ("and", "unless"),
    ("==", "!=", "<=", ">=", "<", ">"),
    ("+", "-"),
    ("*", "/", "%", "atan2"),
    ("^",),
)
_COUNTING = frozenset(
    {"count", "count_values", "count_over_time", "changes", "resets", "group", "present_over_time"}
)
_RATES = frozenset({"rate", "irate", "deriv"})
_LIKE_LAST = frozenset(
    {"topk", "bottomk", "quantile", "limitk", "limit_ratio", "quantile_over_time"}
)
_LIKE_FIRST = frozenset(
    {
        "sum",
        "avg",
        "min",
        "max",
        "stddev",
        "increase",
        "delta",
        "idelta",
        "abs",
        "ceil",
        "floor",
        "round",
        "clamp",
        "clamp_min",
        "clamp_max",
        "avg_over_time",
        "min_over_time",
        "max_over_time",
        "sum_over_time",
        "last_over_time",
        "first_over_time",
        "stddev_over_time",
        "mad_over_time",
        "sort",
        "sort_desc",
        "sort_by_label",
        "sort_by_label_desc",
        "scalar",
        "vector",
        "label_replace",
        "label_join",
        "predict_linear",
        "double_exponential_smoothing",
        "holt_winters",
    }
)
_GROUPING = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})


def unit_of(expr: str) -> Unit:
    """Tell the unit of a metric name or a PromQL expression; NONE when in doubt."""
    try:
        reader = _Reader(expr)
        guess = reader.binary(0)
    except (_UnreadableError, RecursionError):
        return Unit.NONE

    return (guess.unit or Unit.NONE) if reader.at_end() else Unit.NONE


class _UnreadableError(Exception):
    pass


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = [*_tokens(text), ("end", "")]
        self._next = 0

    def at_end(self) -> bool:
        return self._kind() == "end"

    def binary(self, level: int) -> Guess:
        if level == len(_LEVELS):
            return self._unary()

        left = self.binary(level + 1)
        while (operator := self._text()) in _LEVELS[level]:
            self._next += 1
            flagged = self._modifiers()
            left = _combine(operator, left, self.binary(level + 1), flagged=flagged)

        return left

    def _modifiers(self) -> bool:
        flagged = self._accept("bool")
        while self._text() in _GROUPING:
            self._skip_grouping()

        return flagged

    def _unary(self) -> Guess:
        if self._accept("-") or self._accept("+"):
            return self._unary()

        return self._suffixed(self._primary())

    def _primary(self) -> Guess:
        kind, text = self._take()
        if kind == "number":
            return Guess(number=_number(text))
        if kind == "string":
            return Guess()
        if text == "(":
            return self._until_close()
        if text == "{":
            self._skip_matchers()
            return Guess()
        if kind == "name":
            return self._named(text)

        raise _UnreadableError(text)

    def _named(self, name: str) -> Guess:
        if self._text() in ("by", "without"):
            self._skip_grouping()
        if not self._accept("("):
            return self._selector(name)

        guess = _apply(name, self._arguments())
        if self._text() in ("by", "without"):
            self._skip_grouping()

        return guess

    def _selector(self, name: str) -> Guess:
        matchers = self._skip_matchers() if self._accept("{") else ""
        return Guess(
            unit=unit_of_selector(name, matchers),
            observed=unit_of_observations(name),
            processor=is_processor_time(name),
        )

    def _suffixed(self, guess: Guess) -> Guess:
        while True:
            if self._kind() == "range":
                self._next += 1
            elif self._accept("offset"):
                self._accept("-")
                self._take()
            elif self._accept("@"):
                self._primary()
            else:
                return guess

    def _until_close(self) -> Guess:
        guess = self.binary(0)
        self._expect(")")
        return guess

    def _arguments(self) -> list[Guess]:
        arguments: list[Guess] = []
        while not self._accept(")"):
            arguments.append(self.binary(0))
            if self._text() != ")":
                self._expect(",")

        return arguments

    def _skip_grouping(self) -> None:
        self._take()
        if self._accept("("):
            self._skip_past(")")

    def _skip_matchers(self) -> str:
        return self._skip_past("}")

    def _skip_past(self, closing: str) -> str:
        skipped: list[str] = []
        while (taken := self._take())[1] != closing or taken[0] == "string":
            skipped.append(taken[1])

        return "".join(skipped)

    def _kind(self) -> str:
        return self._tokens[self._next][0]

    def _text(self) -> str:
        kind, text = self._tokens[self._next]
        return "" if kind == "string" else text

    def _take(self) -> tuple[str, str]:
        token = self._tokens[self._next]
        if token[0] in ("end", "bad"):
            raise _UnreadableError(token[1])

        self._next += 1
        return token

    def _accept(self, text: str) -> bool:
        if self._text() != text:
            return False

        self._next += 1
        return True

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise _UnreadableError(text)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(text):
        if match.lastgroup:
            yield match.lastgroup, match[0]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:  # hexadecimal numbers and durations scale nothing we know
        return None


def _apply(name: str, arguments: list[Guess]) -> Guess:
    """Say what a function or aggregation makes of its arguments."""
    if name in _COUNTING:
        return Guess(unit=Unit.COUNT)
    if name in ("time", "timestamp"):
        return Guess(unit=Unit.TIMESTAMP)
    if name == "histogram_fraction":
        return Guess(unit=Unit.RATIO)
    if not arguments:
        return Guess()
    if name in ("histogram_quantile", "histogram_avg", "histogram_stddev"):
        return Guess(unit=arguments[-1].observed)
    if name in _RATES:
        return _rated(arguments[0])
    if name in _LIKE_LAST:
        return arguments[-1]

    return arguments[0] if name in _LIKE_FIRST else Guess()


def _rated(counter: Guess) -> Guess:
    unit = Unit.CORES if counter.processor else rate_of(counter.unit)
    return Guess(unit=unit, observed=counter.observed)


def _combine(operator: str, left: Guess, right: Guess, *, flagged: bool) -> Guess:
    """Say what a binary operator makes of its sides."""
    if flagged or operator in ("^", "%", "atan2"):
        return Guess()
    if operator in ("and", "unless") or operator in _LEVELS[2]:
        return right if left.number is not None else left
    if operator == "or":
        return left if right.number is not None or left.unit == right.unit else Guess()
    if operator in ("+", "-"):
        return _sum(operator, left, right)
    if operator == "/":
        return _divided(left, right)

    return _multiplied(left, right)


def _sum(operator: str, left: Guess, right: Guess) -> Guess:
    if left.unit is Unit.TIMESTAMP and right.unit is Unit.TIMESTAMP:
        return Guess(unit=Unit.SECONDS if operator == "-" else None)
    if left.number == 1 and right.unit in (Unit.RATIO, Unit.CORES):
        return Guess(unit=Unit.RATIO)
    if left.number == 100 and right.unit is Unit.PERCENT:
        return Guess(unit=Unit.PERCENT)
    if left.number is not None or right.number is not None:
        return Guess(unit=left.unit or right.unit)

    return Guess(unit=left.unit if left.unit == right.unit else None)


def _divided(left: Guess, right: Guess) -> Guess:
    if right.number is not None:
        return left if right.number == 1 else Guess()

    return Guess(unit=quotient(left.unit, right.unit))


def _multiplied(left: Guess, right: Guess) -> Guess:
    """Only a share times 100 keeps a meaning that the text proves."""
    known, factor = (left, right.number) if left.number is None else (right, left.number)
    if factor == 100 and known.unit in (Unit.RATIO, Unit.CORES):
        return Guess(unit=Unit.PERCENT)

    return known if factor == 1 else Guess()
