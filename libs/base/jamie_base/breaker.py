"""Not waiting again and again for a backend that is not there."""

import time
from dataclasses import dataclass

FAILURES_TO_OPEN = 3
SHORTEST_SECONDS = 0.25
LONGEST_SECONDS = 5.0


@dataclass
class Breaker:
    """Counts connection failures in a row; after three, calls fail at once for a while.

    That is as long as the last failure took: a refused connection costs next to nothing to try
    again, one that nobody answers costs its whole timeout. Slow queries and refusals are answers:
    they close it.
    """

    failures: int = 0
    reason: str = ""
    open_until: float = 0.0

    @property
    def is_tripped(self) -> bool:
        """Tell whether the backend was gone when last tried."""
        return self.failures >= FAILURES_TO_OPEN

    @property
    def rest(self) -> float:
        """Return for how many seconds more to fail at once."""
        return max(0.0, self.open_until - time.monotonic())

    def answered(self) -> None:
        """Note that the backend is there."""
        self.failures = 0
        self.open_until = 0.0

    def failed(self, reason: str, seconds: float) -> None:
        """Note that no connection could be made, and how long it took to find out."""
        self.failures += 1
        self.reason = reason
        if self.is_tripped:
            pause = min(max(seconds, SHORTEST_SECONDS), LONGEST_SECONDS)
            self.open_until = time.monotonic() + pause
