"""Sharing identical work in flight.

The first caller does the work; the others wait for its result. When the first is cancelled, one of
the waiting starts again: no work runs outside a caller's own block.
"""

from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

import anyio

T = TypeVar("T")


class Landed(Generic[T]):
    """How a flight ended: with a value, an error, or neither because its caller was cancelled."""

    def __init__(self) -> None:
        self.event = anyio.Event()
        self.value: list[T] = []
        self.error: Exception | None = None


class SingleFlight(Generic[T]):
    """Work in flight, by key."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, Landed[T]] = {}

    async def run(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """Do `work`, or wait for the same work already in flight and share its outcome."""
        while flight := self._flights.get(key):
            await flight.event.wait()
            if flight.error is not None:
                raise flight.error
            if flight.value:
                return flight.value[0]

        return await self._fly(key, work)

    async def _fly(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        flight = self._flights[key] = Landed[T]()
        try:
            flight.value.append(await work())
        except Exception as exc:
            flight.error = exc
            raise
        finally:
            del self._flights[key]
            flight.event.set()

        return flight.value[0]
