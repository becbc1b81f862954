"""The metrics API, which is not everywhere."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from jamie_base.errors import NotFound, Unreachable

T = TypeVar("T")

NOT_INSTALLED = "metrics API not installed"
NOT_ANSWERING = "metrics API installed but not answering"


async def measured(read: Callable[[], Awaitable[T]]) -> T | str:
    """Return what is measured, or why nobody measures it."""
    try:
        return await read()
    except NotFound:
        return NOT_INSTALLED
    except Unreachable as exc:
        # Only the aggregated API answers 503 while the API server itself is there.
        if "answered 503" not in str(exc):
            raise
        return NOT_ANSWERING
