"""What managedFields tell: who wrote which fields, and when they last changed one of them."""

from collections.abc import Iterator
from typing import cast

import msgspec

from jamie_base.errors import UNREADABLE
from jamie_base.when import Nanoseconds, instant
from jamie_kubernetes.client.managed import ManagedFields, ManagedMeta
from jamie_kubernetes.client.sending import Object
from jamie_kubernetes.facts.fields import named

Path = tuple[str, ...]

_DATA = ("data", "binaryData", "stringData")
_SELF = "."


def fields_of(entry: ManagedFields) -> Object:
    """Return the tree of the fields of a manager; empty where it cannot be read."""
    try:
        return msgspec.json.decode(entry.fields_v1, type=Object)
    except UNREADABLE:
        return {}


def owned(entry: ManagedFields) -> list[Path]:
    """List the fields a manager wrote, as paths; the entries of lists as `[name]`."""
    return [*_leaves(fields_of(entry), ())]


def changed_at(entry: ManagedFields) -> Nanoseconds:
    """Return when a manager last changed one of its fields."""
    return instant(entry.time)


def contents_changed(meta: ManagedMeta) -> tuple[Nanoseconds, str]:
    """Return when the data of a ConfigMap or Secret last changed and by whom, as far as told.

    A manager of data and labels has one time for both, so it may be the labels' time.
    """
    entries = [
        (changed_at(one), one.manager)
        for one in meta.managed_fields
        if not one.subresource and any(f"f:{name}" in fields_of(one) for name in _DATA)
    ]
    return max(entries, default=(meta.created_ns, ""))


def template_writer(meta: ManagedMeta) -> tuple[Nanoseconds, str]:
    """Return when the pod template of a workload was last written and by whom, as far as told."""
    entries = [
        (changed_at(one), one.manager)
        for one in meta.managed_fields
        if not one.subresource and any(path[:2] == ("spec", "template") for path in owned(one))
    ]
    return max(entries, default=(0, ""))


def words_of(path: Path) -> str:
    """Write a path as people do, without what every template has in common."""
    text = named(path)
    return text.removeprefix("spec.template.spec.").removeprefix("spec.template.")


def _leaves(tree: Object, above: Path) -> Iterator[Path]:
    below = [key for key in tree if key != _SELF]
    if not below and above:
        yield above
    for key in below:
        child = tree[key]
        path = (*above, _step(key))
        if isinstance(child, dict) and child:
            yield from _leaves(cast("Object", child), path)
        else:
            yield path


def _step(key: str) -> str:
    kind, _, rest = key.partition(":")
    if kind == "f":
        return rest
    if kind != "k":
        return f"[{rest}]"

    # The entry of a list, by its keys: {"name":"app"}, {"containerPort":80,"protocol":"TCP"}.
    try:
        keys = msgspec.json.decode(rest, type=Object)
    except UNREADABLE:
        return f"[{rest}]"
    return f"[{keys.get('name') or ' '.join(str(value) for value in keys.values())}]"
