"""A played API server whose answers go on: logs and watches that a test writes to."""

import json
import math
import re
from collections.abc import AsyncIterator

import anyio
import httpx

from tests.kubernetes.wire import Api, Json

_LOG = re.compile(r"/api/v1/namespaces/[^/]+/pods/([^/]+)/log")


class Tap(httpx.AsyncByteStream):
    """An answer that goes on until the test, the server or the client ends it."""

    def __init__(self) -> None:
        self._send, self._receive = anyio.create_memory_object_stream[bytes](math.inf)
        self.closed = False

    def write(self, *lines: str) -> None:
        for line in lines:
            self._send.send_nowait(f"{line}\n".encode())

    def end(self) -> None:
        self.closed = True
        self._send.close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        # The head leaves before there is anything to say, as it does from a real server.
        yield b""
        async with self._receive:
            async for part in self._receive:
                yield part

    async def aclose(self) -> None:
        self.closed = True
        self._send.close()


class Played:
    """An API server that answers lists from `api`, and what is followed by taps.

    A test writes to containers' logs by `log`, and to watches by `change`.
    """

    def __init__(self) -> None:
        self.api = Api()
        self._lines: dict[str, list[str]] = {}
        self._taps: dict[str, list[Tap]] = {}
        self._over: set[str] = set()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        refused = self.api(request)
        if refused.is_error:
            return refused
        if found := _LOG.fullmatch(request.url.path):
            return self._log(found[1], request)
        if params.get("watch") == "true":
            return self._tapped(request.url.path, [])

        return refused

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)

    def log(self, pod: str, *lines: str) -> None:
        """Let a pod's container write lines, each with its stamp."""
        self._lines.setdefault(pod, []).extend(lines)
        for tap in self._going_on(pod):
            tap.write(*lines)

    def end_log(self, pod: str) -> None:
        """Let the container end: whoever follows hears no more."""
        self._over.add(pod)
        for tap in self._going_on(pod):
            tap.end()

    def new_run(self, pod: str) -> None:
        """Forget a container's lines: it starts again."""
        self._lines[pod] = []
        self._over.discard(pod)

    def change(self, path: str, kind: str, one: Json) -> None:
        """Send a change to whoever watches a path."""
        for tap in self._going_on(path):
            tap.write(json.dumps({"type": kind, "object": one}))

    def end_watches(self, path: str) -> None:
        """End the watches of a path, as servers do now and then."""
        for tap in self._going_on(path):
            tap.end()

    def followers(self, what: str) -> int:
        """Count who follows a pod's log, or watches a path, now."""
        return len(self._going_on(what))

    def _going_on(self, what: str) -> list[Tap]:
        return [one for one in self._taps.get(what, []) if not one.closed]

    def _log(self, pod: str, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        lines = self._lines.get(pod, [])
        if since := params.get("sinceTime"):
            lines = [line for line in lines if line[:19] >= since[:19]]
        if (tail := params.get("tailLines")) is not None:
            lines = lines[-int(tail) :] if int(tail) else []
        if params.get("follow") == "true":
            return self._tapped(pod, lines)

        return httpx.Response(200, text="".join(f"{line}\n" for line in lines))

    def _tapped(self, what: str, lines: list[str]) -> httpx.Response:
        tap = Tap()
        tap.write(*lines)
        self._taps.setdefault(what, []).append(tap)
        if what in self._over:
            tap.end()
        return httpx.Response(200, stream=tap)
