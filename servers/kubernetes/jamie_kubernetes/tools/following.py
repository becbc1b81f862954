"""Following for a while: below the deadline of the call, its lines as progress while they come."""

import time
from typing import Annotated

import anyio
from pydantic import Field

from jamie_base.errors import InvalidArgument
from jamie_base.progress import progress
from jamie_base.text import count, shorten
from jamie_kubernetes.answers import Interruption
from jamie_kubernetes.facts.outages import Outages
from jamie_kubernetes.render.followed import HEARD_AGAIN, interrupted

LONGEST_SECONDS = 300

BEAT_SECONDS = 0.5
LINES_AT_ONCE = 20
LINE_CHARACTERS = 180

# Its bounds are not in the schema: there they would cost every request to a model.
Follow = Annotated[int, Field(description="Seconds to follow.")]


def checked(asked: int) -> int:
    """Return the seconds asked for.

    Raises:
        InvalidArgument: Nobody can follow for that long.

    """
    if not 0 <= asked <= LONGEST_SECONDS:
        raise InvalidArgument(
            f"follow={asked}: seconds, {LONGEST_SECONDS} at most; 0 does not follow."
        )

    return asked


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


class Hearing:
    """Whether what is followed can be heard now; who listens is told when that changes."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._outages = Outages()

    def lost(self, why: str) -> None:
        """Note that from now on nothing can be heard."""
        if not self._outages.is_open:
            self._teller.add(interrupted(why))
        self._outages.began(time.time_ns(), why)

    def back(self) -> None:
        """Note that it is heard again."""
        if self._outages.is_open:
            self._teller.add(HEARD_AGAIN)
        self._outages.over(time.time_ns())

    def interruptions(self) -> tuple[Interruption, ...]:
        """Return when it could not be heard, and why."""
        return self._outages.closed(time.time_ns())
