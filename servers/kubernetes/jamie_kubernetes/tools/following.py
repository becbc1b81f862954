"""Following for a while: below the deadline of the call, its lines as progress while they come."""

import time
from typing import Annotated

import anyio
from pydantic import Field

from jamie_base.errors import InvalidArgument
from jamie_base.progress import progress
from jamie_base.text import count, shorten
from jamie_kubernetes.client import Cluster

LONGEST_SECONDS = 300

MARGIN_SECONDS = 5.0
"""What the rest of the call may take."""

BEAT_SECONDS = 0.5
LINES_AT_ONCE = 20
LINE_CHARACTERS = 180

# Its bounds are not in the schema: there they would cost every request to a model.
Follow = Annotated[int, Field(description="Seconds to follow.")]


class Patience:
    """How long a call may follow: as asked, but below its deadline, which began with it.

    Raises:
        InvalidArgument: Nobody can follow for that long.

    """

    def __init__(self, cluster: Cluster, asked: int) -> None:
        if not 0 <= asked <= LONGEST_SECONDS:
            raise InvalidArgument(
                f"follow={asked}: seconds, {LONGEST_SECONDS} at most; 0 does not follow."
            )

        self._started = time.monotonic()
        self._most = max(1.0, cluster.deadline - MARGIN_SECONDS)
        self.asked = asked

    @property
    def left(self) -> float:
        """Return for how many seconds to follow from now on."""
        return max(0.5, min(self.asked, self._most - (time.monotonic() - self._started)))


class Teller:
    """Sends lines as progress, twice a second at most, and the first few of many."""

    def __init__(self) -> None:
        self._waiting: list[str] = []
        self._more = 0

    def add(self, line: str) -> None:
        """Take a line to send."""
        if len(self._waiting) < LINES_AT_ONCE:
            self._waiting.append(shorten(" ".join(line.split()), LINE_CHARACTERS))
        else:
            self._more += 1

    async def run(self) -> None:
        """Send what comes, until cancelled."""
        while True:
            await anyio.sleep(BEAT_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Send what waits."""
        if not self._waiting:
            return

        more = [f"(and {count('more line', self._more)})"] if self._more else []
        lines, self._waiting, self._more = [*self._waiting, *more], [], 0
        await progress("\n".join(lines))
