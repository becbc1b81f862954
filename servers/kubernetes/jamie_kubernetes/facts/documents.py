"""Objects to be shown whole: in reading order, without noise, the largest parts left out to fit."""

from collections.abc import Callable, Iterator
from typing import cast

import msgspec

from jamie_base.text import count, cut, size
from jamie_kubernetes.facts.paths import as_list, as_map
from jamie_kubernetes.facts.veil import Object

APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_FIRST = ("apiVersion", "kind", "metadata")
_LAST = "status"
_TEXT_KEPT = 400
_LEAST_LEFT_OUT = 120
_ROUNDS = 60

Dump = Callable[[object], str]
Place = tuple[str | int, ...]


def arranged(one: Object) -> Object:
    """Put identity first and status last; drop managedFields and the copy of what was applied."""
    order = sorted(one, key=lambda key: (key == _LAST, key not in _FIRST))
    tidy = {key: one[key] for key in order}
    if meta := as_map(one.get("metadata")):
        tidy["metadata"] = _tidied(meta)

    return tidy


def fitted(tree: object, budget: int, dump: Dump) -> str:
    """Write a tree within a budget of bytes; parts that do not fit are named with their path."""
    text = dump(tree)
    for _ in range(_ROUNDS):
        excess = size(text) - budget
        if excess <= 0:
            break
        place = _chosen(tree, excess)
        if place is None:
            break
        tree = _without(tree, place, place)
        text = dump(tree)

    return text


def path_of(place: Place) -> str:
    """Write a place as a path: `spec.containers[0].env`, `data["a.b"]`."""
    parts = [
        f"[{step}]" if isinstance(step, int) else f'["{step}"]' if "." in step else f".{step}"
        for step in place
    ]
    return "".join(parts).removeprefix(".")


def _tidied(meta: Object) -> Object:
    notes = {key: text for key, text in as_map(meta.get("annotations")).items() if key != APPLIED}
    kept = {key: one for key, one in meta.items() if key not in ("managedFields", "annotations")}

    return {**kept, **({"annotations": notes} if notes else {})}


def _chosen(tree: object, excess: int) -> Place | None:
    """Choose what to leave out: the smallest part that is enough, else the largest; status last."""
    parts = [(place, large) for place, large in _parts(tree, ()) if large >= _LEAST_LEFT_OUT]
    pool = [part for part in parts if part[0][0] != _LAST] or parts
    if not pool:
        return None

    enough = [part for part in pool if part[1] >= excess + _LEAST_LEFT_OUT]
    found = min(enough, key=_weight) if enough else max(pool, key=_weight)
    return found[0]


def _weight(part: tuple[Place, int]) -> int:
    return part[1]


def _parts(node: object, place: Place) -> Iterator[tuple[Place, int]]:
    """Yield what could be left out, with its size; not the top, nor what was shortened already."""
    inner: list[tuple[str | int, object]] = [*as_map(node).items(), *enumerate(as_list(node))]
    for step, child in inner:
        below = (*place, step)
        yield from _parts(child, below)
        if isinstance(child, str):
            if size(child) > _TEXT_KEPT + _LEAST_LEFT_OUT:
                yield below, size(child) - _TEXT_KEPT
        elif len(below) > 1 and isinstance(child, dict | list):
            yield below, len(msgspec.json.encode(child))


def _without(node: object, place: Place, whole: Place) -> object:
    step, rest = place[0], place[1:]
    if isinstance(step, int):
        items = as_list(node)
        return [_replaced(one, rest, whole) if at == step else one for at, one in enumerate(items)]

    return {
        key: _replaced(one, rest, whole) if key == step else one
        for key, one in as_map(node).items()
    }


def _replaced(node: object, rest: Place, whole: Place) -> object:
    if rest:
        return _without(node, rest, whole)
    if isinstance(node, str):
        return f"{cut(node, _TEXT_KEPT)}… ({size(node):,} bytes in all)"

    parts = count("entry", len(cast("list[object]", node)), "entries")
    return f"({parts} left out; fields={path_of(whole)})"
