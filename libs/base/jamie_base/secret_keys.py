"""Secrets known by their key: `password=x`, `"token":"x"`, `--password x`, headers, env lists.

A key word is found first; what stands before and after it decides whether it names a secret, and
where the value lies. Every look around it is bounded, and a value once read is not read again.
"""

import json
import re
from collections.abc import Iterator

from msgspec import Struct

from jamie_base.secret_shapes import Found
from jamie_base.secret_words import (
    HINTS,
    KEYWORD,
    Key,
    is_path,
    is_spoken,
    is_tag,
    key_at,
    key_end,
    lowered,
    says_nothing,
)

_ASSIGN = re.compile(
    r"(?P<closed>\\{0,15}[\"'`])?[ \t]{0,32}(?P<operator>=>|:=|=(?![=~])|:(?![:=/]))"
    r"(?P<gap>[ \t]{0,64}(?:[|>][-+]?\n[ \t]{1,32})?)"
)
_LISTED = re.compile(r"\\{0,15}[\"']?,?\s{0,64}\\{0,15}[\"']?value\\{0,15}[\"']?\s{0,8}:[ \t]{0,8}")
_FLAGGED = re.compile(r"[\"']?(?:,\s{0,64}(?=[\"'])|\s{0,16}\n[ \t]{0,64}-[ \t]+|[ \t]{1,16})(?!-)")

_QUOTE = re.compile(r"\\{0,15}[\"'`]")
_TO_QUOTE = {quote: re.compile(rf"[^{quote}\n]*+") for quote in "\"'`"}
_SCHEME = re.compile(
    r"(?:bearer|basic|token|digest|negotiate|ntlm|api-?key|splunk|dpop|aws4-hmac-sha256)[ ]+",
    re.IGNORECASE,
)
_MARK = r"\[redacted:[0-9a-f]{8}\]"
_MARKED = re.compile(_MARK)
_ESCAPED = r"\\++(?![nrtu\"'`])"
# A comma, ampersand or bracket ends a bare value only where something else begins after it.
_BARE = re.compile(
    rf"(?:{_MARK}|\$\{{[\w.]{{1,64}}\}}|\$\([\w.]{{1,64}}\)|[^\s,;&\"'`<>)}}\]\\]|{_ESCAPED}"
    r"|[,;&)}\]](?![\s,;&)}\]\"'`\\<]|$|[\w.-]{1,64}[ ]?[=:]))++"
)
_REST = re.compile(rf"(?:[^\n\"\\]|{_ESCAPED})++")
_COOKIES = re.compile(r"[^\s;,\"'<>\\]++(?:;[ ]?[^\s;,=\"'<>\\]++(?:=[^\s;,\"'<>\\]*+)?)*+")
_KIND = re.compile(r"kind\\{0,15}\"\s{0,8}:\s{0,8}\\{0,15}\"Secret\\{0,15}\"")
_DATA = re.compile(r"\"(?:data|stringData)\\{0,15}\"\s{0,8}:\s{0,8}\{")
_ENTRY = re.compile(
    r"[\s,]{0,256}(?P<quote>\\{0,15}\")[\w.-]{1,253}(?P=quote)\s{0,8}:\s{0,8}(?P=quote)"
)


class _Place(Struct, frozen=True):
    """Where the value of a key begins, and how it was announced."""

    at: int
    operator: str
    spaced: bool = False
    quoted_key: bool = False


class _Value(Struct, frozen=True):
    start: int
    end: int
    quote: str = ""


def keyed(text: str) -> Iterator[Found]:
    """Find the values whose key names a secret, in the order they stand in the text."""
    low = lowered(text)
    if not any(hint in low for hint in HINTS):
        return

    reached = 0
    for word in KEYWORD.finditer(low):
        found = _held(text, word) if word.start() >= reached else None
        if found:
            reached = found.end
            yield found


def secret_data(text: str) -> Iterator[Found]:
    """Find the data of Kubernetes Secrets in JSON, whatever its keys are called."""
    if '"Secret' not in text or not _KIND.search(text):
        return

    for data in _DATA.finditer(text):
        at = data.end()
        while entry := _ENTRY.match(text, at):
            value = _quoted(text, entry.end(), entry["quote"])
            at = value.end + len(value.quote)
            yield _found(text, value)


def _held(text: str, word: re.Match[str]) -> Found | None:
    end = key_end(text, word)
    place = None if end is None else _place(text, end)
    key = place and key_at(text, word)
    if not place or not key or not _announces(text, key, place):
        return None

    value = _value(text, key, place)
    return _found(text, value) if _is_secret(text, key, place, value) else None


def _place(text: str, end: int) -> _Place | None:
    if assigned := _ASSIGN.match(text, end):
        operator, gap, closed = assigned["operator"], assigned["gap"], assigned["closed"]
        return _Place(assigned.end(), operator, gap != "", closed is not None)
    if listed := _LISTED.match(text, end):
        return _Place(listed.end(), "value")

    flagged = _FLAGGED.match(text, end)
    return _Place(flagged.end(), "flag", spaced=True) if flagged else None


def _announces(text: str, key: Key, place: _Place) -> bool:
    if place.operator == "flag":
        return key.prefix.startswith("-")
    if place.operator != ":":
        return True
    if "/" in key.prefix:
        return False  # a path in a sentence: `open /run/secrets/token: no such file`

    return not place.quoted_key or _QUOTE.match(text, place.at) is not None or _nested(text, key)


def _nested(text: str, key: Key) -> bool:
    """Tell a quoted key of a map from a quoted name in a sentence: `secret "db-token" : gone`."""
    before = text[max(0, key.start - 32) : key.start].rstrip("\\\"'` \t")
    return not before or before[-1] in "{,[(\n"


def _value(text: str, key: Key, place: _Place) -> _Value:
    at = place.at + 1 if _is_listed(text, key, place.at) else place.at
    if quote := _QUOTE.match(text, at):
        return _without_scheme(text, _quoted(text, quote.end(), quote[0]))
    if place.operator in (":", "value") and text[at : at + 1] in ("{", "["):
        return _Value(at, at)

    scheme = _SCHEME.match(text, at)
    start = scheme.end() if scheme else at
    found = _bare(text, key, place).match(text, start)
    return _Value(start, found.end() if found else start)


def _is_listed(text: str, key: Key, at: int) -> bool:
    """Tell the brackets around a header's values from those of a mark."""
    if text[at : at + 1] != "[" or _MARKED.match(text, at):
        return False

    return key.word in ("authorization", "cookie") or _QUOTE.match(text, at + 1) is not None


def _bare(text: str, key: Key, place: _Place) -> re.Pattern[str]:
    if key.word.startswith("cookie"):
        return _COOKIES

    line = text[max(0, key.start - 64) : key.start].rpartition("\n")[2].strip(" \t-")
    begins = place.operator == ":" and place.spaced and not place.quoted_key and not line
    return _REST if begins and key.word.startswith("pass") else _BARE


def _quoted(text: str, start: int, quote: str) -> _Value:
    """Read up to the closing quote, or the end of the line where it is missing.

    A quote that n backslashes escape closes at one with n; inside it, JSON of one level deeper
    writes 2n+1, so a run of backslashes is counted modulo 2(n+1).
    """
    level = len(quote) - 1
    to_quote = _TO_QUOTE[quote[-1]]
    at = start
    while found := to_quote.match(text, at):
        end = found.end()
        if text[end : end + 1] != quote[-1]:
            return _Value(start, end)

        run = _backslashes(text, start, end)
        if run % (2 * (level + 1)) == level:
            return _Value(start, end - level, quote)
        at = end + 1

    return _Value(start, at)


def _backslashes(text: str, start: int, end: int) -> int:
    at = end
    while at > start and text[at - 1] == "\\":
        at -= 1

    return end - at


def _without_scheme(text: str, value: _Value) -> _Value:
    scheme = _SCHEME.match(text, value.start, value.end)
    return _Value(scheme.end(), value.end, value.quote) if scheme else value


def _is_secret(text: str, key: Key, place: _Place, value: _Value) -> bool:
    content = text[value.start : value.end]
    bare = place.operator == ":" and not (place.spaced or place.quoted_key or value.quote)
    if bare and is_tag(text, key, content):
        return False

    in_sentence = place.spaced and not value.quote and place.operator in (":", "flag")
    return not (
        says_nothing(content) or is_path(key, content) or (in_sentence and is_spoken(content))
    )


def _found(text: str, value: _Value) -> Found:
    content = text[value.start : value.end]
    return Found(value.start, value.end, _unescaped(content, value.quote))


def _unescaped(content: str, quote: str) -> str:
    """Undo JSON's escapes, once for each level, so that a secret has one mark however deep."""
    if "\\" not in content or quote[-1:] != '"':
        return content

    for _ in range(len(quote).bit_length()):
        try:
            content = json.loads(f'"{content}"')
        except ValueError:
            break

    return content
