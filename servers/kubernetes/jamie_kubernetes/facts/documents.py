"""Objects to be shown whole: in reading order, without noise, the largest parts left out to fit."""

from collections.abc import Callable, Iterator
from typing import cast

import msgspec

from jamie_base.text import clip, count, cut, size
from jamie_kubernetes.facts.paths import as_list, as_map
from jamie_kubernetes.facts.veil import Object

APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_FIRST = ("apiVersion", "kind", "metadata")
_LAST = "status"
_MOST_KEPT = 400
_LEAST_KEPT = 40
_LEAST_LEFT_OUT = 120
_ROUNDS = 20

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
    """Write a tree within a budget of bytes; parts that do not fit are named with their path.

    Long texts are cut, large lists and maps left out; what is still too long ends with a remark.
    """
    text = dump(tree)
    if size(text) <= budget:
        return text

    kept = _text_kept(tree, budget)
    for _ in range(_ROUNDS):
        excess = size(text) - budget
        places = _chosen(tree, excess, kept) if excess > 0 else []
        if not places:
            break
        for place in places:
            tree = _without(tree, place, Cut(place, kept))
        text = dump(tree)

    return clip(text.split("\n"), budget, hint="fields shows parts")


class Cut(msgspec.Struct, frozen=True):
    """What is left out: its place, and how much of a text is kept."""

    place: Place
    kept: int


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


def _text_kept(tree: object, budget: int) -> int:
    """Share half the budget among the long texts, each within bounds."""
    many = sum(1 for _ in _long_texts(tree))
    return min(max(budget // 2 // max(many, 1), _LEAST_KEPT), _MOST_KEPT)


def _long_texts(node: object) -> Iterator[str]:
    if isinstance(node, str) and size(node) > _MOST_KEPT:
        yield node
    for child in (*as_map(node).values(), *as_list(node)):
        yield from _long_texts(child)


def _chosen(tree: object, excess: int, kept: int) -> list[Place]:
    """Choose what to leave out: the largest innermost parts until that is enough; status last."""
    parts = [*_innermost(tree, (), kept)]
    pool = [part for part in parts if part[0][0] != _LAST] or parts
    chosen: list[Place] = []
    for place, large in sorted(pool, key=lambda part: -part[1]):
        if excess <= 0:
            break
        chosen.append(place)
        excess -= large

    return chosen


def _innermost(node: object, place: Place, kept: int) -> Iterator[tuple[Place, int]]:
    """Yield the parts that could be left out and hold no other such part, with their sizes."""
    inner: list[tuple[str | int, object]] = [*as_map(node).items(), *enumerate(as_list(node))]
    for step, child in inner:
        below = (*place, step)
        found = [*_innermost(child, below, kept)]
        large = _size_without(child, step, kept, top=not place)
        if not found and large >= _LEAST_LEFT_OUT:
            yield below, large
        yield from found


def _size_without(node: object, step: str | int, kept: int, *, top: bool) -> int:
    """Return how much it saves to leave a part out; entries of lists go with their list."""
    if isinstance(node, str):
        return size(node) - kept
    if top or isinstance(step, int) or not isinstance(node, dict | list):
        return 0

    return len(msgspec.json.encode(node))


def _without(node: object, place: Place, part: Cut) -> object:
    step, rest = place[0], place[1:]
    if isinstance(step, int):
        items = as_list(node)
        return [_replaced(one, rest, part) if at == step else one for at, one in enumerate(items)]

    return {
        key: _replaced(one, rest, part) if key == step else one for key, one in as_map(node).items()
    }


def _replaced(node: object, rest: Place, part: Cut) -> object:
    if rest:
        return _without(node, rest, part)
    if isinstance(node, str):
        return f"{cut(node, part.kept)}… ({size(node):,} bytes in all)"

    parts = count("entry", len(cast("list[object]", node)), "entries")
    return f"({parts} left out; fields={path_of(part.place)})"
