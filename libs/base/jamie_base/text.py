"""Words and lines for answers: clean, short, aligned, and never cut silently."""

import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

Row = TypeVar("Row")

ELLIPSIS = "…"
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_AFTER = " ,;\n\t"
_LOOSE = f"{_AFTER}:-"
"""What is not left standing before an ellipsis."""

# Unicode's Default_Ignorable_Code_Point (zero-width, bidi controls, variation selectors, fillers,
# the tag characters), with the interlinear annotation marks: nothing a reader could see.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_CONTROL = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
_SURROGATE = "\ud800-\udfff"

_SUSPECT = re.compile(f"[{_CONTROL}{_INVISIBLE}{_SURROGATE}\u2028\u2029]")
_HIDDEN = re.compile(f"[{_INVISIBLE}]+")
_LONE_SURROGATE = re.compile(f"[{_SURROGATE}]")
_NEWLINE = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_LEFT_CONTROL = re.compile(f"[{_CONTROL}]+")
# A string sequence (a title, a hyperlink) goes with its content only when it is closed on its line:
# an open one would let a log line hide whatever follows it.
_ESCAPE = re.compile(
    r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x00-\x08\x0a-\x1f\x7f-\x9f]*+(?:\x07|\x1b\\|\x9c)"
    r"|(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]"
    r"|\x1b[ -/]*+[0-~]"
)


def clean(text: str) -> str:
    r"""Drop what a reader cannot see: escapes, controls, bidi, zero-width and tag characters.

    Newlines become `\n`, tabs stay, a lone surrogate becomes U+FFFD. Cleaning twice is cleaning
    once.
    """
    if not _SUSPECT.search(text):
        return text

    # Invisible characters go first, or one of them inside an escape sequence would save it.
    seen = _NEWLINE.sub("\n", _HIDDEN.sub("", text))
    bare = _LEFT_CONTROL.sub("", _ESCAPE.sub("", seen))
    return _LONE_SURROGATE.sub("\ufffd", bare)


def width(text: str) -> int:
    """Count the terminal cells a text takes: two for wide characters, none for combining ones."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def size(text: str) -> int:
    """Count the bytes of a text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def cut(text: str, limit: int) -> str:
    """Keep the longest beginning that fits in `limit` bytes of UTF-8, never half a character."""
    if size(text) <= limit:
        return text

    return text.encode(errors="replace")[: max(limit, 0)].decode(errors="ignore")


def clip(lines: Iterable[str], budget: int, *, hint: str = "") -> str:
    """Join the lines that fit in `budget` bytes, and say how many are hidden and how to see them.

    Only whole lines are kept, save a first one that alone is too long: it is cut. The closing
    remark counts within the budget and is never dropped, however small the budget.
    """
    rows = list(lines)
    joined = "\n".join(rows)
    if size(joined) <= budget:
        return joined

    kept = _leading(rows, budget - size(_remark(len(rows), hint)) - 1)
    if not kept:
        return _first_cut(rows, budget, hint)

    return "\n".join([*rows[:kept], _remark(len(rows) - kept, hint)])


def excerpt(text: str, budget: int) -> str:
    """Keep whole lines from the beginning and the end, within `budget` bytes, and say how many not.

    A single line that is too long is cut in its middle.
    """
    text = text.strip("\n")
    if size(text) <= budget:
        return text

    head = cut(text, budget * 2 // 3)
    tail = text.encode(errors="replace")[-(budget // 3) :].decode(errors="ignore")
    if "\n" in head and "\n" in tail:
        head, tail = head.rpartition("\n")[0], tail.partition("\n")[2]
    left = size(text) - size(head) - size(tail)
    return f"{head}\n{ELLIPSIS} ({left:,} bytes not shown) {ELLIPSIS}\n{tail}"


def columns(rows: Iterable[Sequence[str]], *, gap: str = "  ") -> list[str]:
    """Align cells into lines, two blanks between columns and none at the end of a line."""
    table = [list(row) for row in rows]
    count = max(map(len, table), default=0)
    widths = [max(width(row[i]) for row in table if i < len(row)) for i in range(count)]
    return [gap.join(map(_pad, row, widths)).rstrip() for row in table]


def count(noun: str, number: int, plural: str = "") -> str:
    """Say a number of things: `1 pod`, `1,532 pods`; an irregular plural is given."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def grouped(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> list[tuple[int, Row]]:
    """Count rows with the same key, each shown by its first row, in the order they came."""
    groups: dict[Hashable, tuple[int, Row]] = {}
    for row in rows:
        same = key(row)
        seen, first = groups.get(same, (0, row))
        groups[same] = (seen + 1, first)

    return list(groups.values())


def shorten(text: str, limit: int, *, middle: bool = False) -> str:
    """Fit a text into `limit` cells, cut at its end, or in its middle as names want it."""
    if width(text) <= limit:
        return text
    if limit < 1:
        return ""

    tail = (limit - 1) // 2 if middle else 0
    return _head(text, limit - 1 - tail) + ELLIPSIS + _head(text[::-1], tail)[::-1]


def phrase(text: str, limit: int) -> str:
    """Fit a sentence into `limit` cells, cut between words and never inside of brackets.

    An opened bracket goes with what it holds; one that holds most of the text is closed instead.
    """
    if width(text) <= limit or limit < 2:
        return shorten(text, limit)

    head = _words(text, limit - 2)
    first, *more = [*_opened(head), len(head)]
    bare = head[:first].rstrip(_LOOSE)
    if 2 * len(bare) > len(head) or not more:
        return bare + ELLIPSIS

    return f"{head[: more[0]].rstrip(_LOOSE)}{ELLIPSIS}{_BRACKETS[head[first]]}"


def join_words(words: Iterable[str], last: str = "and") -> str:
    """Join words as a person would: `a`, `a and b`, `a, b and c`."""
    *front, final = list(words) or [""]
    return f"{', '.join(front)} {last} {final}" if front else final


def _words(text: str, limit: int) -> str:
    """Keep the words that fit; a first one that is too long is cut."""
    head = _head(text, limit)
    return head if text[len(head)] in _AFTER else head.rpartition(" ")[0] or head


def _opened(text: str) -> list[int]:
    """Return where brackets open that do not close."""
    opened: list[int] = []
    for at, character in enumerate(text):
        if character in _BRACKETS:
            opened.append(at)
        elif opened and character == _BRACKETS[text[opened[-1]]]:
            opened.pop()

    return opened


def _remark(hidden: int, hint: str) -> str:
    said = f"{count('more line', hidden)} not shown" if hidden else "line cut"
    return f"({said}; {hint})" if hint else f"({said})"


def _first_cut(rows: Sequence[str], budget: int, hint: str) -> str:
    remark = _remark(len(rows) - 1, hint)
    room = budget - size(remark) - 1
    if room <= size(ELLIPSIS):
        return _remark(len(rows), hint)
    if size(rows[0]) <= room:
        return f"{rows[0]}\n{remark}"

    return f"{cut(rows[0], room - size(ELLIPSIS))}{ELLIPSIS}\n{remark}"


def _leading(rows: Sequence[str], room: int) -> int:
    for kept, row in enumerate(rows):
        room -= size(row) + (1 if kept else 0)
        if room < 0:
            return kept

    return len(rows)


def _pad(cell: str, cells: int) -> str:
    return cell + " " * (cells - width(cell))


def _head(text: str, limit: int) -> str:
    for end, character in enumerate(text):
        limit -= _cells(character)
        if limit < 0:
            return text[:end]

    return text


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0

    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
