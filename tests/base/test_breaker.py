"""A backend that is not there: not waited for again and again, and heard as soon as it is back."""

import anyio
import anyio.lowlevel
import msgspec
import pytest

from jamie_base.backend import HttpBackend
from jamie_base.breaker import Breaker
from jamie_base.errors import Unreachable
from jamie_base.settings import HttpSource
from tests.loopback import Stream, listening


class Thing(msgspec.Struct):
    name: str


class Thingy(HttpBackend):
    kind = "Thingy"


async def answer(stream: Stream, request: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\n"
    await stream.send(head + b'{"name":"a"}')


async def test_a_refused_connection_says_so_and_is_not_tried_again_for_a_moment() -> None:
    thingy = Thingy(HttpSource(url="http://127.0.0.1:9"))
    with pytest.raises(Unreachable, match=r"Thingy at http://127.0.0.1:9 does not answer") as first:
        await thingy.fetch("/x", answer=Thing)
    with pytest.raises(Unreachable, match=r"not tried again for 0\.\d s"):
        await thingy.fetch("/x", answer=Thing)

    assert "Is it running, and the URL right?" in str(first.value)
    await thingy.aclose()


async def test_a_backend_that_is_back_is_heard_at_once() -> None:
    async with listening(answer) as url:
        pass
    thingy = Thingy(HttpSource(url=url))
    with pytest.raises(Unreachable):
        await thingy.fetch("/x", answer=Thing)

    async with listening(answer, port=int(url.rpartition(":")[2])):
        with anyio.fail_after(2):
            assert await patiently(thingy) == Thing("a")
    await thingy.aclose()


async def patiently(thingy: Thingy) -> Thing:
    while True:
        try:
            return await thingy.fetch("/x", answer=Thing)
        except Unreachable:
            await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize(
    ("took", "pause"), [(0.001, 0.25), (3.0, 3.0), (60.0, 5.0)], ids=["refused", "slow", "silent"]
)
def test_what_took_long_to_fail_is_left_alone_as_long(took: float, pause: float) -> None:
    breaker = Breaker()
    for _ in range(2):
        breaker.failed("no", took)
    assert not breaker.rest

    breaker.failed("no", took)

    assert breaker.rest == pytest.approx(pause, abs=0.2)
    breaker.answered()
    assert not breaker.rest
    assert not breaker.is_tripped
