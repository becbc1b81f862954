"""When what is followed could not be heard, and why."""

from jamie_base.when import SECOND, Nanoseconds
from jamie_kubernetes.answers import Interruption

KEPT = 20


class Outages:
    """Interruptions of one follow; while one lasts, more reasons for it are not counted again."""

    def __init__(self) -> None:
        self.found: list[Interruption] = []
        self.more = 0
        self._since: Nanoseconds = 0
        self._why = ""

    @property
    def is_open(self) -> bool:
        """Tell whether nothing can be heard now."""
        return bool(self._since)

    def began(self, at_ns: Nanoseconds, why: str) -> None:
        """Note that from now on nothing can be heard."""
        if not self._since:
            self._since, self._why = at_ns, why

    def over(self, at_ns: Nanoseconds) -> None:
        """Note that it is heard again."""
        if not self._since:
            return

        if len(self.found) < KEPT:
            seconds = (at_ns - self._since) / SECOND
            self.found.append(Interruption(self._since, round(seconds, 1), self._why))
        else:
            self.more += 1
        self._since = 0

    def closed(self, at_ns: Nanoseconds) -> tuple[Interruption, ...]:
        """Return all of them, one that still lasts marked as such."""
        if self._since:
            seconds = (at_ns - self._since) / SECOND
            last = Interruption(self._since, round(seconds, 1), self._why, lasting=True)
            return (*self.found, last)

        return tuple(self.found)
