"""Not waiting again and again for a backend that is not there."""

import time
from dataclasses import dataclass

FAILURES_TO_OPEN = 3
OPEN_SECONDS = 5.0


@dataclass
class Breaker:
    """Counts connection failures in a row; after three, calls fail at once for five seconds.

    Slow queries and refusals are answers: they close it.
    """

    failures: int = 0
    reason: str = ""
    open_until: float = 0.0

    @property
    def is_open(self) -> bool:
        """Tell whether to fail at once."""
        return time.monotonic() < self.open_until

    def answered(self) -> None:
        """Note that the backend is there."""
        self.failures = 0
        self.open_until = 0.0

    def failed(self, reason: str) -> None:
        """Note that no connection could be made."""
        self.failures += 1
        self.reason = reason
        if self.failures >= FAILURES_TO_OPEN:
            self.open_until = time.monotonic() + OPEN_SECONDS
