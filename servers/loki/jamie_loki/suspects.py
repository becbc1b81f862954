"""LogQL for the lines that may tell of an error, in three kinds that share no line.

* labelled: Loki's own guess or a label says error
* unlabelled: nothing states a level, but the words or the frames of a trace do
* stated: Loki guessed a lesser level, and the line itself states an error

What a line really is, jamie_signals decides when it is read; these only find the candidates. Label
filters come first: they are cheap, and leave few lines to the regular expressions.
"""

from collections.abc import Callable, Sequence

from jamie_loki import logql

LEVEL_LABELS = ("level", "severity", "severity_text", "log_level", "lvl")
"""Labels that state a level; `labels` below are those of them that a Loki has."""

GUESS = "detected_level"

ERRORS = "(?i)(error|err|eror|fatal|critical|crit|panic|emerg|emergency|alert|severe)"
WARNINGS = "(?i)(warn|warning|wrn)"
LESSER = "(?i)(warn|warning|wrn|info|information|inf|notice|debug|dbg|trace|trc|verbose)"
KNOWN = f"{ERRORS}|{LESSER}"

_WORDS = (
    r"(?i)error|exception|fatal|panic|fail|traceback|severe|critical|emerg|denied|refused|unreach"
    r"|time[d]?[ -]?out|deadline|out of memory|oom|no space|enospc|disk|deadlock|rate.?limit"
    r"|too many|throttl|exhausted|no such|not found|enoent|resolve|resolution|nxdomain|x509"
    r"|certificate|ssl|tls|pkix|quota|reset|broken pipe|eof|hang ?up|no route|sqlstate|ora-"
    r"|violates|duplicate key|does not exist|forbidden|unauthor|not (?:allowed|permitted)|invalid"
    r"|expired|circuit|unhealthy|unavailable|segmentation|sigsegv|core dumped|nil pointer"
    r"|crash|unhandled|uncaught|terminated|exit(?:ed)? |assert|malformed|unexpected|abort|lost"
    r'|closed|missing|http/[\d.]+"? 5\d\d|(?:status|code|http|response|answered|got)\W{1,6}[45]\d\d'
)
_FRAMES = (
    r'^\s+File "|^\s+raise |^\s*at [\w$.<>]+|^\s*Caused by|^goroutine \d|^\s+\S+\.go:\d+'
    r"|\.rb:\d+:in "
)
_PREFIXED = r"^[EF]\d{4} \d\d:\d\d"
_STATED = (
    r"(?:^|[\s\[(|:])(?:ERROR|FATAL|SEVERE|CRITICAL|PANIC|EMERG)(?:[\s\]):|,]|$)"
    r'|"(?:level|severity)":\s*[56]0\b|"(?:levelname|log\.level|severityText|@l)":\s*"(?:[Ee]|[Ff])'
)

Query = Callable[[str, Sequence[str]], str]
"""Makes a log query of a selector and the level labels there are."""


def labelled(selector: str, labels: Sequence[str]) -> str:
    """Find the lines that Loki or a label calls an error."""
    return f"{selector} | {_any_is(ERRORS, labels)}"


def unlabelled(selector: str, labels: Sequence[str]) -> str:
    """Find the lines without a known level whose words sound like trouble."""
    words = logql.string(f"{_WORDS}|{_PREFIXED}|{_FRAMES}")

    return f"{selector} | {_none_is(KNOWN, (GUESS, *labels))} |~ {words}"


def stated(selector: str, labels: Sequence[str]) -> str:
    """Find the lines that state an error where Loki guessed less."""
    guessed = " | ".join(
        filter(None, [f"{GUESS}=~{logql.string(LESSER)}", _none_is(KNOWN, labels)])
    )

    return f"{selector} | {guessed} |~ {logql.string(f'{_PREFIXED}|{_STATED}')}"


def warned(selector: str, labels: Sequence[str]) -> str:
    """Find the lines that Loki or a label calls a warning."""
    return f"{selector} | {_any_is(WARNINGS, labels)}"


KINDS: tuple[Query, ...] = (labelled, unlabelled, stated)


def _any_is(levels: str, labels: Sequence[str]) -> str:
    return " or ".join(f"{label}=~{logql.string(levels)}" for label in (GUESS, *labels))


def _none_is(levels: str, labels: Sequence[str]) -> str:
    return " | ".join(f"{label}!~{logql.string(levels)}" for label in labels)
