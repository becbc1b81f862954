"""Private keys that workloads print over several lines.

A key is known by its first line, and a log may begin behind it, be cut, or come line by line.
"""

import re
from collections.abc import Sequence

from jamie_base.redact import Redactor

HIDDEN = "[redacted: a private key's line]"
LONGEST_LINES = 120

_MARKER = "PRIVATE KEY"
_BEGIN = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_BODY = re.compile(r"(?:[A-Za-z0-9+/=]|\\[nr])*")


class Hush:
    """Hides the lines of a key from whoever hears a log line by line."""

    def __init__(self) -> None:
        self._left = 0

    def shown(self, text: str) -> str:
        """Return the line, or what stands for it."""
        if self._left:
            self._left = 0 if _END.search(text) else self._left - 1
            return HIDDEN if _BODY.fullmatch(text.strip()) or _END.search(text) else text
        if _BEGIN.search(text) and not _END.search(text):
            self._left = LONGEST_LINES

        return text


def veiled(marks: Redactor, texts: Sequence[str]) -> Sequence[str]:
    """Return a container's lines with its private keys as marks, cut ones included."""
    found = [place for place, text in enumerate(texts) if _MARKER in text]
    if not found:
        return texts

    start, end = max(0, found[0] - LONGEST_LINES), found[-1] + LONGEST_LINES
    redacted = _without_ends(marks.lines(texts[start:end]))
    hush = Hush()
    return [*texts[:start], *(hush.shown(text) for text in redacted), *texts[end:]]


def _without_ends(texts: Sequence[str]) -> list[str]:
    """Hide what stands before the end of a key whose beginning is not here."""
    kept = list(texts)
    for place, text in enumerate(texts):
        if _END.search(text) and not _BEGIN.search(text):
            _hide_back(kept, place)

    return kept


def _hide_back(kept: list[str], place: int) -> None:
    kept[place] = HIDDEN
    for before in range(place - 1, max(-1, place - LONGEST_LINES), -1):
        if not kept[before].strip() or not _BODY.fullmatch(kept[before].strip()):
            return
        kept[before] = HIDDEN
