"""The names nearest to one that does not exist: did you mean ...?"""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from heapq import nlargest

_SHORTLIST = 200
_LEAST_LIKENESS = 0.55
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
    scored = [(-_likeness(name, one), one) for one in roughly]
    return [one for score, one in sorted(scored)[:n] if -score >= _LEAST_LIKENESS]


def _pieces(text: str) -> list[str]:
    size = 2 if len(text) < 8 else 3
    return [text[start : start + size] for start in range(max(len(text) - size + 1, 1))]


def _rough(wanted: str, pieces: list[str], candidate: str) -> float:
    """Count shared pieces: cheap enough for every candidate, good enough for a shortlist."""
    shared = sum(piece in candidate for piece in pieces)
    return 2 * shared / (len(pieces) + len(candidate)) - abs(len(wanted) - len(candidate)) / 1000


def _likeness(name: str, candidate: str) -> float:
    """Score 0 to 1: the best of spelling and shared words, a little more for a shared start."""
    wanted, other = name.lower(), candidate.lower()
    if wanted == other:
        return 1.0

    spelling = SequenceMatcher(None, wanted, other, autojunk=False).ratio()
    words = _overlap(_words(name), _words(candidate))
    score = max(spelling, 0.5 * spelling + 0.5 * words)
    return score + 0.1 * (1 - score) * _common_start(wanted, other) / max(len(wanted), 1)


def _words(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(name))


def _overlap(mine: frozenset[str], theirs: frozenset[str]) -> float:
    return 2 * len(mine & theirs) / (len(mine) + len(theirs)) if mine or theirs else 0.0


def _common_start(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
