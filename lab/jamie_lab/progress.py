"""Progress lines: on stderr, so that stdout stays the answer."""

import sys


def say(text: str) -> None:
    """Write one line at once."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
