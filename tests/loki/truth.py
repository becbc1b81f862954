"""What is true of a Loki's lines in a window, read line by line from its own API."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import httpx

SECOND = 1_000_000_000
MOST = 5_000
SLICE_NS = 120 * SECOND

EVERYTHING = '{namespace=~".+"}'
FAULTS = ("error", "fatal", "critical")
TRACE = re.compile(r"Traceback|panic:")


@dataclass(frozen=True)
class Line:
    at: int
    text: str
    service: str
    level: str

    @property
    def is_error(self) -> bool:
        """A level says so, or a trace does where no level is stated."""
        return self.level in FAULTS or (self.level == "unknown" and bool(TRACE.match(self.text)))


def lines(loki: httpx.Client, start: int, end: int, query: str = EVERYTHING) -> list[Line]:
    """Read every line of a window, in slices small enough to come whole."""
    found: list[Line] = []
    for first in range(start, end, SLICE_NS):
        held = list(_slice(loki, query, first, min(first + SLICE_NS, end)))
        assert len(held) < MOST
        found += held

    return found


def by_service(found: Sequence[Line]) -> Counter[str]:
    return Counter(line.service for line in found)


def names(loki: httpx.Client, path: str) -> list[str]:
    """Read label names or values of the last hour."""
    reply = loki.get(f"/loki/api/v1/{path}", params={"since": "1h"})

    return reply.raise_for_status().json()["data"]


def _slice(loki: httpx.Client, query: str, start: int, end: int) -> Iterator[Line]:
    params = {"query": query, "start": str(start), "end": str(end), "limit": str(MOST)}
    reply = loki.get("/loki/api/v1/query_range", params=params).raise_for_status()
    for stream in reply.json()["data"]["result"]:
        labels = stream["stream"]
        service = f"{labels['namespace']}/{labels['service_name']}"
        for at, text in stream["values"]:
            yield Line(int(at), text, service, labels.get("detected_level", "unknown"))
