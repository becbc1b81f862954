"""What the run before the last restart said and the present one does not, and the reverse."""

from collections.abc import Sequence

from jamie_kubernetes.answers import LogComparison, LogPattern
from jamie_kubernetes.facts.loglines import Found, shown_worst_first
from jamie_signals.logs import Miner

BEFORE = "before"
NOW = "now"


def compared(before: Sequence[Found], now: Sequence[Found], read: int) -> LogComparison:
    """Group the entries of both runs together; keep apart the kinds that only one of them has.

    `read` counts the lines of the present run.
    """
    miner = Miner()
    for run, entries in ((BEFORE, before), (NOW, now)):
        for one in entries:
            miner.add(one.message, at=one.line.at_ns, source=run, level=one.level)

    kinds = shown_worst_first(miner)
    return LogComparison(
        read=read,
        gone=_only(kinds, BEFORE),
        new=_only(kinds, NOW),
        shared=sum(len(one.sources) > 1 for one in kinds),
    )


def _only(kinds: Sequence[LogPattern], run: str) -> tuple[LogPattern, ...]:
    return tuple(one for one in kinds if one.sources == (run,))
