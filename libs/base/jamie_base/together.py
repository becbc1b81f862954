"""Asking several things at once; the first failure ends the rest and comes out as it is."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")

Work = Callable[[], Awaitable[T]]


async def together(*works: Work[T]) -> list[T]:
    """Do all works at once and return their results in order.

    Raises the first failure; the others are cancelled.
    """
    landed: dict[int, T] = {}
    failed: list[Exception] = []

    async def run(place: int, work: Work[T]) -> None:
        # A task group would wrap the error, and only our own kind of error reaches the model.
        try:
            landed[place] = await work()
        except Exception as exc:
            failed.append(exc)
            group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        for place, work in enumerate(works):
            group.start_soon(run, place, work)

    if failed:
        raise failed[0]

    return [landed[place] for place in range(len(works))]


async def pair(first: Work[A], second: Work[B]) -> tuple[A, B]:
    """Do two different things at once and return both results.

    Raises the first failure; the other is cancelled.
    """
    one: list[A] = []
    other: list[B] = []

    async def run_first() -> None:
        one.append(await first())

    async def run_second() -> None:
        other.append(await second())

    await together(run_first, run_second)

    return one[0], other[0]
