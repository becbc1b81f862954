"""Following one container's lines across broken streams: nothing twice, nothing lost.

The API server can go on from a second only, so what was seen of that second comes again.
"""

from collections import Counter
from collections.abc import Iterable

from jamie_base.when import SECOND, Nanoseconds, to_rfc3339
from jamie_kubernetes.facts.loglines import Raw


class Trail:
    """Which lines of a container were seen; `before` are those that were there already."""

    def __init__(self, before: Iterable[Raw] = ()) -> None:
        self._latest: Nanoseconds = 0
        self._recent: Counter[Raw] = Counter()
        for line in before:
            self._note(line)
        self._start = self._latest
        self._again: Counter[Raw] = Counter()

    @property
    def since(self) -> str:
        """Return from when on to read; empty where nothing was seen yet."""
        return to_rfc3339(self._latest // SECOND * SECOND) if self._latest else ""

    def resume(self) -> None:
        """Expect the lines of the last second seen to come again."""
        self._again = Counter(self._recent)

    def is_new(self, line: Raw) -> bool:
        """Tell whether a line was not seen before, and note that now it was."""
        if self._again[line] > 0:
            self._again[line] -= 1
            return False
        if line.at_ns and line.at_ns < self._start:
            return False

        self._note(line)
        return True

    def _note(self, line: Raw) -> None:
        if line.at_ns // SECOND > self._latest // SECOND:
            self._recent.clear()
        self._latest = max(self._latest, line.at_ns)
        self._recent[line] += 1
