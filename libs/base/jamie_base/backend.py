"""One HTTP client for every backend, with failures a model can act on.

Reads are retried with backoff and jitter, writes never. A reply is bounded while it streams. After
connection failures in a row calls fail at once for a while, then try once.
"""

import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar
from urllib.parse import urlencode

import anyio
import httpcore
import httpx
import msgspec
import stamina

from jamie_base.access import auth_of, headers_of, tls_of
from jamie_base.breaker import Breaker
from jamie_base.errors import UNREADABLE, BackendError, NotReached, TimedOut, Unreachable
from jamie_base.failures import (
    LONGEST_WAIT_SECONDS,
    RETRIED_STATUSES,
    is_connection_failure,
    is_worth_another_try,
    page_title,
    status_error,
    transport_error,
    wait_asked,
)
from jamie_base.reply import ACCEPT_ENCODING, lines_of, read_bounded, read_start
from jamie_base.settings import HttpSource

T = TypeVar("T")

Pairs = Sequence[tuple[str, str]]

ATTEMPTS = 3
CONNECT_SECONDS = 5.0
ERROR_BYTES = 64 * 1024
READS = ("GET", "HEAD")
SWITCHING_PROTOCOLS = 101


@dataclass(frozen=True)
class Reply:
    """A successful reply, read whole."""

    status: int
    headers: httpx.Headers
    body: bytes


class ByteStream(Protocol):
    """What is left of a connection after HTTP."""

    async def read(self, max_bytes: int) -> bytes:
        """Wait for bytes; none at the end."""
        ...

    async def write(self, buffer: bytes) -> None:
        """Send bytes."""
        ...


@dataclass(frozen=True)
class Upgraded:
    """A connection that left HTTP, and the headers with which it did."""

    who: str
    headers: httpx.Headers
    stream: ByteStream

    async def read(self, most: int) -> bytes:
        """Wait for bytes; none at the end.

        Raises:
            Unreachable: The connection broke.

        """
        try:
            return await self.stream.read(most)
        except httpcore.NetworkError as exc:
            raise self._broken(exc) from exc

    async def write(self, data: bytes) -> None:
        """Send bytes.

        Raises:
            Unreachable: The connection broke.

        """
        try:
            await self.stream.write(data)
        except httpcore.NetworkError as exc:
            raise self._broken(exc) from exc

    def _broken(self, error: httpcore.NetworkError) -> Unreachable:
        return Unreachable(
            f"{self.who}: the connection broke ({str(error) or type(error).__name__})."
        )


class _AgainError(Exception):
    """A failure worth another try, `after` so many seconds if the backend said so; stays inside."""

    def __init__(self, error: BackendError, after: float | None) -> None:
        super().__init__(str(error))
        self.error = error
        self.after = after


class HttpBackend:
    """An HTTP API behind a base URL.

    A subclass names its `kind` and finds the backend's own words in a refusal (`reason`).
    """

    kind: ClassVar[str] = "backend"

    def __init__(
        self, source: HttpSource, *, name: str = "default", auth: httpx.Auth | None = None
    ) -> None:
        self.name = name
        self._source = source
        self._auth = auth
        self._breaker = Breaker()
        self._http: httpx.AsyncClient | None = None

    @property
    def url(self) -> str:
        """Return the base URL without the credentials it may hold."""
        try:
            return str(httpx.URL(self._source.url).copy_with(username=None, password=None))
        except httpx.InvalidURL:
            return self._source.url.rpartition("@")[2]

    @property
    def who(self) -> str:
        """Return how errors name this backend."""
        return f"{self.kind} at {self.url}"

    async def aclose(self) -> None:
        """Close every connection; who asks again opens one."""
        leaving, self._http = self._http, None
        if leaving:
            await leaving.aclose()

    async def fetch(self, path: str, params: Pairs = (), *, answer: type[T]) -> T:
        """Read JSON from a path and decode it.

        Raises:
            BackendError: No answer, a refusal, or an answer that is not of the type.

        """
        return self.decode(await self.request("GET", path, params), answer)

    async def request(
        self,
        method: str,
        path: str,
        params: Pairs = (),
        *,
        form: Pairs = (),
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        read: bool | None = None,
    ) -> Reply:
        """Send a request and read the reply whole.

        `read` says that the request changes nothing, so that it may be tried again; by default it
        is what the method says.

        Raises:
            BackendError: No answer, a refusal, or more than the source's `max_reply`.

        """
        request = self._client().build_request(
            method,
            path,
            params=[*params] or None,
            content=urlencode(form).encode() if form else content,
            headers={**_form_header(form), **(headers or {})},
        )
        attempts = ATTEMPTS if (method in READS if read is None else read) else 1
        with anyio.move_on_after(self._source.timeout):
            return await self._persist(request, attempts)

        raise TimedOut(
            f"{self.who} took over {self._source.timeout:g} s; ask for less, or raise --timeout."
        )

    @asynccontextmanager
    async def lines(
        self,
        path: str,
        params: Pairs = (),
        *,
        limit: int,
        headers: Mapping[str, str] | None = None,
        silence: float | None = None,
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Open a reply whose lines are read as they come, `limit` bytes of it at most.

        `silence` is how many seconds may pass between two parts of it, by default the source's
        timeout: a reply that is followed is quiet while nothing happens.

        Raises:
            BackendError: No answer, a refusal, or an end before its time.

        """
        # What is compressed comes in blocks, too late for whoever follows it.
        plain = {"Accept-Encoding": "identity"} if silence is not None else {}
        request = self._client().build_request(
            "GET", path, params=[*params] or None, headers={**plain, **(headers or {})}
        )
        if silence is not None:
            request.extensions["timeout"] = {**request.extensions["timeout"], "read": silence}
        self._check_breaker()
        try:
            async with self._opened(request) as reply:
                yield lines_of(reply, limit)
        except _AgainError as exc:
            raise exc.error from exc.error.__cause__

    @asynccontextmanager
    async def upgraded(
        self, path: str, params: Pairs, headers: Mapping[str, str]
    ) -> AsyncGenerator[Upgraded]:
        """Leave HTTP for what the `headers` ask for (a WebSocket), on a connection of its own.

        Raises:
            BackendError: No answer, a refusal, or an answer that stays with HTTP.

        """
        request = self._client().build_request("GET", path, params=[*params], headers=headers)
        self._check_breaker()
        try:
            async with self._opened(request) as reply:
                if reply.status_code != SWITCHING_PROTOCOLS:
                    raise BackendError(f"{self.who} does not upgrade the connection ({path}).")
                yield Upgraded(self.who, reply.headers, reply.extensions["network_stream"])
        except _AgainError as exc:
            raise exc.error from exc.error.__cause__

    def decode(self, reply: Reply, answer: type[T]) -> T:
        """Decode a reply's JSON.

        Raises:
            BackendError: It is a web page, or not the JSON expected.

        """
        if "html" in reply.headers.get("content-type", ""):
            raise BackendError(
                f"{self.who} answered a web page ({page_title(reply.body)!r}), not its API."
                " Is the URL right, or does a login page stand in front?"
            )

        try:
            return self.parse(reply.body, answer)
        except UNREADABLE as exc:
            start = reply.body[:80].decode(errors="replace")
            raise BackendError(
                f"{self.who} answered something other than the JSON expected ({exc});"
                f" it begins {start!r}."
            ) from exc

    def parse(self, body: bytes, answer: type[T]) -> T:
        """Read a body of JSON.

        Raises:
            DecodeError: It is not of the type.

        """
        return msgspec.json.decode(body, type=answer)

    def reason(self, reply: httpx.Response, body: bytes) -> str:
        """Find the backend's own explanation in a refusal."""
        if "html" in reply.headers.get("content-type", ""):
            return f"a web page ({page_title(body)!r})"

        return body.decode(errors="replace").strip()

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            self._http = self._connect()

        return self._http

    def _connect(self) -> httpx.AsyncClient:
        try:
            return httpx.AsyncClient(
                base_url=self._source.url,
                auth=self._auth or auth_of(self._source),
                headers={**headers_of(self._source), "Accept-Encoding": ACCEPT_ENCODING},
                verify=self.tls(),
                timeout=httpx.Timeout(self._source.timeout, connect=CONNECT_SECONDS),
            )
        except httpx.InvalidURL as exc:
            raise BackendError(f"The {self.kind} URL {self.url!r} cannot be used: {exc}.") from exc

    def heard(self, reply: httpx.Response, sent: float, received: float) -> None:
        """Learn from the head of a reply, asked for and come at these times; a subclass may."""

    def tls(self) -> ssl.SSLContext:
        """Return the TLS context for new connections."""
        return tls_of(self._source)

    async def _persist(self, request: httpx.Request, attempts: int) -> Reply:
        self._check_breaker()
        # Of a backend that was gone when last tried, one try tells enough.
        tries = 1 if self._breaker.is_tripped else attempts
        try:
            async for attempt in stamina.retry_context(
                on=_pause, attempts=tries, timeout=None, wait_initial=0.1, wait_max=2.0
            ):
                with attempt:
                    return await self._once(request)
        except _AgainError as exc:
            raise exc.error from exc.error.__cause__

        raise AssertionError("stamina ends with a value or an error")

    async def _once(self, request: httpx.Request) -> Reply:
        async with self._opened(request) as reply:
            body = await read_bounded(reply, self._source.max_reply)

            return Reply(reply.status_code, reply.headers, body)

    def _check_breaker(self) -> None:
        if rest := self._breaker.rest:
            raise NotReached(f"{self._breaker.reason} (not tried again for {rest:.1g} s)")

    @asynccontextmanager
    async def _opened(self, request: httpx.Request) -> AsyncGenerator[httpx.Response]:
        began = time.monotonic()
        try:
            sent = time.time()
            reply = await self._client().send(request, stream=True)
            async with _closing(reply):
                self._breaker.answered()
                self.heard(reply, sent, time.time())
                if not (reply.is_success or reply.status_code == SWITCHING_PROTOCOLS):
                    await self._refuse(reply)
                yield reply
        except (httpx.HTTPError, httpx.StreamError) as exc:
            raise self._failed(exc, time.monotonic() - began) from exc

    def _failed(self, error: httpx.HTTPError | httpx.StreamError, seconds: float) -> Exception:
        ours = transport_error(self.who, error)
        ours.__cause__ = error
        if is_connection_failure(error):
            self._breaker.failed(str(ours), seconds)

        return _AgainError(ours, None) if is_worth_another_try(error) else ours

    async def _refuse(self, reply: httpx.Response) -> None:
        body = await read_start(reply, ERROR_BYTES)
        error = self._refusal(reply, body)
        wait = wait_asked(reply)
        if reply.status_code in RETRIED_STATUSES and (wait or 0.0) <= LONGEST_WAIT_SECONDS:
            raise _AgainError(error, wait)

        raise error

    def _refusal(self, reply: httpx.Response, body: bytes) -> BackendError:
        return status_error(self.who, reply, self.reason(reply, body))


@asynccontextmanager
async def _closing(reply: httpx.Response) -> AsyncGenerator[None]:
    try:
        yield
    finally:
        with anyio.CancelScope(shield=True):
            await reply.aclose()


def _pause(error: Exception) -> bool | float:
    match error:
        case _AgainError(after=None):
            return True
        case _AgainError(after=float() as seconds):
            return seconds
        case _:
            return False


def _form_header(form: Pairs) -> Mapping[str, str]:
    return {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
