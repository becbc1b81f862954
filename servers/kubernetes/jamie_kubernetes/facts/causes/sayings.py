"""Tables that tell a cause by what was said: the first row whose pattern is in it."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from jamie_kubernetes.facts.causes.container_causes import ContainerCause


class Row(NamedTuple):
    """What words mean, and what to do."""

    pattern: re.Pattern[str]
    cause: ContainerCause
    words: str
    remedy: str


def rows(*table: tuple[str, ContainerCause, str, str]) -> tuple[Row, ...]:
    """Return a table; the pattern of its last row is empty, so that one is always found."""
    return tuple(
        Row(re.compile(pattern, re.IGNORECASE), cause, words, remedy)
        for pattern, cause, words, remedy in table
    )


def row_of(table: Sequence[Row], text: str) -> Row:
    """Return what a text means."""
    return next(row for row in table if row.pattern.search(text))
