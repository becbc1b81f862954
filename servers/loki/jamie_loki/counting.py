"""Counting lines in Loki itself, exactly and over the very window that was asked."""

import re

from jamie_base.errors import BackendError, Denied, Unreachable
from jamie_base.when import Window
from jamie_loki.client import Limits, Loki
from jamie_loki.paging import MILLISECOND, pieces

_LABEL_STAGE = re.compile(r"\|\s*[A-Za-z_(]")
_FORGIVE = "\n| drop __error__, __error_details__"
"""Count a line that a parser fails on too: it is shown, so it is counted."""


def ranged(query: str, window: Window) -> str:
    """Write a log query over the window, to be asked at `asked_at`."""
    forgive = _FORGIVE if _LABEL_STAGE.search(query) else "\n"

    return f"{query}{forgive} [{(window.end_ns - window.start_ns) // MILLISECOND}ms]"


def asked_at(window: Window) -> int:
    """Return the instant whose range is exactly the window.

    A range leaves out its start and takes in its end, a window the other way round.
    """
    return window.end_ns - 1


async def count_by(
    loki: Loki, query: str, by: str, window: Window, limits: Limits
) -> dict[tuple[str, ...], int]:
    """Count the lines of a log query by labels (comma separated, "" for all together).

    Raises:
        BackendError: Loki refuses, for one because there are more groups than its limit.

    """
    names = [name.strip() for name in by.split(",") if name.strip()]
    counts: dict[tuple[str, ...], int] = {}
    for part in pieces(window, limits.length_ns):
        expression = f"sum by ({', '.join(names)}) (count_over_time({ranged(query, part)}))"
        for row in (await loki.at(expression, asked_at(part))).series:
            key = tuple(row.labels.get(name, "") for name in names)
            counts[key] = counts.get(key, 0) + round(row.points[0][1])

    return counts


async def count(loki: Loki, query: str, window: Window, limits: Limits) -> int | None:
    """Count the lines of a log query; None where Loki refuses to count what it would show.

    Raises:
        Unreachable, Denied: Loki does not answer us.

    """
    try:
        return sum((await count_by(loki, query, "", window, limits)).values())
    except (Unreachable, Denied):
        raise
    except BackendError:
        return None
