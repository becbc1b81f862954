"""Text from elsewhere, made safe to show: no control characters, nothing that hides or reorders."""

import re

ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]"
)


def clean(text: str) -> str:
    """Remove terminal escapes, control, bidirectional and zero-width characters."""
    return UNSEEN.sub("", ESCAPE.sub("", text.replace("\r\n", "\n")))
