"""The gateway that tests break things with: it must break nothing else."""

import anyio
import httpx

from jamie_lab.waiting import until
from tests.kubernetes.gateway import Gateway, gateway


def well(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={})


async def test_a_client_that_asks_again_at_once_is_understood() -> None:
    async with gateway(httpx.MockTransport(well)) as door:
        async with await anyio.connect_tcp("127.0.0.1", httpx.URL(door.url).port or 0) as client:
            await client.send(b"GET /one HTTP/1.1\r\n\r\nGET /two HTTP/1.1\r\n\r\n")
            assert await until(lambda: has_answered(door, 2), 5, poll=0.01)

        asked = [(one.method, one.path, one.status) for one in door.exchanges]

    assert asked == [("GET", "/one", 200), ("GET", "/two", 200)]


async def has_answered(door: Gateway, number: int) -> bool:
    return sum(one.done for one in door.exchanges) == number
