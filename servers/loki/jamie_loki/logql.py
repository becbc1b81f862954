"""LogQL as text: quoting what goes into it, and finding the parts of what somebody wrote.

Loki is the judge of a query; what is read here only decides how to ask and what to say.
"""

import re
from collections.abc import Iterable, Sequence

import msgspec

_STRING = r'"(?:[^"\\\n]|\\.)*"|`[^`]*`'
_OPAQUE = re.compile(rf"{_STRING}|#[^\n]*")
_SELECTOR = re.compile(r"\{[^{}]*\}")
_RANGE = re.compile(r"\[([^\[\]]*)\]")
_MATCHER = re.compile(rf"([A-Za-z_][\w.]*)\s*(=~|!~|!=|=)\s*({_STRING})")
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLACE = re.compile(r"line (\d+), col (\d+)")
_VARIABLE = re.compile(r"\$\{?__(auto|interval|rate_interval|range)\}?")
_REGEX_SPECIAL = re.compile(r"([\\.+*?()|\[\]{}^$])")
_GO_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_GO_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.S)


class Matcher(msgspec.Struct, frozen=True):
    """One condition of a stream selector."""

    label: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{self.label}{self.operator}{string(self.value)}"


def string(text: str) -> str:
    """Write any text as a LogQL string: the one way a label value gets into a query."""
    return f'"{"".join(map(_escaped, text))}"'


def containing(text: str) -> str:
    """Write a line filter that keeps the lines holding this text, whatever it is."""
    return f"|= {string(text)}"


def one_of(values: Iterable[str]) -> str:
    """Write a regular expression, as a LogQL string, that matches exactly these values."""
    return string("|".join(_REGEX_SPECIAL.sub(r"\\\1", value) for value in values))


def is_label(name: str) -> bool:
    """Tell whether a name can be a label's."""
    return _LABEL.fullmatch(name) is not None


def is_metric(query: str) -> bool:
    """Tell whether a query asks for numbers; one that begins with a selector asks for lines."""
    return not _bare(query).lstrip(" \t\r\n(").startswith("{")


def selectors(query: str) -> list[str]:
    """Return the stream selectors of a query, in order, each once."""
    spans = [match.span() for match in _SELECTOR.finditer(_bare(query))]

    return list(dict.fromkeys(query[start:end] for start, end in spans))


def matchers(selector: str) -> list[Matcher]:
    """Return the conditions of a stream selector."""
    return [
        Matcher(label, operator, _unquoted(value))
        for label, operator, value in _MATCHER.findall(selector)
    ]


def joined(selector: str, more: Sequence[Matcher]) -> str:
    """Return the selector with further conditions; without braces they are added."""
    inner = selector.strip().removeprefix("{").removesuffix("}").strip().rstrip(",")

    return "{" + ", ".join([*([inner] if inner else []), *map(str, more)]) + "}"


def prefixes(query: str) -> list[str]:
    """Return a log query cut after each of its stages, the bare selector first."""
    bare = _bare(query)
    head = _SELECTOR.search(bare)
    if head is None:
        return [query]

    cuts = [at for at in range(head.end(), len(bare)) if bare[at] == "|"]

    return [query[:cut].rstrip() for cut in cuts] + [query]


def ranges(query: str) -> list[str]:
    """Return what stands in the range brackets of a metric query."""
    return [part.strip() for part in _RANGE.findall(_bare(query))]


def filled(query: str, *, interval: str, whole: str) -> str:
    """Replace the variables Grafana fills in ($__auto, $__interval, $__range)."""
    return _VARIABLE.sub(lambda found: whole if found[1] == "range" else interval, query)


def pointed(query: str, complaint: str) -> str:
    """Return the line of the query a complaint is about and a caret below; "" without a place."""
    place = _PLACE.search(complaint)
    lines = query.split("\n")
    if not place or int(place[1]) > len(lines):
        return ""

    line, column = lines[max(int(place[1]), 1) - 1], int(place[2])
    start = max(column - 60, 0)
    shown = ("…" if start else "") + line[start : start + 100].replace("\t", " ")
    caret = " " * (column - 1 - start + (1 if start else 0))

    return f"  {shown}\n  {caret}^ here"


def _bare(query: str) -> str:
    """Blank out strings and comments, keeping every position."""
    return _OPAQUE.sub(lambda found: (" " if found[0][0] == "#" else "_") * len(found[0]), query)


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if "\ud800" <= character <= "\udfff":
        return "\ufffd"
    if character.isprintable():
        return character

    code = ord(character)

    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _unquoted(quoted: str) -> str:
    if quoted.startswith("`"):
        return quoted[1:-1]

    return _GO_ESCAPE.sub(_character, quoted[1:-1])


def _character(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    if code:
        number = int(code, 16)
        return chr(number) if number <= 0x10FFFF else "\ufffd"

    return _GO_ESCAPES.get(found[4], found[4])
