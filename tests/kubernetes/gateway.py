"""A gateway in front of an API server, on loopback, that breaks things when a test says so.

It speaks HTTP/1.1 to its clients and hands requests on by an httpx transport: to a real API server,
or to a function that plays one.
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx

Headers = dict[str, str]

HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "host"}


@dataclass
class Exchange:
    """One request, and how far its answer is."""

    method: str
    target: str
    headers: Headers
    body: bytes
    status: int = 0
    sent: int = 0
    done: bool = False

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def params(self) -> dict[str, str]:
        return {key: values[0] for key, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def streams(self) -> bool:
        """A watch or a followed log."""
        return "true" in (self.params.get("watch"), self.params.get("follow"))


@dataclass
class Fault:
    """What goes wrong with the requests it is about; `times` of them, or all."""

    about: Callable[[Exchange], bool]
    times: int = 1_000_000
    status: int = 0
    message: str = "injected"
    headers: Headers = field(default_factory=dict[str, str])
    delay: float = 0.0
    bytes_per_second: float = 0.0
    cut_after: int = -1
    clock: Callable[[], str] | None = None
    """Gives the Date header of the answers."""

    def takes(self, exchange: Exchange) -> bool:
        if not self.times or not self.about(exchange):
            return False

        self.times -= 1
        return True


class CutError(Exception):
    """The connection is to be cut here."""


class Gateway:
    """Listens on loopback; a test stops it, starts it again on the same port, or breaks it."""

    def __init__(self, backend: httpx.AsyncBaseTransport, target: str = "http://backend") -> None:
        self._backend = backend
        self._target = target.rstrip("/")
        self._server: asyncio.Server | None = None
        self._port = 0
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._live: dict[int, tuple[Exchange, asyncio.StreamWriter]] = {}
        self.faults: list[Fault] = []
        self.page = 0
        """Objects a page of a list may have at most; 0: as asked."""
        self.exchanges: list[Exchange] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def open(self) -> list[Exchange]:
        """The requests whose answers go on."""
        return [exchange for exchange, _ in self._live.values()]

    def asked(self, path: str, **params: str) -> list[Exchange]:
        """The requests for a path with these parameters among its own."""
        return [
            one
            for one in self.exchanges
            if one.path == path and params.items() <= one.params.items()
        ]

    async def start(self) -> None:
        """Listen, on the same port as before."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening, and cut every connection."""
        if self._server:
            self._server.close()
        for writer in self._connections.values():
            writer.transport.abort()
        for task in [*self._connections]:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def cut(self, about: Callable[[Exchange], bool] = lambda _: True) -> int:
        """Cut the connections of answers that go on, and tell how many."""
        chosen = [writer for exchange, writer in self._live.values() if about(exchange)]
        for writer in chosen:
            writer.transport.abort()

        return len(chosen)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._connections[task] = writer
        task.add_done_callback(lambda done: self._connections.pop(done, None))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ahead = b""
        try:
            while exchange := await _request(reader, ahead):
                self.exchanges.append(exchange)
                self._live[id(exchange)] = (exchange, writer)
                try:
                    ahead = await self._answer(exchange, reader, writer)
                finally:
                    exchange.done = True
                    self._live.pop(id(exchange), None)
        except (ConnectionError, CutError, asyncio.IncompleteReadError):
            writer.transport.abort()
        finally:
            writer.close()

    async def _answer(
        self, exchange: Exchange, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes:
        """Answer while the client is there: when it leaves, the backend's answer is let go.

        A quick client has its answer, and has begun to ask again, before we know that we are done:
        what it sent of that is returned.
        """
        pump = asyncio.ensure_future(self._pump(exchange, writer))
        ahead = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({pump, ahead}, return_when=asyncio.FIRST_COMPLETED)
            if not (pump.done() or ahead.result()):
                raise CutError
            await pump
            return ahead.result() if ahead.done() else b""
        finally:
            for task in (pump, ahead):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task

    async def _pump(self, exchange: Exchange, writer: asyncio.StreamWriter) -> None:
        fault = next((one for one in self.faults if one.takes(exchange)), Fault(lambda _: True))
        await asyncio.sleep(fault.delay)
        if fault.status:
            await self._refuse(exchange, writer, fault)
            return

        wanted = {key: one for key, one in exchange.headers.items() if key not in HOP_BY_HOP}
        target = self._target + exchange.target
        if self.page:
            target = re.sub(r"([?&]limit)=\d+", rf"\1={self.page}", target)
        request = httpx.Request(exchange.method, target, headers=wanted, content=exchange.body)
        reply = await self._backend.handle_async_request(request)
        try:
            given = {key: one for key, one in reply.headers.items() if key not in HOP_BY_HOP}
            clock = {"date": fault.clock()} if fault.clock else {}
            _head(exchange, writer, reply.status_code, {**given, **clock, **fault.headers})
            assert isinstance(reply.stream, AsyncIterator | httpx.AsyncByteStream)
            async for part in reply.stream:
                await _send(exchange, writer, part, fault)
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        finally:
            with anyio.CancelScope(shield=True):
                await reply.aclose()

    async def _refuse(self, exchange: Exchange, writer: asyncio.StreamWriter, fault: Fault) -> None:
        reason = {410: "Expired", 429: "TooManyRequests", 503: "ServiceUnavailable"}
        body = json.dumps(
            {
                "kind": "Status",
                "status": "Failure",
                "message": fault.message,
                "reason": reason.get(fault.status, ""),
                "code": fault.status,
            }
        ).encode()
        _head(exchange, writer, fault.status, {"content-type": "application/json", **fault.headers})
        writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        await writer.drain()


@asynccontextmanager
async def gateway(
    backend: httpx.AsyncBaseTransport, target: str = "http://backend"
) -> AsyncGenerator[Gateway]:
    """Run a gateway in this block."""
    door = Gateway(backend, target)
    await door.start()
    try:
        yield door
    finally:
        with anyio.CancelScope(shield=True):
            await door.stop()
            await backend.aclose()


async def _request(reader: asyncio.StreamReader, ahead: bytes) -> Exchange | None:
    try:
        head = ahead + await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None

    first, *rest = head.decode().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {
        name.lower(): value.strip()
        for name, found, value in (line.partition(":") for line in rest)
        if found
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))

    return Exchange(method, target, headers, body)


def _head(
    exchange: Exchange, writer: asyncio.StreamWriter, status: int, headers: Mapping[str, str]
) -> None:
    exchange.status = status
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += ["transfer-encoding: chunked", "", ""]
    writer.write("\r\n".join(lines).encode())


async def _send(
    exchange: Exchange, writer: asyncio.StreamWriter, part: bytes, fault: Fault
) -> None:
    if not part:
        await writer.drain()
        return
    if fault.cut_after >= 0:
        part = part[: max(0, fault.cut_after - exchange.sent)]
    step = max(1, int(fault.bytes_per_second / 10)) if fault.bytes_per_second else len(part)
    for start in range(0, len(part), step or 1):
        piece = part[start : start + step]
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        await writer.drain()
        exchange.sent += len(piece)
        if fault.bytes_per_second:
            await asyncio.sleep(0.1)
    if 0 <= fault.cut_after <= exchange.sent:
        raise CutError
