"""The lines that came while following: the newest are kept, what had to go is counted."""

from collections import deque

from jamie_kubernetes.facts.loglines import Raw

KEPT_LINES = 40_000
KEPT_BYTES = 16 * 1024 * 1024


class Harvest:
    """Keeps the newest lines of all sources together, within a bound."""

    def __init__(self, lines: int = KEPT_LINES, size: int = KEPT_BYTES) -> None:
        self._kept: deque[tuple[str, Raw]] = deque()
        self._lines = lines
        self._room = size
        self.counts: dict[str, int] = {}
        self.dropped = 0

    def add(self, source: str, line: Raw) -> None:
        """Keep a line; the oldest go where there is no room."""
        self.counts[source] = self.counts.get(source, 0) + 1
        self._kept.append((source, line))
        self._room -= len(line.text)
        while len(self._kept) > self._lines or (self._room < 0 and len(self._kept) > 1):
            _, oldest = self._kept.popleft()
            self._room += len(oldest.text)
            self.dropped += 1

    def by_source(self) -> dict[str, list[Raw]]:
        """Return the lines kept of each source, in the order they came."""
        found: dict[str, list[Raw]] = {}
        for source, line in self._kept:
            found.setdefault(source, []).append(line)

        return found
