"""LogQL for the lines that may tell of an error, in three kinds that share no line.

* labelled: Loki's own guess or a label says error
* unlabelled: nothing states a level, but the words or the frames of a trace do
* stated: Loki guessed a lesser level, and the line itself states an error

What a line really is, jamie_signals decides when it is read; these only find the candidates.
"""

from jamie_loki import logql

LEVEL_LABELS = ("level", "severity", "severity_text", "log_level", "lvl")
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
    r"|closed|missing|\b[45]\d\d\b|^[EF]\d{4} "
)
_FRAMES = r'^\s+File "|^\s*at [\w$.<>]+|^\s*Caused by|^goroutine \d|^\s+\S+\.go:\d+|\.rb:\d+:in '
_STATED = (
    r'^[EF]\d{4} \d\d:\d\d|(?i)["\s,{]"?(?:level|severity|lvl)"?\s*[=:]\s*"?'
    r"(?:error|err|fatal|critical|crit|panic|severe|[56]0\b)"
    r"|(?-i)(?:^|[\s\[(|:])(?:ERROR|FATAL|SEVERE|CRITICAL|PANIC|EMERG)(?:[\s\]):|,]|$)"
)


def labelled(selector: str) -> str:
    """Find the lines that Loki or a label calls an error."""
    return f"{selector} | {_any_is(ERRORS)}"


def unlabelled(selector: str) -> str:
    """Find the lines without a known level whose words sound like trouble."""
    filters = " | ".join(f"{label}!~{logql.string(KNOWN)}" for label in (GUESS, *LEVEL_LABELS))

    return f"{selector} |~ {logql.string(f'{_WORDS}|{_FRAMES}')} | {filters}"


def stated(selector: str) -> str:
    """Find the lines that state an error where Loki guessed less."""
    filters = " | ".join(f"{label}!~{logql.string(KNOWN)}" for label in LEVEL_LABELS)
    guessed = f"{GUESS}=~{logql.string(LESSER)}"

    return f"{selector} |~ {logql.string(_STATED)} | {guessed} | {filters}"


def warned(selector: str) -> str:
    """Find the lines that Loki or a label calls a warning."""
    return f"{selector} | {_any_is(WARNINGS)}"


KINDS = (labelled, unlabelled, stated)


def _any_is(levels: str) -> str:
    wanted = logql.string(levels)

    return " or ".join(f"{label}=~{wanted}" for label in (GUESS, *LEVEL_LABELS))
