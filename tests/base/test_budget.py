"""How much of a call's time its parts may take."""

import anyio
import pytest

from jamie_base.budget import share_of_time


async def share(most: float) -> float:
    await anyio.lowlevel.checkpoint()

    return share_of_time(most)


async def test_a_part_leaves_the_call_some_seconds() -> None:
    with anyio.move_on_after(30):
        assert await share(100) == pytest.approx(25, abs=0.5)
        assert await share(10) == 10


async def test_of_little_time_a_part_gets_half() -> None:
    with anyio.move_on_after(4):
        assert await share(100) == pytest.approx(2, abs=0.2)


async def test_a_part_of_a_part_leaves_it_some_seconds_too() -> None:
    with anyio.move_on_after(30), anyio.move_on_after(20):
        assert await share(100) == pytest.approx(15, abs=0.5)


async def test_without_a_deadline_it_is_what_the_part_wants() -> None:
    assert await share(25) == 25


async def test_when_the_time_is_over_there_is_none() -> None:
    late = anyio.current_time() + 0.01
    with anyio.CancelScope(deadline=late):
        try:
            await anyio.sleep(1)
        finally:
            assert share_of_time(25) == 0
