"""Asking several things at once."""

import anyio
import pytest

from jamie_base.errors import NotFound
from jamie_base.together import pair, together


async def say(word: str) -> str:
    return word


async def test_results_come_in_order_whoever_is_first() -> None:
    gate = anyio.Event()

    async def late() -> str:
        await gate.wait()
        return "late"

    async def early() -> str:
        gate.set()
        return "early"

    assert await together(late, early) == ["late", "early"]


async def test_nothing_to_do_is_done_at_once() -> None:
    assert await together() == []


async def test_the_first_failure_comes_out_as_it_is_and_ends_the_rest() -> None:
    ended = anyio.Event()

    async def fail() -> str:
        raise NotFound("no such thing")

    async def wait() -> str:
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()
        return ""

    with pytest.raises(NotFound, match="no such thing"):
        await together(wait, fail)

    assert ended.is_set()


async def test_two_of_different_kinds_keep_their_kinds() -> None:
    async def number() -> int:
        return 7

    async def word() -> str:
        return "seven"

    assert await pair(number, word) == (7, "seven")
