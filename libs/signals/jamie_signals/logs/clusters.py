"""Masked lines that say the same, put together.

First by likeness, as Drain does: lines of equal length join the template they share most words
with. Then each cluster is parted again where a column holds only a few different words, because
"opened" and "closed" are two events, while a column of many words holds names.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import eq

ANY = "<*>"
PATH = "<path>"

_LEAST_LIKENESS = 0.6
_MOST_VARIANTS = 3
_LEAST_LETTERS = 2
_MOST_CLUSTERS = 300  # per length; beyond it a line joins the likest there is

_VARYING = re.compile(r"<[a-z]+>|\d+")
_LETTER = re.compile(r"[A-Za-z]")
_PATH = re.compile(r"/[^/]+/")
_FRAME = re.compile(r"(?P<head>.*[=(\[{<\"':])?.*?(?P<tail>[)\]}>\"'.,;:]*)")

Words = tuple[str, ...]
Shape = tuple[Words, int]  # its words without what varies inside them, its index
Cluster = tuple[list[str], list[Shape]]


def merged(shapes: Sequence[Words]) -> list[tuple[list[int], Words]]:
    """Group shapes; return the members of each group, by index, and their template.

    The grouping depends on the shapes alone, not on their order.
    """
    bare = {word: _bare(word) for words in shapes for word in words}
    lengths: dict[int, list[Shape]] = defaultdict(list)
    for index, words in enumerate(shapes):
        lengths[len(words)].append((tuple(bare[word] for word in words), index))

    return [
        _described(part, shapes)
        for alike in lengths.values()
        for cluster in _clusters(alike)
        for part in _parted(cluster, shapes)
    ]


def _bare(word: str) -> str:
    """Drop what varies inside a word; a word that is little else, or a path, is ANY."""
    if _PATH.search(word):
        return ANY

    rest = _VARYING.sub(ANY, word)
    return rest if rest == word or len(_LETTER.findall(rest)) >= _LEAST_LETTERS else ANY


def _clusters(shapes: list[Shape]) -> Iterable[list[Shape]]:
    """Let each distinct wording join the template it shares most words with."""
    wordings: dict[Words, list[Shape]] = defaultdict(list)
    for shape in shapes:
        wordings[shape[0]].append(shape)

    clusters: list[Cluster] = []
    for wording in sorted(wordings):
        _join(clusters, wording, wordings[wording])

    return [members for _, members in clusters]


def _join(clusters: list[Cluster], wording: Words, members: list[Shape]) -> None:
    likest = max(clusters, key=lambda one: _same(one[0], wording), default=None)
    if likest is None or not _fits(likest[0], wording, len(clusters)):
        clusters.append((list(wording), list(members)))
        return

    template, held = likest
    template[:] = [a if a == b else ANY for a, b in zip(template, wording, strict=True)]
    held.extend(members)


def _fits(template: list[str], wording: Words, clusters: int) -> bool:
    likeness = _same(template, wording) >= _LEAST_LIKENESS * len(wording)
    return likeness or clusters >= _MOST_CLUSTERS


def _same(template: list[str], wording: Words) -> int:
    return sum(map(eq, template, wording))


def _parted(cluster: list[Shape], shapes: Sequence[Words]) -> list[list[Shape]]:
    """Part a cluster by its column with the fewest wordings, and each part again."""
    done: list[list[Shape]] = []
    waiting = [cluster]
    while waiting:
        part = waiting.pop()
        column, named = _telling_column(part, shapes)
        if not named:
            done.append(part)
            continue

        branches: dict[str, list[Shape]] = defaultdict(list)
        for shape in part:
            word = shape[0][column]
            branches[word if word in named else ANY].append(shape)
        waiting += branches.values()

    return done


def _telling_column(part: list[Shape], shapes: Sequence[Words]) -> tuple[int, frozenset[str]]:
    """Find the column whose few wordings tell events apart, and these wordings."""
    best: tuple[int, int, frozenset[str]] | None = None
    for column, words in enumerate(zip(*(wording for wording, _ in part), strict=True)):
        distinct = frozenset(words)
        if len(distinct) == 1:
            continue

        varying = [shapes[at][column] for wording, at in part if ANY in wording[column]]
        named = _named(distinct, varying)
        variants = len(named) + (len(named) < len(distinct))
        if 1 < variants <= _MOST_VARIANTS and (best is None or variants < best[0]):
            best = (variants, column, named)

    return (best[1], best[2]) if best else (0, frozenset())


def _named(distinct: frozenset[str], varying: list[str]) -> frozenset[str]:
    """Keep the words that are no values: `()` beside `(10.0.0.1)` is an empty value."""
    frames = {_frame(word) for word in varying} - {("", "")}
    return frozenset(word for word in distinct if word != ANY and _frame(word) not in frames)


def _frame(word: str) -> tuple[str, str]:
    found = _FRAME.fullmatch(_VARYING.sub("", word.replace(ANY, "")))
    return (found["head"] or "", found["tail"]) if found else ("", "")


def _described(part: list[Shape], shapes: Sequence[Words]) -> tuple[list[int], Words]:
    members = sorted(index for _, index in part)
    columns = zip(*(shapes[index] for index in members), strict=True)
    return members, tuple(_word(set(column)) for column in columns)


def _word(words: set[str]) -> str:
    """Write a column: its word, what its words share, or ANY."""
    if len(words) == 1:
        return next(iter(words))
    if all(_PATH.search(word) or word == PATH for word in words):
        return PATH

    skeletons = {_VARYING.sub("<num>", word) for word in words}
    return skeletons.pop() if len(skeletons) == 1 else ANY
