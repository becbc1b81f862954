"""Asking several things at once; the first failure ends the rest and comes out as it is."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import anyio

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")


async def together(works: Iterable[Callable[[], Awaitable[T]]]) -> list[T]:
    """Do all works at once and return their results in order.

    Raises the first failure; the others are cancelled.
    """
    waiting = list(works)
    landed: dict[int, T] = {}
    failed: list[Exception] = []

    async def run(index: int, work: Callable[[], Awaitable[T]]) -> None:
        # A task group would wrap the error, and only our own kind of error reaches the model.
        try:
            landed[index] = await work()
        except Exception as exc:
            failed.append(exc)
            group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        for index, work in enumerate(waiting):
            group.start_soon(run, index, work)

    if failed:
        raise failed[0]

    return [landed[index] for index in range(len(waiting))]


async def pair(
    first: Callable[[], Awaitable[A]], second: Callable[[], Awaitable[B]]
) -> tuple[A, B]:
    """Do two different things at once."""
    one: list[A] = []
    other: list[B] = []

    async def run_first() -> None:
        one.append(await first())

    async def run_second() -> None:
        other.append(await second())

    await together([run_first, run_second])

    return one[0], other[0]
