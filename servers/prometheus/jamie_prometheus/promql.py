"""Putting values into PromQL: one function for each place a value can stand."""

import re
from collections.abc import Mapping

from jamie_prometheus.structure import Matcher

_BARE_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_BARE_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_RESERVED = re.compile(
    r"and|or|unless|atan2|bool|by|without|on|ignoring|group_(left|right)|offset|start|end|inf|nan",
    re.IGNORECASE,
)
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\x00"}


def string(text: str) -> str:
    """Write a text as a PromQL string."""
    encodable = text.encode(errors="replace").decode()

    return '"' + "".join(_ESCAPES.get(character, character) for character in encodable) + '"'


def label(name: str) -> str:
    """Write a label's name, quoted where it is not a plain word."""
    return name if _BARE_LABEL.fullmatch(name) else string(name)


def label_in_path(name: str) -> str:
    """Write a label's name as a path segment of the API."""
    if _BARE_LABEL.fullmatch(name):
        return name

    return "U__" + "".join(map(_in_path, name.encode(errors="replace").decode()))


def matcher(name: str, operator: str, value: str) -> str:
    """Write one matcher."""
    return f"{label(name)}{operator}{string(value)}"


def selector(metric: str, matchers: tuple[Matcher, ...] = ()) -> str:
    """Write a selector of one metric, or of any when its name is empty."""
    inside = [matcher(one.name, one.operator, one.value) for one in matchers]
    bare = _BARE_METRIC.fullmatch(metric) and not _RESERVED.fullmatch(metric)
    if metric and not bare:
        inside.insert(0, matcher("__name__", "=", metric))

    return f"{metric if bare else ''}{{{', '.join(inside)}}}" if inside else metric


def exactly(labels: Mapping[str, str]) -> str:
    """Write the selector of one series."""
    others = tuple(
        Matcher(name, "=", value) for name, value in labels.items() if name != "__name__"
    )

    return selector(labels.get("__name__", ""), others)


def counted(expression: str) -> str:
    """Write the query that counts what an expression answers; a trailing comment does no harm."""
    return f"count({expression}\n)"


def _in_path(character: str) -> str:
    if character == "_":
        return "__"

    return character if re.match(r"[a-zA-Z0-9:]", character) else f"_{ord(character):x}_"
