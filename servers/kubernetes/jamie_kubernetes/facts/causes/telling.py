"""Phrases that the evidence of several causes shares."""

from collections.abc import Sequence

from jamie_base.text import join_words
from jamie_base.when import Nanoseconds, age
from jamie_kubernetes.facts.event_index import Happening

NAMES_SHOWN = 4
_SECOND = 1_000_000_000


def happened(one: Happening, now_ns: Nanoseconds) -> str:
    """Say how often an event came, and when last: `event FailedCreate x12, last 20s ago`."""
    return f"event {one.reason} x{one.count}, last {ago(one.last_ns, now_ns)}"


def ago(at_ns: Nanoseconds, now_ns: Nanoseconds) -> str:
    """Say how long ago."""
    return f"{age(round(max(now_ns - at_ns, 0) / _SECOND))} ago"


def named(names: Sequence[str]) -> str:
    """Name a few, and count the rest."""
    more = len(names) - NAMES_SHOWN
    return join_words([*names[:NAMES_SHOWN], *([f"{more} more"] if more > 0 else [])])
