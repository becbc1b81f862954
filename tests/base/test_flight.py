"""Sharing identical work in flight."""

import anyio
import pytest

from jamie_base.flight import SingleFlight


class Work:
    """Counts how often it was started, and ends when let go."""

    def __init__(self) -> None:
        self.started = 0
        self.go = anyio.Event()

    async def __call__(self) -> int:
        self.started += 1
        await self.go.wait()
        return self.started


async def test_the_same_work_is_done_once() -> None:
    flights = SingleFlight[int]()
    work = Work()
    results: list[int] = []

    async def ask() -> None:
        results.append(await flights.run("key", work))

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        work.go.set()

    assert results == [1, 1, 1]


async def test_work_that_landed_is_done_again_for_the_next() -> None:
    flights = SingleFlight[int]()
    work = Work()
    work.go.set()

    assert [await flights.run("key", work), await flights.run("key", work)] == [1, 2]


async def test_other_work_does_not_wait() -> None:
    flights = SingleFlight[int]()
    waiting, free = Work(), Work()
    free.go.set()

    async with anyio.create_task_group() as group:
        group.start_soon(flights.run, "waiting", waiting)
        await anyio.wait_all_tasks_blocked()
        assert await flights.run("free", free) == 1
        waiting.go.set()


async def test_everybody_hears_of_a_failure() -> None:
    flights = SingleFlight[int]()
    go = anyio.Event()
    failures: list[str] = []

    async def fail() -> int:
        await go.wait()
        raise ValueError("broken")

    async def ask() -> None:
        with pytest.raises(ValueError, match="broken") as failure:
            await flights.run("key", fail)
        failures.append(str(failure.value))

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        go.set()

    assert failures == ["broken"] * 3


async def test_when_the_first_gives_up_another_takes_over() -> None:
    flights = SingleFlight[int]()
    work = Work()
    results: list[int] = []
    first = anyio.CancelScope()

    async def give_up() -> None:
        with first:
            await flights.run("key", work)

    async def ask() -> None:
        results.append(await flights.run("key", work))

    async with anyio.create_task_group() as group:
        group.start_soon(give_up)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(ask)
        group.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        first.cancel()
        await anyio.wait_all_tasks_blocked()
        work.go.set()

    assert results == [2, 2]
