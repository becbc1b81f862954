"""Plain words of YAML as Go's parser reads them: `yes` is true, `0644` is octal, a date is text."""

import re

from yaml.events import ScalarEvent

_TAG = "tag:yaml.org,2002:"
_TRUE = ("y", "yes", "true", "on")
_FALSE = ("n", "no", "false", "off")
_NULL = ("", "~", "null", "Null", "NULL")
_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LONGEST_NUMBER = 40


class UnreadableScalar(Exception):
    """A word that has no place in JSON."""


def value_of(event: ScalarEvent) -> object:
    """Return what a scalar stands for.

    Raises:
        UnreadableScalar: It cannot be said in JSON.

    """
    tag = (event.tag or "").removeprefix(_TAG)
    if tag in ("str", "!", "binary") or (not tag and event.style):
        return event.value
    if tag not in ("", "null", "bool", "int", "float"):
        raise UnreadableScalar(f"the tag {event.tag} is not one of JSON's types")

    return _plain(event.value)


def key_of(value: object) -> str:
    """Return the text that a key is in JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"

    return "null" if value is None else str(value)


def _plain(text: str) -> object:
    if text in _NULL:
        return None
    if text.lower() in (*_TRUE, *_FALSE) and text in (
        text.lower(),
        text.upper(),
        text.capitalize(),
    ):
        return text.lower() in _TRUE
    if _NO_NUMBER.fullmatch(text):
        raise UnreadableScalar(f"{text} is no number that JSON knows")
    if text[0] not in "+-.0123456789" or len(text) > _LONGEST_NUMBER:
        return text

    return _number(text.replace("_", ""), text)


def _number(digits: str, text: str) -> object:
    if found := _INTEGER.fullmatch(digits):
        sign, number = found.groups()
        octal = len(number) > 1 and number.isdigit() and number[0] == "0"
        return int(f"{sign}{number}", 8 if octal else 0)
    if _FLOAT.fullmatch(digits):
        real = float(digits)
        return int(real) if real.is_integer() and abs(real) < 2**53 else real

    return text
