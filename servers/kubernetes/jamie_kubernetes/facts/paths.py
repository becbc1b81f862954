r"""Paths into objects: `spec.containers[*].image`, `metadata.labels.app.kubernetes.io/name`.

* a.b.c            keys; a list on the way is gone through
* a[*].b, a[0].b   every entry, or one (-1: the last)
* a.*              every value of a map
* a[type=Ready].b  the entries whose field has this value; also JSONPath's [?(@.type=="Ready")]
* a["x.y"], a.x\.y   a key with dots; without quotes it is found as well
* age              the time since metadata.creationTimestamp

JSONPath's `{.a.b}` and `$.a.b` are taken too, `name` and `namespace` stand for metadata's.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, cast

import msgspec

from jamie_base.errors import InvalidArgument

LONGEST = 300
AGE = "age"
ALIASES = {"name": "metadata.name", "namespace": "metadata.namespace", "ns": "metadata.namespace"}

_STEP = re.compile(
    r"\.?\[\s*(?P<quote>['\"])(?P<quoted>[^'\"\]]+)(?P=quote)\s*\]"
    r"|\.?\[\s*(?P<index>-?\d{1,6})\s*\]"
    r"|\.?(?P<every>\[\s*\*?\s*\]|\*)"
    r"|\.?\[\s*(?:\?\s*\(?\s*@\.)?(?P<field>[\w./-]+)\s*==?\s*['\"]?(?P<value>[^'\"\])]*)['\"]?"
    r"\s*\)?\s*\]"
    r"|\.?\"(?P<string>[^\"]+)\""
    r"|\.?(?P<key>(?:\\.|[^.\[\]\\\"'\s])+)"
)


class Step(msgspec.Struct, frozen=True):
    """One step down: a key, an index, every entry, or the entries whose `key` is `value`."""

    way: Literal["key", "index", "every", "match"]
    key: str = ""
    value: str = ""
    index: int = 0


class Path(msgspec.Struct, frozen=True):
    """A path as it was written, and its steps."""

    text: str
    steps: tuple[Step, ...]

    @property
    def is_age(self) -> bool:
        """Tell whether it is no path but the object's age."""
        return self.text == AGE

    @property
    def first(self) -> str:
        """Return the top-level key it goes through, where that is one."""
        return self.steps[0].key if self.steps else ""


class Found(msgspec.Struct, frozen=True):
    """What a path leads to: the value, its key, what holds the key, in a list the text before."""

    value: object
    key: str = ""
    holder: dict[str, object] = {}
    before: str = ""


See = Callable[[Found], object]
"""Shows what may be seen of a value; paths that compare values compare only that."""


def read_path(text: str) -> Path:
    """Read a path.

    Raises:
        InvalidArgument: It is none.

    """
    written = text.strip()
    bare = written.removeprefix("{").removesuffix("}").strip().removeprefix("$")
    bare = ALIASES.get(bare, bare)
    if bare == AGE:
        return Path(AGE, ())

    steps = _steps(bare) if len(bare) <= LONGEST else None
    if not steps:
        raise InvalidArgument(
            f"{written[:80]!r} is not a path; write spec.replicas, spec.containers[*].image or"
            ' metadata.labels["app.kubernetes.io/name"].'
        )

    return Path(written, tuple(steps))


def read_paths(text: str) -> list[Path]:
    """Read paths separated by commas outside brackets and quotes.

    Raises:
        InvalidArgument: One is none.

    """
    return [read_path(part) for part in split_outside(text, ",")]


def split_outside(text: str, mark: str) -> list[str]:
    """Split at a mark that stands outside brackets and quotes; empty parts are dropped."""
    parts, depth, quote, start = list[str](), 0, "", 0
    for place, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "[(":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == mark and depth <= 0:
            parts.append(text[start:place])
            start = place + 1

    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


def follow(node: object, path: Path, see: See) -> Iterator[Found]:
    """Yield what a path leads to in an object, in order; nothing where it leads nowhere."""
    return _follow(Found(node), path.steps, see)


def written(value: object) -> str:
    """Write a value as Kubernetes does: `true`, `3`, text as it is, the rest as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def as_map(value: object) -> dict[str, object]:
    """Return a JSON value that is a map, else an empty one."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """Return a JSON value that is a list, else an empty one."""
    return cast("list[object]", value) if isinstance(value, list) else []


def _steps(text: str) -> list[Step] | None:
    steps: list[Step] = []
    at = 0
    while at < len(text):
        found = _STEP.match(text, at)
        if not found:
            return None
        steps.append(_step(found))
        at = found.end()

    return steps


def _step(found: re.Match[str]) -> Step:
    if found["index"]:
        return Step("index", index=int(found["index"]))
    if found["every"]:
        return Step("every")
    if found["field"]:
        return Step("match", key=found["field"], value=found["value"].strip())

    key = found["quoted"] or found["string"] or re.sub(r"\\(.)", r"\1", found["key"])
    return Step("key", key=key)


def _follow(at: Found, steps: Sequence[Step], see: See) -> Iterator[Found]:
    if not steps:
        yield at
        return

    step, rest = steps[0], steps[1:]
    match step.way:
        case "key":
            yield from _down(at, steps, see)
            return
        case "every":
            entries = _entries(at)
        case "index":
            entries = _entries(at)[step.index :][:1]
        case "match":
            entries = [one for one in _entries(at) if _matches(one, step, see)]

    for entry in entries:
        yield from _follow(entry, rest, see)


def _down(at: Found, steps: Sequence[Step], see: See) -> Iterator[Found]:
    if isinstance(at.value, list):
        for entry in _entries(at):
            yield from _follow(entry, steps, see)
        return

    node = as_map(at.value)
    key, taken = _key(node, steps)
    if taken:
        yield from _follow(Found(node[key], key, node), steps[taken:], see)


def _key(node: dict[str, object], steps: Sequence[Step]) -> tuple[str, int]:
    """Find the key of a map that the first steps spell: keys may hold dots themselves."""
    key = steps[0].key
    if key in node and (len(steps) == 1 or isinstance(node[key], dict | list)):
        return key, 1

    for taken in range(2, len(steps) + 1):
        if steps[taken - 1].way != "key":
            break
        key = f"{key}.{steps[taken - 1].key}"
        if key in node:
            return key, taken

    return "", 0


def _entries(at: Found) -> list[Found]:
    node = as_map(at.value)
    if node:
        return [Found(one, key, node) for key, one in node.items()]

    items = as_list(at.value)
    before = ["", *(one if isinstance(one, str) else "" for one in items)]
    return [Found(one, at.key, at.holder, last) for one, last in zip(items, before, strict=False)]


def _matches(entry: Found, step: Step, see: See) -> bool:
    found = _follow(entry, [Step("key", key=step.key)], see)
    return any(written(see(one)) == step.value for one in found)
