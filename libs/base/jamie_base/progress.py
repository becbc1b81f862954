"""Telling a waiting client that work goes on, from anywhere inside a call."""

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar

Report = Callable[[str], Awaitable[None]]

_report: ContextVar[Report | None] = ContextVar("report", default=None)


async def progress(message: str) -> None:
    """Send one line of progress to the client of the call we are in; outside a call do nothing."""
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
