"""Reading a backend's reply without trusting it: bounded while it streams, compressed or not."""

import zlib
from collections.abc import AsyncIterator
from typing import NoReturn

import httpx

from jamie_base.errors import BackendError, TooMuch

ACCEPT_ENCODING = "gzip"
"""The one compression we undo ourselves, so that a small reply cannot become a large one."""

STEP_BYTES = 64 * 1024

LONGEST_LINE_BYTES = 8 * 1024 * 1024
"""A line that does not end by then is given in pieces: it must not fill the memory."""


async def read_bounded(reply: httpx.Response, limit: int) -> bytes:
    """Read a streamed reply, at most `limit` bytes after decompression.

    Raises:
        TooMuch: The reply is larger, as announced or as read.
        BackendError: The reply's compression is broken or not one we asked for.

    """
    announced = reply.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        _too_much(limit)

    body = bytearray()
    async for part in _unpacked(reply):
        body += part
        if len(body) > limit:
            _too_much(limit)

    return bytes(body)


async def read_start(reply: httpx.Response, limit: int) -> bytes:
    """Read the first `limit` bytes of a reply, whatever follows."""
    body = bytearray()
    async for part in _unpacked(reply):
        body += part
        if len(body) >= limit:
            break

    return bytes(body[:limit])


async def lines_of(reply: httpx.Response, limit: int) -> AsyncIterator[bytes]:
    """Yield a streamed reply's lines without their ends, stopping after `limit` bytes in all.

    A last line that the limit cuts is not yielded.
    """
    rest = b""
    read = 0
    async for part in _unpacked(reply):
        read += len(part)
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            yield line
        if read > limit:
            return
        if len(rest) > LONGEST_LINE_BYTES:
            yield rest
            rest = b""

    if rest:
        yield rest


async def _unpacked(reply: httpx.Response) -> AsyncIterator[bytes]:
    encoding = reply.headers.get("content-encoding", "identity").lower()
    match encoding:
        case "identity":
            # Not in steps of a fixed size: they would be filled first, and what is followed waits.
            async for part in reply.aiter_raw():
                for start in range(0, len(part), STEP_BYTES):
                    yield part[start : start + STEP_BYTES]
        case "gzip":
            async for part in _gunzipped(reply):
                yield part
        case _:
            raise BackendError(
                f"The reply is compressed with {encoding!r}, which we did not ask for."
            )


async def _gunzipped(reply: httpx.Response) -> AsyncIterator[bytes]:
    unpack = zlib.decompressobj(wbits=31)
    try:
        async for packed in reply.aiter_raw():
            waiting = packed
            while waiting:
                yield unpack.decompress(waiting, STEP_BYTES)
                waiting = unpack.unconsumed_tail
        yield unpack.flush()
    except zlib.error as exc:
        raise BackendError(f"The reply says it is gzip and is not ({exc}).") from exc


def _too_much(limit: int) -> NoReturn:
    raise TooMuch(
        f"The reply is larger than the {limit / 1024 / 1024:.0f} MiB we read; ask for less"
        " (a shorter window, fewer series, one namespace)."
    )
