"""Wait for a condition, with a deadline."""

from collections.abc import Awaitable, Callable

import anyio

Condition = Callable[[], Awaitable[bool]]

POLL_SECONDS = 0.2
PATIENCE_SECONDS = 120.0
"""Several times what anything here takes, even on a small and busy machine."""


async def until(
    condition: Condition, seconds: float = PATIENCE_SECONDS, poll: float = POLL_SECONDS
) -> bool:
    """Ask until the condition holds; False when it still does not after so many seconds."""
    with anyio.move_on_after(seconds):
        while True:
            if await condition():
                return True
            await anyio.sleep(poll)

    return False
