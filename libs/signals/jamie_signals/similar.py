"""The names nearest to one that does not exist, for "did you mean"."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from heapq import nlargest

_SHORTLIST = 200
_LEAST_LIKENESS = 0.6
_LEAST_BLOCK = 3
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def nearest(name: str, candidates: Iterable[str], n: int = 3) -> list[str]:
    """Return up to n candidates that look like the name, the likest first, each once.

    Case is ignored. A name that resembles nothing gets an empty list.
    """
    wanted = name.lower()
    pieces = _pieces(wanted)
    roughly = nlargest(
        _SHORTLIST, sorted(set(candidates)), key=lambda one: _rough(wanted, pieces, one.lower())
    )
    scored = sorted((-_likeness(name, one), len(one), one) for one in roughly)
    return [one for score, _, one in scored[: max(n, 0)] if -score >= _LEAST_LIKENESS]


def _pieces(text: str) -> list[str]:
    size = 1 if len(text) < 5 else 2 if len(text) < 10 else 3
    return [text[start : start + size] for start in range(max(len(text) - size + 1, 1))]


def _rough(wanted: str, pieces: list[str], candidate: str) -> float:
    """Count shared pieces: cheap enough for every candidate, good enough for a shortlist."""
    shared = sum(piece in candidate for piece in pieces)
    return shared / len(pieces) - abs(len(wanted) - len(candidate)) / 100


def _likeness(name: str, candidate: str) -> float:
    """Score 0 to 1: spelling, shared words, and how much of the name the candidate contains."""
    wanted, other = name.lower(), candidate.lower()
    if wanted == other:
        return 1.0

    matcher = SequenceMatcher(None, wanted, other, autojunk=False)
    spelling = matcher.ratio()
    words = _overlap(_words(name), _words(candidate))
    score = max(spelling, (spelling + words) / 2, 0.5 * spelling + 0.5 * _held(matcher, wanted))
    return score + 0.1 * (1 - score) * _common_start(wanted, other) / max(len(wanted), 1)


def _held(matcher: SequenceMatcher[str], wanted: str) -> float:
    """Say how much of the name stands in the candidate, in pieces that are no accident."""
    sizes = (block.size for block in matcher.get_matching_blocks())
    return sum(size for size in sizes if size >= _LEAST_BLOCK) / max(len(wanted), 1)


def _words(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(name))


def _overlap(mine: frozenset[str], theirs: frozenset[str]) -> float:
    return 2 * len(mine & theirs) / (len(mine) + len(theirs)) if mine or theirs else 0.0


def _common_start(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
