"""YAML as kubectl reads it, from strangers: bounded, without surprises, errors with their line.

Built from the parser's events, because PyYAML's own reading differs from that of Go's parser: a
date would become a date, `22:22` the number 1342, and a key that stands twice the last one. Its
fast composer also ends the process on a text that is nested deep enough.
"""

from typing import NoReturn, cast

import msgspec
import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)

from jamie_kubernetes.facts.yaml_scalars import UnreadableScalar, key_of, value_of

DEPTH = 64
VALUES = 50_000
"""How many values a text may hold, those behind an alias counted each time."""

MERGE_KEY = "<<"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Mapping = dict[str, object]


class YamlError(Exception):
    """A text that is no YAML we read: why, and where it says so."""


class Document(msgspec.Struct, frozen=True):
    """One document of a text, and the line it begins at."""

    value: object
    line: int


def documents(text: str) -> list[Document]:
    """Read a text of one or several documents; empty ones are left out.

    Raises:
        YamlError: It is no YAML, or more than we read.

    """
    reader = _Reader()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reader.take(event)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise YamlError(f"{where}{exc.problem or exc.context}") from exc
    except yaml.YAMLError as exc:
        raise YamlError(" ".join(str(exc).split())[:200]) from exc

    return reader.found


class _Open:
    """A collection that is being read; `size` is how many values were read before it."""

    def __init__(self, event: CollectionStartEvent, size: int) -> None:
        self.anchor = event.anchor
        self.size = size
        self.items: list[object] | None = None if isinstance(event, MappingStartEvent) else []
        self.fields: Mapping = {}
        self.merged: list[Mapping] = []
        self.key: str | None = None

    @property
    def awaits_key(self) -> bool:
        return self.items is None and self.key is None

    @property
    def value(self) -> object:
        if self.items is not None:
            return self.items

        below: Mapping = {}
        for one in reversed(self.merged):
            below.update(one)
        return {**below, **self.fields}


class _Reader:
    """Puts values together while the events come."""

    def __init__(self) -> None:
        self.found: list[Document] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[object, int]] = {}
        self._size = 0
        self._line = 0
        self._began = 0

    def take(self, event: Event) -> None:
        self._line = event.start_mark.line + 1 if event.start_mark else 0
        match event:
            case DocumentStartEvent():
                self._anchors = {}
                self._began = 0
            case CollectionStartEvent():
                self._begin(event)
            case CollectionEndEvent():
                ended = self._open.pop()
                self._keep(ended.anchor, ended.value, self._size - ended.size)
            case ScalarEvent():
                self._scalar(event)
            case AliasEvent():
                self._alias(event.anchor or "")
            case _:
                pass

    def _begin(self, event: CollectionStartEvent) -> None:
        self._no_key("a list or a mapping")
        if len(self._open) == DEPTH:
            self._fail(f"nested deeper than {DEPTH} levels")
        if event.tag and not event.tag.startswith(
            ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
        ):
            self._fail(f"the tag {event.tag} is not one of JSON's types")
        self._began = self._began or self._line
        self._open.append(_Open(event, self._size))
        self._count(1)

    def _scalar(self, event: ScalarEvent) -> None:
        self._began = self._began or self._line
        try:
            value = value_of(event)
        except UnreadableScalar as exc:
            self._fail(str(exc))
        if self._open and self._open[-1].awaits_key:
            self._name(MERGE_KEY if event.value == MERGE_KEY and not event.style else key_of(value))
        else:
            self._count(1)
            self._keep(event.anchor, value, 1)

    def _name(self, name: str) -> None:
        if name in self._open[-1].fields:
            self._fail(f"the key {name[:80]!r} stands twice")
        self._open[-1].key = name

    def _alias(self, name: str) -> None:
        self._no_key("an alias")
        if name not in self._anchors:
            self._fail(f"the alias *{name[:80]} names nothing that is whole by then")
        value, size = self._anchors[name]
        self._count(size)
        self._put(value)

    def _keep(self, anchor: str | None, value: object, size: int) -> None:
        if anchor:
            self._anchors[anchor] = (value, size)
        self._put(value)

    def _put(self, value: object) -> None:
        if not self._open:
            if value is not None:
                self.found.append(Document(value, self._began))
            return

        holder = self._open[-1]
        if holder.items is not None:
            holder.items.append(value)
        elif holder.key == MERGE_KEY:
            holder.merged += self._mappings(value)
        elif holder.key is not None:
            holder.fields[holder.key] = value
        holder.key = None

    def _mappings(self, value: object) -> list[Mapping]:
        each = cast("list[object]", value) if isinstance(value, list) else [value]
        if not all(isinstance(one, dict) for one in each):
            self._fail("<< takes a mapping, or a list of them")

        return cast("list[Mapping]", each)

    def _count(self, more: int) -> None:
        self._size += more
        if self._size > VALUES:
            self._fail(f"more than {VALUES:,} values, what aliases repeat counted")

    def _no_key(self, what: str) -> None:
        if self._open and self._open[-1].awaits_key:
            self._fail(f"{what} cannot be a key")

    def _fail(self, why: str) -> NoReturn:
        raise YamlError(f"line {self._line}: {why}")
