"""The unit of a PromQL expression, read from its text alone; silence where that is not sure.

A small descent over PromQL's grammar. It accepts more than PromQL does and judges nothing: what
it cannot read has no unit.
"""

import re
from collections.abc import Iterator

from jamie_signals.units.kinds import Unit
from jamie_signals.units.names import is_processor_time, unit_of_observations, unit_of_selector
from jamie_signals.units.operations import Guess, applied, combined

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
            left = combined(operator, left, self.binary(level + 1), flagged=flagged)

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

        guess = applied(name, self._arguments())
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
