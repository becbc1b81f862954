"""A backend over HTTP, against real servers on loopback that behave badly."""

import gzip
import inspect
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import httpx
import msgspec
import pytest
from pydantic import SecretStr

from jamie_base import failures
from jamie_base.backend import HttpBackend
from jamie_base.errors import (
    BackendError,
    Denied,
    NotFound,
    NotReached,
    Throttled,
    TimedOut,
    TooMuch,
    Unreachable,
)
from jamie_base.settings import HttpSource
from tests.loopback import Serve, Stream, listening


class Thing(msgspec.Struct):
    name: str


class Thingy(HttpBackend):
    kind = "Thingy"


def reply(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    fields = {"Content-Type": "application/json", "Content-Length": str(len(body)), **named}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{head}Connection: close\r\n\r\n".encode() + body


@asynccontextmanager
async def backend(serve: Serve, **source: object) -> AsyncGenerator[Thingy]:
    """Run `serve` on a port of its own, and open a backend to it."""
    async with listening(serve) as url:
        thingy = Thingy(HttpSource.model_validate({"url": url, **source}))
        yield thingy
        await thingy.aclose()


def answering(*replies: bytes) -> tuple[Serve, list[bytes]]:
    """Return a server that gives these replies in turn, the last for ever, and what it heard."""
    heard: list[bytes] = []

    async def serve(stream: Stream, request: bytes) -> None:
        heard.append(request)
        await stream.send(replies[min(len(heard), len(replies)) - 1])

    return serve, heard


def header_in(request: bytes, name: str) -> str:
    lines = request.decode().split("\r\n")
    found = [line.partition(": ")[2] for line in lines if line.lower().startswith(name.lower())]
    return found[0] if found else ""


async def test_a_reply_is_decoded_into_its_type() -> None:
    serve, heard = answering(reply(b'{"name":"a","more":1}'))
    async with backend(serve) as thingy:
        thing = await thingy.fetch("/api/thing", [("q", "a b"), ("q", "c")], answer=Thing)

    assert thing == Thing("a")
    assert heard[0].startswith(b"GET /api/thing?q=a+b&q=c HTTP/1.1\r\n")


async def test_a_backend_that_was_closed_while_somebody_was_about_to_ask_answers() -> None:
    serve, _ = answering(reply(b'{"name":"a"}'))
    async with backend(serve) as thingy:
        assert await thingy.fetch("/x", answer=Thing) == Thing("a")
        await thingy.aclose()
        assert await thingy.fetch("/x", answer=Thing) == Thing("a")


async def test_a_form_is_sent_as_one() -> None:
    serve, heard = answering(reply(b"{}"))
    async with backend(serve) as thingy:
        await thingy.request("POST", "/query", form=[("query", 'up{a="b"}'), ("match[]", "x")])

    assert heard[0].endswith(b"query=up%7Ba%3D%22b%22%7D&match%5B%5D=x")


async def test_a_hanging_backend_is_left_after_the_timeout() -> None:
    async def hang(stream: Stream, request: bytes) -> None:
        await stream.receive()

    async with backend(hang, timeout=0.2) as thingy:
        with anyio.fail_after(5), pytest.raises(TimedOut):
            await thingy.fetch("/x", answer=Thing)


async def test_a_trickling_backend_is_left_after_the_timeout() -> None:
    async def trickle(stream: Stream, request: bytes) -> None:
        await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            await stream.send(b" ")
            await anyio.lowlevel.checkpoint()

    async with backend(trickle, timeout=0.3) as thingy:
        with anyio.fail_after(5), pytest.raises(TimedOut, match=r"took over 0\.3 s"):
            await thingy.fetch("/x", answer=Thing)


async def test_an_endless_reply_is_refused_while_it_streams() -> None:
    sent = 0

    async def pour(stream: Stream, request: bytes) -> None:
        nonlocal sent
        await stream.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while sent < 500_000_000:
            await stream.send(b"x" * 100_000)
            sent += 100_000

    async with backend(pour, max_reply=1_000_000) as thingy:
        with pytest.raises(TooMuch, match="larger than the 1 MiB we read"):
            await thingy.fetch("/x", answer=Thing)

    assert sent < 20_000_000


async def test_an_announced_excess_is_refused_unread() -> None:
    serve, _ = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 500000000\r\n\r\n")
    async with backend(serve, max_reply=1_000_000) as thingy:
        with pytest.raises(TooMuch):
            await thingy.fetch("/x", answer=Thing)


async def test_a_gzip_bomb_is_refused_while_it_unpacks() -> None:
    bomb = gzip.compress(bytes(200_000_000))
    serve, _ = answering(reply(bomb, Content_Encoding="gzip"))
    async with backend(serve, max_reply=1_000_000) as thingy:
        with pytest.raises(TooMuch):
            await thingy.fetch("/x", answer=Thing)


async def test_an_honest_gzip_reply_is_read() -> None:
    serve, heard = answering(reply(gzip.compress(b'{"name":"z"}'), Content_Encoding="gzip"))
    async with backend(serve) as thingy:
        assert await thingy.fetch("/x", answer=Thing) == Thing("z")

    assert header_in(heard[0], "accept-encoding") == "gzip"


@pytest.mark.parametrize(
    ("body", "headers", "words"),
    [
        (b"not gzip", {"Content_Encoding": "gzip"}, "says it is gzip and is not"),
        (b"x", {"Content_Encoding": "br"}, "compressed with 'br', which we did not ask for"),
        (b'{"nome":1}', {}, "something other than the JSON expected"),
        (b"\xff\xfe\x00", {}, "something other than the JSON expected"),
        (b"", {}, "something other than the JSON expected"),
        (b'{"x":' + b"[" * 5_000, {}, "something other than the JSON expected"),
        (
            b"<html><head><title>Sign in</title></head></html>",
            {"Content_Type": "text/html; charset=utf-8"},
            r"answered a web page \('Sign in'\), not its API",
        ),
    ],
)
async def test_a_reply_that_is_no_answer_is_named(
    body: bytes, headers: dict[str, str], words: str
) -> None:
    serve, _ = answering(reply(body, **headers))
    async with backend(serve) as thingy:
        with pytest.raises(BackendError, match=words):
            await thingy.fetch("/x", answer=Thing)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("401 Unauthorized", Denied),
        ("403 Forbidden", Denied),
        ("404 Not Found", NotFound),
        ("410 Gone", NotFound),
        ("408 Request Timeout", TimedOut),
        ("413 Content Too Large", TooMuch),
        ("429 Too Many Requests", Throttled),
        ("500 Internal Server Error", BackendError),
        ("503 Service Unavailable", Unreachable),
        ("504 Gateway Timeout", TimedOut),
    ],
)
async def test_a_refusal_carries_the_backends_own_words(
    status: str, kind: type[BackendError]
) -> None:
    serve, _ = answering(reply(b"because of the moon\n", status))
    async with backend(serve) as thingy:
        with pytest.raises(BackendError) as refused:
            await thingy.fetch("/x", answer=Thing)

    assert type(refused.value) is kind
    assert f"answered {status[:3]}: because of the moon." in str(refused.value)


async def test_a_huge_refusal_is_cut_not_refused() -> None:
    serve, _ = answering(reply(b"no " * 100_000, "500 Oops"))
    async with backend(serve) as thingy:
        with pytest.raises(BackendError) as refused:
            await thingy.fetch("/x", answer=Thing)

    assert str(refused.value).startswith("Thingy at http://127.0.0.1")
    assert len(str(refused.value)) < 800


async def test_a_redirect_names_its_target_and_is_not_followed() -> None:
    serve, heard = answering(reply(b"", "302 Found", Location="https://sso.example/login"))
    async with backend(serve, token=SecretStr("t")) as thingy:
        with pytest.raises(BackendError, match=r"redirects to https://sso\.example/login"):
            await thingy.fetch("/x", answer=Thing)

    assert len(heard) == 1


async def test_a_read_is_tried_again_and_retry_after_is_honoured() -> None:
    serve, heard = answering(
        reply(b"", "503 Down"), reply(b"", "429 Slow", Retry_After="0"), reply(b'{"name":"a"}')
    )
    async with backend(serve) as thingy:
        assert await thingy.fetch("/x", answer=Thing) == Thing("a")

    assert len(heard) == 3


async def test_a_dropped_connection_is_tried_again_for_a_read() -> None:
    heard = 0

    async def drop_once(stream: Stream, request: bytes) -> None:
        nonlocal heard
        heard += 1
        if heard > 1:
            await stream.send(reply(b'{"name":"a"}'))

    async with backend(drop_once) as thingy:
        assert await thingy.fetch("/x", answer=Thing) == Thing("a")

    assert heard == 2


@pytest.mark.parametrize("first", [reply(b"", "503 Down"), b""])
async def test_a_write_is_never_tried_again(first: bytes) -> None:
    serve, heard = answering(first, reply(b"{}"))
    async with backend(serve) as thingy:
        with pytest.raises(Unreachable):
            await thingy.request("POST", "/x", content=b"{}")

    assert len(heard) == 1


async def test_a_long_wait_is_not_waited_for() -> None:
    serve, heard = answering(reply(b"later", "429 Slow", Retry_After="3600"))
    async with backend(serve) as thingy:
        with pytest.raises(Throttled, match="later"):
            await thingy.fetch("/x", answer=Thing)

    assert len(heard) == 1


async def test_lines_come_as_they_are_sent_and_stop_at_the_limit() -> None:
    serve, _ = answering(reply(b"one\ntwo\nthree\nfour"))
    async with backend(serve) as thingy:
        async with thingy.lines("/log", limit=1_000) as lines:
            every = [line async for line in lines]
        async with thingy.lines("/log", limit=4) as lines:
            some = [line async for line in lines]

    assert every == [b"one", b"two", b"three", b"four"]
    assert some == [b"one", b"two", b"three"]


async def test_a_refused_stream_of_lines_says_why() -> None:
    serve, _ = answering(reply(b"no such pod", "404 Not Found"))
    async with backend(serve) as thingy:
        with pytest.raises(NotFound, match="no such pod"):
            async with thingy.lines("/log", limit=10) as lines:
                assert [line async for line in lines] == []


async def test_credentials_are_sent_and_never_shown() -> None:
    serve, heard = answering(reply(b'{"name":"a"}'))
    sources: Sequence[dict[str, object]] = [
        {"token": SecretStr("t0ken")},
        {"username": "ann", "password": SecretStr("pw")},
        {"headers": {"X-Key": SecretStr("k")}, "tenant": "team-a"},
    ]
    for source in sources:
        async with backend(serve, **source) as thingy:
            await thingy.fetch("/x", answer=Thing)
            assert "t0ken" not in thingy.who

    assert header_in(heard[0], "authorization") == "Bearer t0ken"
    assert header_in(heard[1], "authorization") == "Basic YW5uOnB3"
    assert header_in(heard[2], "x-key") == "k"
    assert header_in(heard[2], "x-scope-orgid") == "team-a"


async def test_a_password_in_the_url_stays_out_of_errors() -> None:
    thingy = Thingy(HttpSource(url="http://ann:canary@127.0.0.1:9/prefix"))
    with pytest.raises(Unreachable) as refused:
        await thingy.fetch("/x", answer=Thing)

    assert "canary" not in str(refused.value)
    assert "http://127.0.0.1:9/prefix" in str(refused.value)
    await thingy.aclose()


async def test_a_rotated_token_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    serve, heard = answering(reply(b'{"name":"a"}'))
    async with backend(serve, token_file=file) as thingy:
        await thingy.fetch("/x", answer=Thing)
        file.write_text("second\n")
        os.utime(file, ns=(0, 0))
        await thingy.fetch("/x", answer=Thing)
        file.unlink()
        with pytest.raises(BackendError, match="Cannot read the token file"):
            await thingy.fetch("/x", answer=Thing)

    assert [header_in(request, "authorization") for request in heard] == [
        "Bearer first",
        "Bearer second",
    ]


@pytest.mark.parametrize("url", ["localhost:9090", "ftp://x", "http://[bad", ""])
async def test_a_url_that_is_none_is_named(url: str) -> None:
    thingy = Thingy(HttpSource(url=url))
    with pytest.raises(BackendError, match="URL"):
        await thingy.fetch("/x", answer=Thing)


async def test_a_token_that_no_header_may_hold_is_not_repeated() -> None:
    serve, heard = answering(reply(b"{}"))
    async with backend(serve, token=SecretStr("moon\nlight")) as thingy:
        with pytest.raises(BackendError, match="no header may hold") as refused:
            await thingy.fetch("/x", answer=Thing)

    assert "moon" not in str(refused.value)
    assert not heard


async def test_tls_files_that_are_missing_are_named(tmp_path: Path) -> None:
    thingy = Thingy(HttpSource(url="https://127.0.0.1:9", ca_file=tmp_path / "no-such-ca.pem"))
    with pytest.raises(BackendError, match=r"no-such-ca\.pem"):
        await thingy.fetch("/x", answer=Thing)


def test_every_exception_of_httpx_is_mapped() -> None:
    kinds = [
        kind
        for _, kind in inspect.getmembers(httpx, inspect.isclass)
        if issubclass(kind, httpx.HTTPError | httpx.StreamError)
    ]

    mapped = [failures.transport_error("Thingy", kind.__new__(kind)) for kind in kinds]

    assert len(kinds) > 15
    assert all(type(error) in (BackendError, NotReached, Unreachable, TimedOut) for error in mapped)
