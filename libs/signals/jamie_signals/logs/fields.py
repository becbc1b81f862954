"""One log line taken apart: what it says, and the fields it says it with."""

import re
from collections.abc import Iterator
from typing import Literal, cast

import msgspec

Format = Literal["json", "logfmt", "klog", "plain"]

MOST_FIELDS = 64
MOST_CHARS = 16_384
_DEEPEST = 4

MESSAGE_KEYS = (
    *("msg", "message", "MESSAGE", "@message", "@m", "short_message", "body", "Body"),
    *("log", "event", "text", "error", "err"),
)
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_CRI = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) (?:stdout|stderr) [FP] ?")
_PAIR = re.compile(r'(?<![^\s,;({\[])([A-Za-z_@][\w.\-/@]*)=("(?:[^"\\]|\\.)*"|[^\s,;]*)')
_LOGFMT_START = re.compile(r"[A-Za-z_@][\w.\-/@]*=")
_LOGFMT_KEY = re.compile(r'(?:^|\s)(?:level|lvl|msg|message)=(?:"|\S)')
_KLOG = re.compile(r"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ ([^\s\]]+:\d+)\] ?")
_KLOG_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_TIME = re.compile(
    r"\[?(?:\d{4}[-/]\d\d[-/]\d\d[T ,]?\s*\d\d:\d\d:\d\d(?:[.,]\d+)?(?:\s?(?:Z|UTC"
    r"|[+-]\d\d:?\d\d))?"
    r"|\d\d:\d\d:\d\d(?:[.,]\d+)?"
    r"|(?:[A-Z][a-z]{2},? )?[A-Z][a-z]{2}\s+\d{1,2} \d\d:\d\d:\d\d(?:\.\d+)?(?: \d{4})?)\]?[\s:|]*"
)
_DOCKER_KEYS = {"log", "stream", "time"}
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Parsed(msgspec.Struct, frozen=True):
    """A line's message and its fields, nested JSON keys joined with dots."""

    message: str
    fields: dict[str, str]
    format: Format


def parse(line: str) -> Parsed:
    """Read JSON, logfmt, klog or plain text, behind a container runtime's prefix or not.

    Never raises: what fits nothing is plain text. Plain text loses its leading time and keeps
    the `key=value` pairs it holds as fields too.
    """
    text = clean(line)
    if text.startswith("{") and (fields := _json_fields(text)):
        return _from_json(text, fields)
    if klog := _KLOG.match(text):
        return _from_klog(klog[1], text[klog.end() :])

    return _from_text(text)


def clean(line: str) -> str:
    """Drop colours, a container runtime's prefix and the blanks around a line."""
    return unwrapped(line).strip()


def unwrapped(line: str) -> str:
    """Drop colours and a container runtime's prefix, but keep the indentation."""
    text = line[:MOST_CHARS]
    if "\x1b" in text:
        text = _ANSI.sub("", text)

    cri = _CRI.match(text)
    return text[cri.end() :] if cri else text


def without_time(text: str) -> str:
    """Drop a time at the start of a line."""
    found = _TIME.match(text)
    return text[found.end() :] if found else text


def _from_json(text: str, fields: dict[str, str]) -> Parsed:
    if set(fields) == _DOCKER_KEYS and not fields["log"].startswith('{"log"'):
        return parse(fields["log"])

    return Parsed(_message(fields) or text, fields, "json")


def _from_klog(source: str, text: str) -> Parsed:
    quoted = _KLOG_QUOTED.match(text)
    if not quoted:
        return Parsed(text, {"source": source}, "klog")

    pairs = dict(_pairs(text[quoted.end() :]))
    return Parsed(_unescaped(quoted[1]), {"source": source, **pairs}, "klog")


def _from_text(text: str) -> Parsed:
    if "=" not in text:
        return _plain(text)

    fields = dict(_pairs(text))
    looks_like_logfmt = _LOGFMT_START.match(text) and len(fields) > 1
    if fields and (looks_like_logfmt or _LOGFMT_KEY.search(text)):
        return Parsed(_message(fields) or text, fields, "logfmt")

    return Parsed(without_time(text), fields, "plain")


def _plain(text: str) -> Parsed:
    return Parsed(without_time(text), {}, "plain")


def _message(fields: dict[str, str]) -> str:
    return next((fields[key] for key in MESSAGE_KEYS if fields.get(key)), "")


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for count, pair in enumerate(_PAIR.finditer(text)):
        if count == MOST_FIELDS:
            return
        value = pair[2]
        yield pair[1], _unescaped(value[1:-1]) if len(value) > 1 and value[0] == '"' else value


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), text)


def _json_fields(text: str) -> dict[str, str]:
    try:
        value: object = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}

    return dict(pair for pair, _ in zip(_flat(value, "", 0), range(MOST_FIELDS), strict=False))


def _flat(value: object, key: str, depth: int) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict) or depth == _DEEPEST:
        yield key, _written(cast(object, value))
        return

    for name, inner in cast(dict[str, object], value).items():
        yield from _flat(inner, f"{key}.{name}" if key else name, depth + 1)


def _written(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""

    return msgspec.json.encode(value).decode()
