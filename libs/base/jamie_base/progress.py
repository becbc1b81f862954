"""Telling a waiting client that work goes on, from anywhere inside a call."""

import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from jamie_base.redact import Redactor
from jamie_base.text import ELLIPSIS, clean, cut, size

LARGEST_BYTES = 4_000

Report = Callable[[str], Awaitable[None]]

_report: ContextVar[Report | None] = ContextVar("report", default=None)


class Send(Protocol):
    """Sends one progress notification."""

    async def __call__(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Send how far it is, and words about it."""
        ...


class Reporter:
    """Tells the client of one call how it goes on: safe and short words, ever higher numbers."""

    def __init__(self, send: Send, redactor: Redactor) -> None:
        self._send = send
        self._redactor = redactor
        self._started = self._spoke = time.monotonic()
        self._last = 0.0

    @property
    def seconds(self) -> float:
        """Return how long the call takes already."""
        return time.monotonic() - self._started

    @property
    def silent(self) -> float:
        """Return for how many seconds nothing was said."""
        return time.monotonic() - self._spoke

    async def say(self, message: str) -> None:
        """Send words to the client, redacted and cleaned like every answer."""
        self._spoke = time.monotonic()
        # The protocol wants each number to be higher than the one before.
        self._last = max(self.seconds, self._last + 0.001)
        text = self._redactor.text(clean(message))
        if size(text) > LARGEST_BYTES:
            text = cut(text, LARGEST_BYTES - size(ELLIPSIS)) + ELLIPSIS

        await self._send(round(self._last, 3), None, text)


async def progress(message: str) -> None:
    """Send progress to the client of the call we are in; outside a call do nothing."""
    if report := _report.get():
        await report(message)


@contextmanager
def reporting(report: Report) -> Generator[None]:
    """Let `progress` reach `report` inside this block."""
    token = _report.set(report)
    try:
        yield
    finally:
        _report.reset(token)
