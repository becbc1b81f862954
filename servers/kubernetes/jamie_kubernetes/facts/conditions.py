"""Conditions on fields: `status.phase!=Running, spec.replicas>3, age<1h, spec.nodeName exists`.

Joined by commas or `and`, all must hold. Of several values one must be the wanted one; `!=` and
`!~` want that none is. `~` is "contains", in any case, `a|b` for either. A field that is missing is
unequal to everything. Secrets are compared by their marks only.
"""

import re
from collections.abc import Sequence
from typing import Literal as OneOf
from typing import cast

import msgspec

from jamie_base.errors import InvalidArgument
from jamie_base.when import Nanoseconds
from jamie_kubernetes.facts.paths import Path, read_path, split_outside, written
from jamie_kubernetes.facts.values import Literal, order, read_literal, same
from jamie_kubernetes.facts.veil import Object, Veil, is_marked

Sign = OneOf["=", "!=", "~", "!~", ">", ">=", "<", "<=", "exists", "missing"]

_PATH = r"(?P<path>(?:\[[^\]]*\]|\"[^\"]*\"|[^\[\]\"=!~<>\s])+)"
_COMPARED = re.compile(rf"{_PATH}\s*(?P<sign>==|=|!=|!~|~|>=|<=|>|<)\s*(?P<value>.*)", re.DOTALL)
_PRESENT = re.compile(rf"(?P<no>!)?{_PATH}(?:\s+(?P<word>not exists|!exists|exists|missing))?")
_AND = re.compile(r"\s+(?:and|&&)\s+|&&", re.IGNORECASE)
_CREATED = read_path("metadata.creationTimestamp")
_KNOWN_SIGNS = "=, !=, ~ (contains), !~, >, >=, <, <= or `exists`"


class Condition(msgspec.Struct, frozen=True):
    """One comparison."""

    path: Path
    sign: Sign
    value: Literal

    def holds(self, one: Object, veil: Veil, now_ns: Nanoseconds) -> bool:
        """Tell whether an object fulfils it."""
        if self.sign in ("exists", "missing"):
            return veil.leads(one, self.path) == (self.sign == "exists")

        values = [*veil.follow(one, _CREATED if self.path.is_age else self.path)]
        if self.sign in ("!=", "!~"):
            return not any(self._is_wanted(value, now_ns) for value in values)

        return any(self._is_wanted(value, now_ns) for value in values)

    def _is_wanted(self, value: object, now_ns: Nanoseconds) -> bool:
        match self.sign:
            case "=" | "!=":
                return same(value, self.value)
            case "~" | "!~":
                text = written(value).casefold()
                return any(part in text for part in self.value.text.casefold().split("|"))
            case _:
                found = None if is_marked(value) else order(value, self.value, now_ns)
                return found is not None and _in_order(self.sign, found)


def read_conditions(text: str, now_ns: Nanoseconds, *, secret: bool) -> list[Condition]:
    """Read conditions on a kind; `secret` is set for Secrets, whose values are not compared.

    Raises:
        InvalidArgument: One cannot be read, or would tell a secret.

    """
    parts = [piece for part in split_outside(text, ",") for piece in _AND.split(part)]
    conditions = [_read(part.strip(), now_ns) for part in parts if part.strip()]
    for one in conditions:
        if secret and one.sign not in ("exists", "missing") and _tells(one.path):
            raise InvalidArgument(
                f"Values of Secrets are not compared ({one.path.text}): answers would give them"
                f" away, guess by guess. `{one.path.text} exists` works, and fields shows marks"
                " that are equal where values are."
            )

    return conditions


def all_hold(conditions: Sequence[Condition], one: Object, veil: Veil, now_ns: int) -> bool:
    """Tell whether an object fulfils every condition."""
    return all(condition.holds(one, veil, now_ns) for condition in conditions)


def _read(text: str, now_ns: Nanoseconds) -> Condition:
    if found := _COMPARED.fullmatch(text):
        return _compared(found, now_ns)
    if found := _PRESENT.fullmatch(text):
        word = found["word"] or ("missing" if found["no"] else "exists")
        sign: Sign = "exists" if word == "exists" else "missing"
        return Condition(read_path(found["path"]), sign, Literal(""))

    raise InvalidArgument(
        f"{text[:80]!r} is not a condition; write a path, one of {_KNOWN_SIGNS}, and a value:"
        " status.phase!=Running, spec.replicas>3, age<1h."
    )


def _compared(found: re.Match[str], now_ns: Nanoseconds) -> Condition:
    sign = cast("Sign", "=" if found["sign"] == "==" else found["sign"])
    text = _unquoted(found["value"].strip())
    path, value = read_path(found["path"]), read_literal(text, now_ns)
    if path.is_age and (value.length is None or sign not in (">", ">=", "<", "<=")):
        raise InvalidArgument(
            f"age is compared with a length of time: age<1h, age>=7d; not {text!r}."
        )
    if not text and sign not in ("=", "!="):
        raise InvalidArgument(f"{found[0][:80]!r} has no value to compare with.")

    return Condition(path, sign, value)


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _tells(path: Path) -> bool:
    """Tell whether a path could lead to what a Secret holds, or to a copy in its annotations."""
    if path.is_age:
        return False

    keys = [step.key for step in path.steps]
    plain = keys[0] == "metadata" and len(keys) > 1 and "annotations" not in keys and "" not in keys
    return not (plain or keys[0] in ("type", "immutable", "kind", "apiVersion"))


def _in_order(sign: Sign, found: int) -> bool:
    match sign:
        case ">":
            return found > 0
        case ">=":
            return found >= 0
        case "<":
            return found < 0
        case _:
            return found <= 0
