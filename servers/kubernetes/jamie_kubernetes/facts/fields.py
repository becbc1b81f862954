"""Objects compared field by field, and one state of the fields turned back into another.

A path is written as keys; an item of a list whose items have names is `[name]`, so that it is found
again when the list has grown. Other lists are one value.
"""

import re
from collections.abc import Iterator, Sequence
from typing import cast

import msgspec

from jamie_kubernetes.client.sending import Object, mapping_at, part

Path = tuple[str, ...]

_UNTOLD = (
    ("status",),
    ("metadata", "managedFields"),
    ("metadata", "resourceVersion"),
    ("metadata", "generation"),
    ("metadata", "uid"),
    ("metadata", "creationTimestamp"),
)
"""What the server keeps itself: nobody's change."""

_NAMES = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"))
"""What tells an object from others: no field of it."""

_MAPS = ("labels", "annotations", "data", "binaryData", "stringData", "nodeSelector", "matchLabels")
"""Mappings whose entries belong to different people; others are taken as a whole when new."""

_KEPT_BY_MACHINES = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "deprecated.daemonset.template.generation",
    "deployment.kubernetes.io/revision",
)
"""Annotations that say again what other fields say."""


class Field(msgspec.Struct, frozen=True):
    """One field before and after; `had` and `has` tell a missing one from an empty one."""

    path: Path
    before: object = None
    after: object = None
    had: bool = True
    has: bool = True

    @property
    def name(self) -> str:
        """Return the path as people write it: `spec.containers[app].image`."""
        return named(self.path)


def named(path: Path) -> str:
    """Return a path as people write it."""
    steps = [f"[{step}]" if re.search(r"[./]", step) and step[0] != "[" else step for step in path]

    return ".".join(steps).replace(".[", "[")


def lasting(one: Object) -> Object:
    """Return an object without what the server keeps itself."""
    meta = mapping_at(one, "metadata")
    kept = {key: value for key, value in meta.items() if ("metadata", key) not in _UNTOLD}

    return {**{key: value for key, value in one.items() if (key,) not in _UNTOLD}, "metadata": kept}


def compared(before: Object, after: Object) -> list[Field]:
    """List the fields that differ, in the order of their names."""
    found = [one for one in _walk(before, after, ()) if one.path[-1] not in _KEPT_BY_MACHINES]

    return sorted(found, key=lambda one: one.path)


def sown(content: object, grown: Object) -> list[Field]:
    """List the fields that a new object is made from, with the values the server gave them.

    What a Secret is given as `stringData` the server keeps as `data`.
    """
    paths = {path for path in _leaves(content, ()) if path not in _NAMES}
    stored = {("data", *path[1:]) if path[0] == "stringData" else path for path in paths}
    found = {path: _look(grown, path) for path in paths | stored}

    return [
        Field(path, None, found[path][1], had=False) for path in sorted(found) if found[path][0]
    ]


def untouched(one: Object, field: Field) -> bool:
    """Tell whether a field still is what it was before."""
    return _look(one, field.path) == (field.had, field.before if field.had else None)


def as_left(one: Object, field: Field) -> bool:
    """Tell whether a field still is what it was changed to."""
    return _look(one, field.path) == (field.has, field.after if field.has else None)


def back(one: Object, fields: Sequence[Field]) -> list[Object]:
    """Return the JSON patch that gives the fields their value before, in this object."""
    operations: list[Object] = []
    for field in fields:
        there, _ = _look(one, field.path)
        if field.had:
            operations += _parents(one, field.path, operations)
            verb = "replace" if there else "add"
            operations.append(
                {"op": verb, "path": _pointer(one, field.path), "value": field.before}
            )
        elif there:
            operations.append({"op": "remove", "path": _pointer(one, field.path)})

    return operations


def merged(one: Object, patch: Object) -> Object:
    """Return an object with a JSON merge patch (RFC 7386) laid over it."""
    result = dict(one)
    for key, value in patch.items():
        below = one.get(key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            under = cast("Object", below) if isinstance(below, dict) else {}
            result[key] = merged(under, cast("Object", value))
        else:
            result[key] = value

    return result


def _walk(before: object, after: object, path: Path) -> Iterator[Field]:
    if path in _UNTOLD or before == after:
        return
    old, new = _keyed(before), _keyed(after)
    if old and list(old) == list(new):
        for name, item in old.items():
            yield from _walk(item, new[name], (*path, f"[{name}]"))
    elif isinstance(before, dict) and isinstance(after, dict):
        yield from _mappings(cast("Object", before), cast("Object", after), path)
    else:
        yield Field(path, cast("object", before), after)


def _leaves(value: object, path: Path) -> Iterator[Path]:
    if named := _keyed(value):
        for name, item in named.items():
            yield from _leaves(item, (*path, f"[{name}]"))
    elif isinstance(value, dict) and value:
        for key, below in cast("Object", value).items():
            yield from _leaves(below, (*path, key))
    else:
        yield path


def _mappings(before: Object, after: Object, path: Path) -> Iterator[Field]:
    for key in sorted(before.keys() | after.keys()):
        here = (*path, key)
        old, new = before.get(key), after.get(key)
        shared = key in _MAPS and isinstance(old or {}, dict) and isinstance(new or {}, dict)
        if (key in before and key in after) or shared:
            yield from _walk(old or {} if shared else old, new or {} if shared else new, here)
        elif here not in _UNTOLD:
            yield Field(here, old, new, had=key in before, has=key in after)


def _keyed(value: object) -> dict[str, Object]:
    """Return a list's items by name, if each has one of its own."""
    listed = cast("list[object]", value) if isinstance(value, list) else []
    items = [cast("Object", one) for one in listed if isinstance(one, dict)]
    found = {name: one for one in items if isinstance(name := one.get("name"), str)}

    return found if len(found) == len(listed) else {}


def _look(thing: object, path: Path) -> tuple[bool, object]:
    for step in path:
        if isinstance(thing, list):
            index = _index(cast("list[object]", thing), step)
            if index is None:
                return False, None
            thing = cast("list[object]", thing)[index]
        elif isinstance(thing, dict) and step in thing:
            thing = cast("Object", thing)[step]
        else:
            return False, None

    return True, thing


def _index(items: list[object], step: str) -> int | None:
    names = [cast("Object", one).get("name") if isinstance(one, dict) else None for one in items]
    wanted = step[1:-1]

    return names.index(wanted) if step.startswith("[") and wanted in names else None


def _pointer(one: Object, path: Path) -> str:
    steps: list[str] = []
    thing: object = one
    for step in path:
        if isinstance(thing, list):
            index = _index(cast("list[object]", thing), step) or 0
            steps.append(str(index))
            thing = cast("list[object]", thing)[index]
        else:
            steps.append(step.replace("~", "~0").replace("/", "~1"))
            thing = part(thing, step)

    return "".join(f"/{step}" for step in steps)


def _parents(one: Object, path: Path, planned: Sequence[Object]) -> list[Object]:
    """Make the mappings that a field stood in and that have gone since."""
    made = {operation["path"] for operation in planned}
    missing = [path[:depth] for depth in range(1, len(path)) if not _look(one, path[:depth])[0]]

    return [
        {"op": "add", "path": pointer, "value": {}}
        for pointer in (_pointer(one, each) for each in missing)
        if pointer not in made
    ]
