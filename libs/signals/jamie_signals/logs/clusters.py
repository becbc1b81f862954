"""Masked lines that differ in few words, put together."""

from collections import defaultdict
from collections.abc import Sequence

ANY = "<*>"
_LEAST_SIMILARITY = 0.6

Words = tuple[str, ...]


def merged(shapes: Sequence[Words]) -> list[tuple[list[int], Words]]:
    """Group shapes by length and first word, then by similarity; return members and template."""
    leaves: dict[tuple[int, str], list[int]] = defaultdict(list)
    for index, words in enumerate(shapes):
        leaves[len(words), words[0] if words else ""].append(index)

    groups: list[tuple[list[int], Words]] = []
    for leaf in leaves.values():
        clusters: list[tuple[list[int], list[str]]] = []
        for index in leaf:
            words = shapes[index]
            best = max(clusters, key=lambda one: _same(one[1], words), default=None)
            if best and _same(best[1], words) >= _LEAST_SIMILARITY * len(words):
                best[0].append(index)
                best[1][:] = [a if a == b else ANY for a, b in zip(best[1], words, strict=True)]
            else:
                clusters.append(([index], list(words)))
        groups += [(members, tuple(words)) for members, words in clusters]

    return groups


def _same(template: Sequence[str], words: Words) -> int:
    return sum(a == b for a, b in zip(template, words, strict=True))
