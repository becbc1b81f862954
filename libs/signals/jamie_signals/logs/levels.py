"""How bad a line says it is: its level, told by whoever wrote it and not by a word in passing."""

import re
from collections.abc import Mapping
from enum import StrEnum

from jamie_signals.logs.fields import Parsed, clean, parse, without_time


class Level(StrEnum):
    """A line's level."""

    FATAL = "fatal"
    ERROR = "error"
    WARN = "warn"
    INFO = "info"
    DEBUG = "debug"
    TRACE = "trace"
    UNKNOWN = "unknown"

    @property
    def severity(self) -> int:
        """Order levels: 6 is fatal, 1 is trace, 0 is unknown."""
        return _SEVERITIES[self]


_SEVERITIES = {level: 6 - index for index, level in enumerate(Level)}
_WORDS = {
    Level.FATAL: "fatal f critical crit emergency emerg alert panic dpanic f0",
    Level.ERROR: "error err e eror severe fail failure",
    Level.WARN: "warning warn w wrn",
    Level.INFO: "information info i inf informational notice note log",
    Level.DEBUG: "debug d dbg dbug fine d1 d2 d3 d4 d5",
    Level.TRACE: "trace t trc trce finest finer verbose v",
}
_NAMES = {word: level for level, words in _WORDS.items() for word in words.split()}
_LADDER = (Level.TRACE, Level.DEBUG, Level.INFO, Level.WARN, Level.ERROR, Level.FATAL)
_SYSLOG = (Level.FATAL,) * 3 + (Level.ERROR, Level.WARN, Level.INFO, Level.INFO, Level.DEBUG)
_LABELS = ("level", "severity", "lvl", "log_level", "loglevel", "severity_text")
_FIELDS = (
    *("level", "severity", "lvl", "levelname", "log_level", "loglevel", "logLevel", "log.level"),
    *("severity_text", "severityText", "SeverityText", "level_name", "Level", "LEVEL", "Severity"),
    *("@l", "PRIORITY", "severity_number", "severityNumber", "SeverityNumber"),
)
_OTEL_FIELDS = frozenset({"severity_number", "severityNumber", "SeverityNumber"})
_KLOG = re.compile(r"([IWEF])\d{4} \d\d:\d\d:\d\d\.\d")
_PRIORITY = re.compile(r"<(\d{1,3})>")
_LEADING = re.compile(
    r"\W{0,2}(?P<word>[A-Za-z]{3,11})\b(?:\[\d+\])?(?=[\]>)|:]|\s+[-\[|(:]|\s{2})"
    r"|(?P<upper>[A-Z]{4,11})\b(?![=/'-])"
    r"|\[(?P<letter>[EWIDFTV])\]|(?P<ruby>[EWIDF]), \[|(?P<android>[EWIDFV])/\w+"
)
_UPPER = re.compile(
    r"(?<![\w=/.\"'-])(?:(?P<level>FATAL|CRITICAL|CRIT|EMERG|PANIC|ERROR|SEVERE|WARN|WARNING|NOTICE"
    r"|INFO|DEBUG|TRACE|ERR|WRN|INF|DBG)(?![\w=/\"'-])"
    r"|\[(?P<bracketed>fatal|crit|critical|alert|emerg|error|err|warn|warning|notice|info|debug|trace)\])"
)
_UPPER_WITHIN = 120
_MOST_CHARS = 2_000
_HOST = re.compile(r"\S+ [\w./()-]+\[\d+\]: ")
_PROSE = re.compile(
    r"(?i)(?P<fatal>fatal\b)|(?P<warn>warning\b)|(?P<error>failed to |error\b"
    r"(?![-_ ](?:handl|report|page|rate|budget|count|code|log|free|track|metric)\w*))"
)
_PANIC = re.compile(r"panic: |fatal error: |Traceback \(most recent|Exception in thread ")
_BENIGN = re.compile(
    r"(?i)\b(?:no|0|zero|without(?: any)?)[ \t]+(?:\w+[ \t]+)?(?:errors?|failures?|fatal|panics?)\b"
    r"|\b(?:errors?|failed|failures?)\w*(?: \w+)?\s*[=:]\s*"
    r"(?:0\b|none\b|null\b|nil\b|false\b|\"\"|\[\]|<nil>)"
    r"|\b[\w.-]*(?:error|err|fail|fatal)[\w.-]*=\s*\"?[\d.]+"
    r"|[\w.%-]*/[\w./%?&=-]*(?:error|fail|fatal)[\w./%?&=-]*"
)
_ALARMING = re.compile(r"(?i)err|fail|fatal|crit|panic|exception|alert|emerg|severe")
_ZERO_BEFORE = re.compile(r"(?:\bno|\b0|\bzero|\bwithout)\s+$", re.IGNORECASE)


def level_of(
    line: str, labels: Mapping[str, str] | None = None, parsed: Parsed | None = None
) -> Level:
    """Tell a line's level; UNKNOWN where nobody says it.

    Asked in this order: the labels or structured metadata, the line's own field or prefix, then
    Loki's guess in `detected_level`, which is not believed when it only saw "0 errors". Pass
    `parsed` when the line was parsed before.
    """
    known = labels or {}
    labelled = _first(known, _LABELS)
    if labelled is not Level.UNKNOWN:
        return labelled

    written = level_of_line(line, parsed)
    return written if written is not Level.UNKNOWN else _believed(known, line)


def level_of_line(line: str, parsed: Parsed | None = None) -> Level:
    """Tell the level a line itself states, in a field, in a prefix or in its first words."""
    text = clean(line)
    if klog := _KLOG.match(text):
        return _NAMES[klog[1].lower()]

    read = parsed or parse(line)
    stated = _first(read.fields, _FIELDS)
    if stated is not Level.UNKNOWN:
        return stated
    if read.format == "json" and "s" in read.fields:
        return level_named(read.fields["s"])  # MongoDB

    return _level_of_text(read.message if read.format == "json" else text)


def level_named(value: str) -> Level:
    """Read a level's name or number: words, letters, pino, syslog; UNKNOWN when it is none."""
    text = value.strip().lower()
    if text.isascii() and text.isdecimal():
        return _numbered(int(text[:4]))

    return _NAMES.get(text, Level.UNKNOWN)


def _first(fields: Mapping[str, str], keys: tuple[str, ...]) -> Level:
    for key in keys:
        value = fields.get(key)
        level = _of_field(key, value) if value else Level.UNKNOWN
        if level is not Level.UNKNOWN:
            return level

    return Level.UNKNOWN


def _of_field(key: str, value: str) -> Level:
    if key in _OTEL_FIELDS and value.isdecimal():
        return _LADDER[min(max(int(value[:3]) - 1, 0) // 4, 5)]

    return level_named(value)


def _numbered(number: int) -> Level:
    """Read pino and bunyan (10 to 60), or syslog (0 to 7)."""
    if number < len(_SYSLOG):
        return _SYSLOG[number]

    return _LADDER[number // 10 - 1] if 10 <= number <= 69 else Level.UNKNOWN


def _level_of_text(text: str) -> Level:
    if priority := _PRIORITY.match(text):
        return _SYSLOG[int(priority[1]) & 7]

    rest = without_time(text)
    if rest != text and (host := _HOST.match(rest)):
        rest = rest[host.end() :]

    if _BENIGN.match(rest[:_MOST_CHARS]):
        return Level.UNKNOWN

    return _leading(rest) or _in_capitals(rest[:_UPPER_WITHIN]) or _in_prose(rest)


def _leading(text: str) -> Level | None:
    found = _LEADING.match(text)
    if not found or not found.lastgroup:
        return None

    return _NAMES.get(found[found.lastgroup].lower())


def _in_capitals(text: str) -> Level | None:
    """Take the first level written like one; an ERROR behind INFO is somebody's prose."""
    for found in _UPPER.finditer(text):
        if not _ZERO_BEFORE.search(text, 0, found.start()):
            return _NAMES[(found["level"] or found["bracketed"]).lower()]

    return None


def _in_prose(text: str) -> Level:
    """Believe the first words of a line that states no level, where they leave no doubt."""
    if _PANIC.match(text):
        return Level.FATAL if text.startswith(("panic", "fatal")) else Level.ERROR

    found = _PROSE.match(text)
    return Level(found.lastgroup) if found and found.lastgroup else Level.UNKNOWN


def _believed(labels: Mapping[str, str], line: str) -> Level:
    guess = level_named(labels.get("detected_level", ""))
    if guess.severity < Level.ERROR.severity:
        return guess

    return guess if _ALARMING.search(_BENIGN.sub(" ", line[:_MOST_CHARS])) else Level.UNKNOWN
