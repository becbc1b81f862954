"""Asking several things at once, with plain errors."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

T = TypeVar("T")


async def gather(*asks: Callable[[], Awaitable[T]]) -> list[T]:
    """Return every answer in order; the first failure stops the rest and is raised as it is.

    A task group wraps what its tasks raise, so the error is carried out beside it.
    """
    answers: dict[int, T] = {}
    failures: list[Exception] = []

    async def run(place: int, ask: Callable[[], Awaitable[T]]) -> None:
        try:
            answers[place] = await ask()
        except Exception as exc:
            failures.append(exc)
            group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        for place, ask in enumerate(asks):
            group.start_soon(run, place, ask)

    if failures:
        raise failures[0]

    return [answers[place] for place in range(len(asks))]


async def while_asking(ask: Callable[[], Awaitable[T]], aside: Callable[[], Awaitable[None]]) -> T:
    """Return what `ask` answers, with `aside` done at the same time."""
    answers: list[T] = []

    async def run() -> None:
        answers.append(await ask())

    await gather(run, aside)

    return answers[0]
