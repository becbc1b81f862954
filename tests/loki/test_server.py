import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Literal

import httpx
import msgspec
import pytest
from mcp.client import Client
from mcp.types import TextResourceContents

from jamie_base.status import Status
from jamie_loki.server import INSTRUCTIONS
from jamie_loki.settings import Settings
from tests.asking import ask
from tests.loki.conftest import Build
from tests.loki.pretend import PretendedLoki


async def status_of(client: Client) -> Status:
    (part,) = (await client.read_resource("jamie://status")).contents
    assert isinstance(part, TextResourceContents)

    return msgspec.json.decode(part.text, type=Status)


async def test_the_catalogue_is_small_flat_and_reads_only(
    server: Build, era: Literal["auto", "legacy"]
) -> None:
    async with Client(server(), mode=era) as client:
        tools = (await client.list_tools()).tools

    listed = [tool.model_dump_json(by_alias=True, exclude_none=True) for tool in tools]
    assert [tool.name for tool in tools] == ["loki_errors", "loki_query", "loki_labels"]
    assert sum(len(one.encode()) for one in listed) <= 3_500
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
    assert not any("$ref" in one or '"title"' in one or '"null"' in one for one in listed)
    assert not any('"source"' in one for one in listed)


def test_the_instructions_fit() -> None:
    assert len(INSTRUCTIONS.encode()) <= 1_500


async def test_starting_contacts_nothing(loki: PretendedLoki, server: Build) -> None:
    async with Client(server()) as client:
        await client.list_tools()

    assert not loki.asked


async def test_the_status_tells_version_and_tenant(loki: PretendedLoki, server: Build) -> None:
    async with Client(server(tenant="team-a")) as client:
        (source,) = (await status_of(client)).sources

    assert (source.reachable, source.version, source.identity) == (True, "3.7.8", "tenant team-a")
    assert (source.error, source.missing) == ("", ())


async def test_the_status_names_what_a_missing_endpoint_costs(
    loki: PretendedLoki, server: Build
) -> None:
    loki.limits["volume_enabled"] = False

    async with Client(server()) as client:
        (source,) = (await status_of(client)).sources

    assert {gap.tool for gap in source.missing} == {"loki_errors", "loki_labels", "loki_query"}
    assert "volume_enabled" in source.missing[0].why


async def test_the_status_of_a_loki_that_starts_says_so(loki: PretendedLoki, server: Build) -> None:
    loki.refusals["/ready"] = httpx.Response(
        503, text="Ingester not ready: waiting for 15s after being ready\n"
    )

    async with Client(server()) as client:
        (source,) = (await status_of(client)).sources

    assert source.reachable
    assert "Ingester not ready: waiting for 15s" in source.error
    assert source.fix


@pytest.mark.parametrize(
    ("reply", "fix"),
    [
        (httpx.Response(401, text="no org id\n"), "Set the token"),
        (httpx.Response(404, text="404 page not found\n"), "Set --url and --api-path"),
    ],
)
async def test_the_status_of_a_loki_we_cannot_use_says_how_to_mend_it(
    loki: PretendedLoki, server: Build, reply: httpx.Response, fix: str
) -> None:
    loki.refusals["/status/buildinfo"] = reply

    async with Client(server()) as client:
        (source,) = (await status_of(client)).sources

    assert not source.reachable
    assert fix in source.fix


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAMIE_LOKI_URL", "http://loki:3100")
    monkeypatch.setenv("JAMIE_LOKI_SOURCES", '{"eu": {"url": "http://eu", "api_path": "/x"}}')
    settings = Settings()

    assert settings.url == "http://loki:3100"
    assert settings.named_sources()["eu"].api_path == "/x"


def test_the_defaults_are_a_loki_on_this_machine() -> None:
    (source,) = Settings().named_sources().values()

    assert (source.url, source.api_path, source.timeout) == (
        "http://localhost:3100",
        "/loki/api/v1",
        30,
    )


def test_the_command_knows_its_flags(tmp_path: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "jamie_loki", "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    ).stdout

    assert "JAMIE_LOKI_MAX_SCAN" in shown
    assert "--api-path" in shown


def test_the_host_finds_the_server_by_its_entry_point() -> None:
    (found,) = entry_points(group="jamie.servers", name="loki")

    assert found.value == "jamie_loki"


async def test_several_lokis_are_asked_at_once(loki: PretendedLoki, server: Build) -> None:
    sources = {"eu": {"url": "http://loki-eu"}, "us": {"url": "http://loki-us"}}
    async with Client(server(sources=sources)) as client:
        text = await ask(client, "loki_labels", source="*")

    assert [line for line in text.split("\n") if line.startswith("==")] == [
        "== eu (1 of 2)",
        "== us (2 of 2)",
    ]
    assert {request.url.host for request in loki.asked} == {"loki-eu", "loki-us"}
