"""Wait for a condition, with a deadline."""

import time
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


def wait_until(holds: Callable[[], bool], otherwise: str) -> None:
    """Ask until it holds, without an event loop.

    Raises:
        TimeoutError: It still does not after all our patience; with the words given.

    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(POLL_SECONDS)
