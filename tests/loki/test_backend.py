"""Lokis that misbehave, through the server's door."""

import anyio
import anyio.abc
import httpx
import pytest
from mcp.client import Client

from tests.asking import refused
from tests.loki.conftest import Build
from tests.loki.pretend import PretendedLoki
from tests.loopback import Stream, listening

TOOLS: list[tuple[str, dict[str, str]]] = [
    ("loki_errors", {}),
    ("loki_query", {"logql": '{namespace="shop"}'}),
    ("loki_query", {"logql": 'rate({namespace="shop"}[1m])'}),
    ("loki_labels", {}),
    ("loki_labels", {"label": "app"}),
]


def head(content_type: str, length: int) -> bytes:
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n"
        "Connection: close\r\n\r\n"
    ).encode()


@pytest.mark.parametrize(("tool", "arguments"), TOOLS)
async def test_a_web_page_is_called_one(
    server: Build, tool: str, arguments: dict[str, str]
) -> None:
    page = b"<html><title>Sign in</title></html>"

    async def serve(stream: Stream, _: bytes) -> None:
        await stream.send(head("text/html", len(page)) + page)

    async with listening(serve) as url, Client(server(url=url)) as client:
        text = await refused(client, tool, **arguments)

    assert f"Loki at {url} answered a web page ('Sign in'), not its API." in text


@pytest.mark.parametrize("body", [b"\x00\xff\xfe garbage", b"[]", b'{"status":"success"}', b"{}"])
async def test_garbage_is_refused_with_how_it_begins(server: Build, body: bytes) -> None:
    async def serve(stream: Stream, _: bytes) -> None:
        await stream.send(head("application/json", len(body)) + body)

    async with listening(serve) as url, Client(server(url=url)) as client:
        text = await refused(client, "loki_query", logql='{namespace="shop"}')

    assert f"Loki at {url} answered something other than the JSON expected" in text


async def test_a_result_that_is_not_what_it_says_is_refused(
    loki: PretendedLoki, server: Build
) -> None:
    data = {"resultType": "streams", "result": [{"stream": {"a": "b"}, "values": [[1, 2, 3]]}]}
    loki.refusals["/query_range"] = httpx.Response(200, json={"status": "success", "data": data})

    async with Client(server()) as client:
        text = await refused(client, "loki_query", logql='{namespace="shop"}')

    assert "answered a result that is no 'streams'" in text


@pytest.mark.parametrize(("tool", "arguments"), TOOLS)
async def test_a_loki_that_hangs_is_left_after_the_timeout(
    server: Build, tool: str, arguments: dict[str, str]
) -> None:
    async def hang(stream: Stream, request: bytes) -> None:
        await anyio.sleep_forever()

    async with listening(hang) as url, Client(server(url=url, timeout=0.2)) as client:
        with anyio.fail_after(5):
            text = await refused(client, tool, **arguments)

    assert "--timeout" in text


@pytest.mark.parametrize(("tool", "arguments"), TOOLS)
async def test_a_loki_that_is_down_is_named_with_its_address(
    server: Build, tool: str, arguments: dict[str, str]
) -> None:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)

    async with Client(server(url=f"http://127.0.0.1:{port}")) as client:
        text = await refused(client, tool, **arguments)

    assert f"Loki at http://127.0.0.1:{port} does not answer" in text


async def test_a_flood_is_refused_while_it_streams(server: Build) -> None:
    sent = 0

    async def flood(stream: Stream, request: bytes) -> None:
        nonlocal sent
        await stream.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
        )
        for _ in range(500):
            await stream.send(b" " * 1024 * 1024)
            sent += 1

    async with (
        listening(flood) as url,
        Client(server(url=url, max_reply=2 * 1024 * 1024)) as client,
    ):
        text = await refused(client, "loki_labels")

    assert "larger than the 2 MiB we read" in text
    assert sent < 100


@pytest.mark.parametrize(
    ("status", "words", "said"),
    [
        (
            400,
            "the query time range exceeds the limit (query length: 54271h11m45s, limit: 30d1h)",
            "limit: 30d1h)\nShorten the window.",
        ),
        (
            400,
            "queries require at least one regexp or equality matcher that does not have an"
            ' empty-compatible value. For instance, app=~".*" does not meet this requirement',
            'Select at least by {service_name=~".+"}.',
        ),
        (
            400,
            "maximum number of series (500) reached for a single query; consider reducing",
            "write sum by (service_name) (...).",
        ),
        (401, "no org id", "This Loki has tenants: set --tenant."),
        (
            400,
            "the query would read too many bytes (query: 1 TB, limit: 10 GB); consider adding",
            "Narrow the selector or shorten the window.",
        ),
        (
            504,
            "request timed out, decrease the duration of the request or add more label matchers",
            "decrease the duration of the request",
        ),
    ],
)
async def test_refusals_keep_their_words_and_gain_the_way_out(
    loki: PretendedLoki, server: Build, status: int, words: str, said: str
) -> None:
    loki.refusals["/query_range"] = httpx.Response(status, text=words)

    async with Client(server()) as client:
        text = await refused(client, "loki_query", logql='{namespace=~".*"}')

    assert f"answered {status}: {words[:60]}" in text
    assert said in text


async def test_a_gateway_that_complains_in_json_is_understood(
    loki: PretendedLoki, server: Build
) -> None:
    loki.refusals["/query_range"] = httpx.Response(
        400, json={"status": "error", "errorType": "bad_data", "error": "no such tenant"}
    )

    async with Client(server()) as client:
        text = await refused(client, "loki_query", logql='{namespace="shop"}')

    assert text.endswith("answered 400: no such tenant.")


async def test_a_long_query_is_posted(loki: PretendedLoki, server: Build) -> None:
    loki.refusals["zzz"] = httpx.Response(400, text="parse error at line 1, col 3: too long")
    long = " or ".join(f'"{number:04}"' for number in range(600))

    async with Client(server()) as client:
        text = await refused(client, "loki_query", logql=f'{{a="b"}} |= {long} |= "zzz"')

    assert {request.method for request in loki.asked if "query_range" in request.url.path} == {
        "POST"
    }
    assert '{a="b"} |= "0000"' in text


async def test_cancelled_calls_leave_no_request_behind(server: Build) -> None:
    gone = anyio.Event()

    async def hang(stream: Stream, _: bytes) -> None:
        try:
            await stream.receive()
        finally:
            gone.set()

    async with listening(hang) as url, Client(server(url=url)) as client:
        with anyio.move_on_after(0.3):
            await client.call_tool("loki_labels", {})
        with anyio.fail_after(5):
            await gone.wait()
