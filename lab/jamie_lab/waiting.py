"""Wait for a condition, with a deadline."""

from collections.abc import Awaitable, Callable

import anyio

Condition = Callable[[], Awaitable[bool]]

POLL_SECONDS = 0.2


async def until(condition: Condition, seconds: float, poll: float = POLL_SECONDS) -> bool:
    """Ask until the condition holds; False when it still does not after so many seconds."""
    with anyio.move_on_after(seconds):
        while True:
            if await condition():
                return True
            await anyio.sleep(poll)

    return False
