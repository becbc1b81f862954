"""Pages of lines: none lost, none twice, whatever timestamps they share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp.client import Client
from pytest_httpx import HTTPXMock

from jamie_loki.server import build
from jamie_loki.settings import Settings
from tests.asking import ask, data_of, refused
from tests.loki.conftest import Build
from tests.loki.pretend import SECOND, PretendedLoki

START = 1_790_000_000

INSTANTS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 2), st.sampled_from("abc")), max_size=40
)
"""Lines as (nanosecond, stream, text): few instants, so that many lines share one."""


def query(**more: Any) -> dict[str, Any]:
    return {
        "logql": '{app=~".+"}',
        "start": str(START),
        "end": str(START + 1),
        **more,
    }


async def all_pages(client: Client, **more: Any) -> list[str]:
    seen: list[str] = []
    cursor = ""
    for _ in range(100):
        page = await data_of(client, "loki_query", **query(cursor=cursor, **more))
        seen += [f"{line['at']} {line['line']}" for line in page.get("lines", ())]
        cursor = page.get("cursor", "")
        if not cursor:
            return seen

    raise AssertionError("the pages do not end")


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(INSTANTS, st.integers(1, 7), st.integers(1, 12), st.sampled_from(["newest", "oldest"]))
def test_pages_hold_every_line_once_in_order(
    httpx_mock: HTTPXMock,
    tmp_path: Path,
    lines: Sequence[tuple[int, int, str]],
    limit: int,
    entries: int,
    direction: str,
) -> None:
    most_at_once = max((sum(at == one[0] for one in lines) for at in range(5)), default=0)
    loki = PretendedLoki(limits={"max_entries_limit_per_query": max(entries, most_at_once + 1)})
    for number, (at, stream, text) in enumerate(lines):
        loki.write(START * SECOND + at, f"{text} {number}", {"app": f"app-{stream}"})
    httpx_mock.reset()
    httpx_mock.add_callback(loki.answer, is_reusable=True, is_optional=True)

    async def pages() -> list[str]:
        async with Client(build(Settings(state_dir=tmp_path))) as client:
            return await all_pages(client, limit=limit, direction=direction)

    seen = anyio.run(pages)

    assert sorted(seen) == sorted(f"{one.at} {one.line}" for one in loki.entries)
    instants = [line.split()[0] for line in seen]
    assert instants == sorted(instants, reverse=direction == "newest")


async def test_the_window_of_the_first_page_stays(loki: PretendedLoki, server: Build) -> None:
    for at in range(3):
        loki.write(START * SECOND + at, f"line {at}", {"app": "a"})

    async with Client(server()) as client:
        first = await data_of(client, "loki_query", **query(limit=2))
        loki.write(START * SECOND + 900, "came later", {"app": "a"})
        second = await data_of(
            client, "loki_query", logql='{app=~".+"}', cursor=first["cursor"], limit=2
        )

    assert (second["start"], second["end"]) == (first["start"], first["end"])
    assert [line["line"] for line in second["lines"]] == ["line 0"]
    assert second["before"] == 2


async def test_lines_from_before_a_long_range_are_reached_in_pieces(
    loki: PretendedLoki, server: Build
) -> None:
    loki.limits["max_query_length"] = "1h"
    for hour in range(5):
        loki.write((START + hour * 3_600) * SECOND, f"hour {hour}", {"app": "a"})

    async with Client(server()) as client:
        data = await data_of(
            client,
            "loki_query",
            logql='{app="a"}',
            start=str(START),
            end=str(START + 5 * 3_600),
            limit=4,
        )

    assert [line["line"] for line in data["lines"]] == ["hour 4", "hour 3", "hour 2", "hour 1"]
    assert data["total"] == 5
    spans = [
        int(request.url.params["end"]) - int(request.url.params["start"])
        for request in loki.asked
        if request.url.path.endswith("query_range")
    ]
    assert max(spans) <= 3_600 * SECOND


async def test_an_instant_with_more_lines_than_loki_gives_is_named(
    loki: PretendedLoki, server: Build
) -> None:
    loki.limits["max_entries_limit_per_query"] = 3
    for number in range(9):
        loki.write(START * SECOND, f"line {number}", {"app": "a"})
    loki.write(START * SECOND + 1, "next", {"app": "a"})

    async with Client(server()) as client:
        text = await ask(client, "loki_query", **query(direction="oldest"))

    assert "more lines than Loki gives for one instant" in text
    assert "next" in text


@pytest.mark.parametrize("cursor", ["abc", "!!!!", "WyJhIl0", "é"])
async def test_a_foreign_cursor_is_refused(loki: PretendedLoki, server: Build, cursor: str) -> None:
    async with Client(server()) as client:
        text = await refused(client, "loki_query", **query(cursor=cursor))

    assert "is not one this server gave; leave it out to start again." in text


async def test_a_cursor_of_another_query_is_refused(loki: PretendedLoki, server: Build) -> None:
    for at in range(3):
        loki.write(START * SECOND + at, f"line {at}", {"app": "a"})

    async with Client(server()) as client:
        first = await data_of(client, "loki_query", **query(limit=1))
        text = await refused(
            client, "loki_query", **{**query(cursor=first["cursor"]), "logql": '{app="b"}'}
        )

    assert "This cursor belongs to another query or direction" in text
