"""What a custom resource hangs on: whose finding would explain that it is not well.

Nothing here knows a kind. Nearly all of them name in a field `...Ref` what they need, in
`dependsOn` what has to come before them, and in the words of their conditions for which workload
they wait.
"""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import cast

import msgspec

from jamie_base.errors import UNREADABLE
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.control import Custom, CustomMeta
from jamie_kubernetes.kinds import short_kind

DEPTH = 4
"""How deep in a specification references are looked for: `spec.chart.spec.sourceRef`."""

WORDS_KEPT = 1

_NOT_NEEDED = ("target", "scaletarget", "workload", "claim", "owner")
"""Begin the names of fields with what an object acts on, which needs not be well for it."""

_ILL = ("Degraded", "Missing")
_NAMED = re.compile(
    r"\b(Deployment|StatefulSet|DaemonSet|Job|[A-Z][A-Za-z]{2,40})/([a-z0-9-]{1,63})"
    r"/([a-z0-9][a-z0-9.-]{0,252})"
)


class _Health(msgspec.Struct, frozen=True):
    status: str = ""


class Kept(msgspec.Struct, frozen=True):
    """An object that a custom resource keeps, and how that finds it."""

    kind: str = ""
    name: str = ""
    namespace: str = ""
    health: _Health = _Health()

    @property
    def is_ill(self) -> bool:
        """Tell whether it is not well."""
        return self.health.status in _ILL


def needed(kind: str, one: Custom) -> Iterator[str]:
    """Yield the keys of what a custom resource names as needed, in a namespace and in none."""
    try:
        spec = msgspec.json.decode(one.spec)
    except UNREADABLE:
        return

    for field, found in _references(spec, DEPTH):
        name, space = found.get("name"), found.get("namespace") or one.metadata.namespace
        what = found.get("kind") or (kind if field == "dependsOn" else field)
        if isinstance(name, str) and isinstance(space, str) and isinstance(what, str):
            yield from _keys(what, space, name)


def waited_for(words: Sequence[str]) -> Iterator[str]:
    """Yield the keys of what conditions name as `Deployment/shop/web`."""
    for text in words:
        for found in _NAMED.finditer(text):
            yield key_of(found[2], f"{short_kind(found[1])}/{found[3]}")


def kept(those: Sequence[Kept]) -> Iterator[str]:
    """Yield the keys of what it keeps and finds ill."""
    for one in those:
        if one.is_ill:
            yield from _keys(one.kind, one.namespace, one.name)


def made_by(about: CustomMeta) -> list[str]:
    """Return the keys of what made it: an order of a certificate is told with that."""
    refs = about.owner_references
    return [key_of(about.namespace, f"{short_kind(one.kind)}/{one.name}") for one in refs]


def keepers(labels: Mapping[str, str], groups: Container[str]) -> Iterator[str]:
    """Yield which custom resources an object says it is kept by, as `group space/name`."""
    for label, name in labels.items():
        group = label.removesuffix("/name")
        if group != label and group in groups and (space := labels.get(f"{group}/namespace")):
            yield f"{group} {space}/{name}"


def is_pending(one: Custom) -> bool:
    """Tell whether a custom resource may say that it waits, at a glance."""
    return b"pending" in bytes(one.status).lower()


def with_words(
    found: Sequence[tuple[Finding, Sequence[str]]], between: Mapping[str, Sequence[str]]
) -> list[Finding]:
    """Let what others were made for tell what those say, who know better.

    Each comes with the keys of what made it; so do those `between` that say nothing themselves.
    """
    makers = {**between, **{one.key: keys for one, keys in found}}
    known = {one.key for one, _ in found}
    words: dict[str, list[Finding]] = {}
    for one, _ in found:
        above = [key for key in _above(one.key, makers) if key in known]
        if above:
            words.setdefault(above[-1], []).append(one)

    return [_telling(one, words.get(one.key, ()), makers) for one, _ in found]


def _telling(
    one: Finding, below: Sequence[Finding], makers: Mapping[str, Sequence[str]]
) -> Finding:
    telling = [each for each in below if each.said]
    deepest = sorted(telling, key=lambda each: -len(_above(each.key, makers)))[:WORDS_KEPT]
    return msgspec.structs.replace(
        one,
        evidence=(*one.evidence, *(f"{each.owner} of it: {each.summary}" for each in deepest)),
        said=(*one.said, *(text for each in deepest for text in each.said)),
        follows=tuple(dict.fromkeys((*one.follows, *_above(one.key, makers)))),
    )


def _above(key: str, makers: Mapping[str, Sequence[str]]) -> list[str]:
    """Climb from what was made to what it was made for."""
    seen = [key]
    while above := next((one for one in makers[key] if one in makers and one not in seen), ""):
        seen.append(above)
        key = above

    return seen[1:]


def _keys(kind: str, namespace: str, name: str) -> tuple[str, str]:
    owner = f"{short_kind(kind)}/{name}"
    return key_of(namespace, owner), owner


def _references(thing: object, depth: int) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield fields that refer to an object, named as the kind they would be of."""
    if not isinstance(thing, dict) or not depth:
        return

    for key, value in cast("dict[str, object]", thing).items():
        if key == "dependsOn" and isinstance(value, list):
            listed = cast("list[object]", value)
            yield from ((key, cast("dict[str, object]", one)) for one in listed if _is_map(one))
        elif key.endswith("Ref") and _is_map(value):
            if not key.lower().startswith(_NOT_NEEDED):
                yield key[:1].upper() + key[1:-3], cast("dict[str, object]", value)
        else:
            yield from _references(value, depth - 1)


def _is_map(thing: object) -> bool:
    return isinstance(thing, dict)
