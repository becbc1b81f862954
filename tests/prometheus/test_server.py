"""The server as a whole: its catalogue, its status, and backends that are none."""

import gzip
import json
from typing import Any

import anyio
import httpx
import pytest
from mcp.client import Client
from mcp.types import TextResourceContents

from tests.asking import ask, data_of, refused
from tests.loopback import Serve, Stream, listening
from tests.prometheus.conftest import Build
from tests.prometheus.pretend import PretendedPrometheus, series

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("prom_query", {"promql": "up"}),
    ("prom_range", {"promql": "up"}),
    ("prom_alerts", {}),
]
BOMB = gzip.compress(b"[" * (80 * 1024 * 1024))


def saying(content: bytes, **headers: str) -> Serve:
    fields = {"Content-Length": str(len(content)), "Connection": "close", **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())

    async def serve(stream: Stream, _: bytes) -> None:
        await stream.send(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + content)

    return serve


async def hang(stream: Stream, _: bytes) -> None:
    await anyio.sleep_forever()


async def status_of(client: Client) -> dict[str, Any]:
    (content,) = (await client.read_resource("jamie://status")).contents
    assert isinstance(content, TextResourceContents)

    return json.loads(content.text)


async def test_the_catalogue_is_small_flat_and_read_only(server: Build) -> None:
    async with Client(server()) as client:
        listed = (await client.list_tools()).tools
        instructions = client.instructions or ""
    dumped = [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in listed]
    text = json.dumps(dumped, separators=(",", ":"))

    assert {one.name for one in listed} == {"prom_query", "prom_range", "prom_alerts"}
    assert all(one.annotations and one.annotations.read_only_hint for one in listed)
    assert "$ref" not in text
    assert len(text.encode()) <= 3_500
    assert len(instructions.encode()) <= 1_500
    assert all(len((one.description or "").split("\n")[0]) < 80 for one in listed)


async def test_the_status_tells_version_and_what_is_missing(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    (source,) = (await status_of(client))["sources"]

    assert (source["reachable"], source["version"]) == (True, "3.16.0")
    assert [gap["tool"] for gap in source["missing"]] == ["prom_alerts"]
    assert "JAMIE_PROMETHEUS_ALERTMANAGER_URL" in source["missing"][0]["why"]


@pytest.mark.parametrize(
    ("status", "words", "fix"),
    [
        (401, "who are you", "Set JAMIE_PROMETHEUS_TOKEN"),
        (404, "404 page not found", "JAMIE_PROMETHEUS_API_PATH"),
    ],
)
async def test_a_status_that_cannot_be_told_says_what_to_set(
    client: Client, prometheus: PretendedPrometheus, status: int, words: str, fix: str
) -> None:
    prometheus.refusals["buildinfo"] = httpx.Response(status, text=words)

    (source,) = (await status_of(client))["sources"]

    assert source["reachable"] is False
    assert words in source["error"]
    assert fix in source["fix"]


@pytest.mark.parametrize(("tool", "arguments"), CALLS)
@pytest.mark.parametrize(
    ("serve", "complaint"),
    [
        (
            saying(b"<html><title>Sign in</title></html>", Content_Type="text/html"),
            "answered a web page ('Sign in')",
        ),
        (
            saying(b'{"status":"succ', Content_Type="application/json"),
            "other than the JSON expected",
        ),
        (saying(b"\x00\xff\xfe", Content_Type="application/json"), "other than the JSON expected"),
        (saying(b'{"status":"success"}', Content_Type="application/json"), "without data"),
        (saying(b'{"status":"success","data":[1]}', Content_Type="application/json"), "JSON"),
        (saying(BOMB, Content_Encoding="gzip"), "larger than the 64 MiB we read"),
    ],
    ids=["login page", "torn json", "garbage", "no data", "other data", "gzip bomb"],
)
async def test_a_backend_that_answers_nonsense_is_named_and_the_server_lives(
    server: Build, tool: str, arguments: dict[str, Any], serve: Serve, complaint: str
) -> None:
    async with listening(serve) as url, Client(server(url=url)) as client:
        first = await refused(client, tool, **arguments)
        again = await refused(client, tool, **arguments)

    assert complaint in first
    assert complaint in again


@pytest.mark.parametrize(("tool", "arguments"), CALLS)
async def test_a_backend_that_hangs_is_left_after_the_timeout(
    server: Build, tool: str, arguments: dict[str, Any]
) -> None:
    async with listening(hang) as url, Client(server(url=url, timeout=0.2)) as client:
        with anyio.fail_after(5):
            text = await refused(client, tool, **arguments)

    assert "0.2 s" in text or "in time" in text


async def test_a_refused_connection_names_the_address(server: Build) -> None:
    async with listening(hang) as url:
        pass
    async with Client(server(url=url)) as client:
        text = await refused(client, "prom_query", promql="up")
        (source,) = (await status_of(client))["sources"]

    assert text.startswith(f"Prometheus at {url} does not answer")
    assert "JAMIE_PROMETHEUS_URL" in source["fix"]


async def test_starting_and_listing_contact_nothing(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    await client.list_tools()

    assert prometheus.asked == []


async def test_what_remarks_need_may_be_missing(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    prometheus.refusals = {
        "/metadata": httpx.Response(404, text="404 page not found"),
        "/series": httpx.Response(403, text="not you"),
    }
    prometheus.answers["rate(x[1m])"] = [series("1", a="b")]

    assert (await ask(client, "prom_query", promql="rate(x[1m])")).startswith("1/s  a=b")


async def test_several_prometheuses_are_asked_at_once_and_one_that_is_down_is_named(
    server: Build,
) -> None:
    vector = '{"status":"success","data":{"resultType":"vector","result":%s}}'
    up = vector % '[{"metric":{"__name__":"up"},"value":[1700000000,"1"]}]'
    async with listening(saying(up.encode(), Content_Type="application/json")) as url:
        sources = {"eu": {"url": url}, "us": {"url": "http://127.0.0.1:1"}}
        async with Client(server(sources=sources)) as client:
            text = await ask(client, "prom_query", promql="up", source="*")
            data = await data_of(client, "prom_query", promql="up", source="us,eu")

    assert text.startswith("== eu (1 of 2)\n")
    assert "\n== us (2 of 2): no answer: Prometheus at http://127.0.0.1:1 does not answer" in text
    assert list(data["sources"]) == ["us", "eu"]
    assert data["sources"]["eu"]["rows"]
    assert "does not answer" in data["sources"]["us"]["error"]
