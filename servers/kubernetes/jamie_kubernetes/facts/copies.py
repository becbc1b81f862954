"""Secrets of an object wherever else in it they stand: a JSON patch can copy one anywhere."""

from collections.abc import Iterator
from typing import cast

from jamie_base.redact import Redactor
from jamie_kubernetes.facts.paths import as_list, as_map
from jamie_kubernetes.facts.veil import LEAST_COPIED, Object, Veil, decoded, is_mark


class Wary:
    """Marks what is secret in some objects of a kind, also where neither key nor shape tells."""

    def __init__(self, redactor: Redactor, kind: str, *objects: Object) -> None:
        veil = Veil(redactor, secret=kind == "Secret")
        self._redactor = redactor
        self._known = {
            found: str(mark) for one in objects for found, mark in _hidden(one, veil.whole(one))
        }

    def value(self, secret: str) -> str:
        """Return the mark of a secret, the same wherever it is shown."""
        return self._known.get(secret) or self._redactor.value(secret)

    def fields(self, mapping: Object) -> Object:
        """Return a mapping without its secrets."""
        return cast("Object", self._veiled(self._redactor.fields(mapping)))

    def _veiled(self, node: object) -> object:
        if isinstance(node, str):
            return self._known.get(node, node)
        if entries := as_map(node):
            return {key: self._veiled(one) for key, one in entries.items()}
        if items := as_list(node):
            return [self._veiled(one) for one in items]

        return node


def _hidden(raw: object, shown: object) -> Iterator[tuple[str, object]]:
    """Yield the texts that are hidden whole, with their marks; of base64 also what it says."""
    if isinstance(raw, str):
        if is_mark(shown) and raw != shown and len(raw) >= LEAST_COPIED:
            yield raw, shown
            yield decoded(raw), shown
        return

    for key, one in as_map(raw).items():
        yield from _hidden(one, as_map(shown).get(key))
    for one, mark in zip(as_list(raw), as_list(shown), strict=False):
        yield from _hidden(one, mark)
