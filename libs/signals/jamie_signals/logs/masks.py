"""What varies in a log line, replaced by what kind of thing it is."""

import re

_UNITS = r"(?:ns|us|µs|ms|s|sec|secs|seconds?|m|min|h|d|[KMGTP]i?B?|B|bytes|kB|%|x)"
_MASKS: tuple[tuple[str, str], ...] = (
    ("email", r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"),
    ("url", r"\b[a-z][a-z0-9+.-]{1,12}://[^\s\"'<>,;)\]]+"),
    ("uuid", r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"),
    (
        "time",
        r"\b\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[T_ :,]+\d{1,2}[:,]\d\d(?:[:,]\d\d(?:[.,]\d+)?)?"
        r"(?:\s?(?:Z|UTC|[+-]\d\d:?\d\d))?)?(?![\w-])"
        r"|\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?"
        r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
        r" {1,2}\d{1,2}(?:,? \d{4})? \d\d:\d\d:\d\d(?: [A-Z]{3,4})?(?: \d{4})?\b"
        r"|\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b",
    ),
    ("mac", r"\b(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}\b"),
    ("ip", r"(?<![\w.])/?(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?(?![\w.]*\w)"),
    (
        "ip",
        r"(?<![\w:.])(?:(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}"
        r"|(?:[0-9a-fA-F]{1,4}:){1,6}(?::[0-9a-fA-F]{1,4}){1,6}|(?:[0-9a-fA-F]{1,4}:){2,7}:)(?![\w:])",
    ),
    ("hex", r"\b0[xX][0-9a-fA-F]+\b"),
    ("hex", r"\b(?=[0-9a-fA-F]*\d)(?=[0-9]*[a-fA-F])[0-9a-fA-F]{8,}\b"),
    (
        "dur",
        r"(?<![\w.])[-+]?(?:\d+(?:\.\d+)?(?:h|ms|m|s|µs|us|ns)){1,4}(?![\w])",
    ),
    ("num", rf"(?<![\w.])[-+]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?{_UNITS}?(?![\w])"),
    ("num", r"\d{4,}"),  # inside words: core.2275; short ones stay, x509 and utf8 are names
)
_PATTERNS = tuple((f"<{name}>", re.compile(pattern)) for name, pattern in _MASKS)
_VARIES = re.compile(r"[\d@]|://|::")


def mask(text: str) -> str:
    """Replace addresses, identifiers, times, durations and numbers by their kinds.

    Paths and quoted text stay: a constant one says most about a line, and the miner sees for
    itself which of them vary.
    """
    if not _VARIES.search(text):
        return text

    for name, pattern in _PATTERNS:
        text = pattern.sub(name, text)

    return text
