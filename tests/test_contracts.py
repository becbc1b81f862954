"""What every server promises: its tools and the shape of their data, to the letter, within budget.

`scripts/contracts` writes tests/contracts/ anew after a change that is meant.
"""

import difflib
import json
import os
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, cast

import pytest
from mcp import Client
from mcp.types import Tool

CONTRACTS = Path(__file__).parent / "contracts"
SERVERS = {entry.name: entry.value for entry in entry_points(group="jamie.servers")}
PREFIXES = {"kubernetes": "k8s_", "prometheus": "prom_"}

READING = {"tools": 14, "bytes": 12 * 1024}
EVERYTHING = {"tools": 24, "bytes": 18 * 1024}
INSTRUCTIONS_BYTES = 1536

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: one
contexts: [{name: one, context: {cluster: one, user: one}}]
clusters: [{name: one, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: one, user: {token: none}}]
"""

Connect = Callable[..., Client]

FLAGS = {"kubernetes": ("exec",)}
"""Settings with which a server has tools of their own."""

each_server = pytest.mark.parametrize("name", sorted(SERVERS))


@pytest.fixture
def connect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Return a client of a server built with these settings and no others."""
    for variable in [name for name in os.environ if name.startswith(("JAMIE_", "KUBE"))]:
        monkeypatch.delenv(variable)
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(KUBECONFIG)
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))

    def connect(name: str, **settings: Any) -> Client:
        package = SERVERS[name]
        kind = import_module(f"{package}.settings").Settings
        build = import_module(f"{package}.server").build
        return Client(build(kind(state_dir=tmp_path / "state", **settings)))

    return connect


@each_server
async def test_the_tools_and_their_data_are_as_promised(
    name: str, connect: Connect, request: pytest.FixtureRequest
) -> None:
    async with connect(name, **everything(name)) as client:
        tools = [on_the_wire(tool) for tool in (await client.list_tools()).tools]
    async with connect(name, **everything(name), data="always") as client:
        schemas = {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}

    found = json.dumps({"tools": tools, "data": schemas}, indent=2, ensure_ascii=False) + "\n"
    golden = CONTRACTS / f"{name}.json"
    if request.config.getoption("--write-contracts"):
        golden.write_text(found)
    promised = golden.read_text() if golden.exists() else ""

    if found != promised:
        lines = difflib.unified_diff(promised.splitlines(), found.splitlines(), "promised", "found")
        pytest.fail("\n".join([*lines, "If this is meant, run scripts/contracts."]), pytrace=False)


def test_every_contract_has_its_server() -> None:
    assert {file.stem for file in CONTRACTS.glob("*.json")} == set(SERVERS)


@each_server
@pytest.mark.parametrize(
    ("write", "budget"), [(False, READING), (True, EVERYTHING)], ids=["reading", "everything"]
)
async def test_the_catalogue_fits(
    name: str, connect: Connect, write: bool, budget: dict[str, int]
) -> None:
    async with connect(name, **(everything(name) if write else {})) as client:
        listed = await client.list_tools()
        instructions = client.instructions or ""

    wire = json.dumps([on_the_wire(tool) for tool in listed.tools], separators=(",", ":"))
    assert 0 < len(listed.tools) <= budget["tools"]
    assert len(wire.encode()) <= budget["bytes"]
    assert 0 < len(instructions.encode()) <= INSTRUCTIONS_BYTES


@each_server
async def test_names_and_arguments_suit_every_host(name: str, connect: Connect) -> None:
    prefix = PREFIXES.get(name, f"{name}_")
    async with connect(name, **everything(name)) as client:
        tools = (await client.list_tools()).tools

    for tool in tools:
        assert re.fullmatch(rf"{prefix}[a-z0-9_]+", tool.name), tool.name
        assert len(tool.name) <= 40, tool.name
        assert tool.description, tool.name
        assert len(tool.description.splitlines()[0]) < 80, tool.name
        assert tool.annotations, tool.name
        assert tool.input_schema["additionalProperties"] is False, tool.name
        for argument, schema in tool.input_schema.get("properties", {}).items():
            assert schema.get("description"), f"{tool.name}({argument})"
        assert not list(unportable(tool.input_schema)), tool.name


@each_server
async def test_reading_tools_say_that_they_only_read(name: str, connect: Connect) -> None:
    async with connect(name) as client:
        tools = (await client.list_tools()).tools

    assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)


def test_a_schema_that_hosts_choke_on_is_found() -> None:
    nested = {"properties": {"title": {"type": "string"}, "a": {"items": {"$ref": "#/x"}}}}
    assert [*unportable(nested)] == ["$ref"]

    arms = {"properties": {"a": {"title": "A", "anyOf": [{"type": "null"}]}}}
    assert [*unportable(arms)] == ["title", "null"]


def everything(name: str) -> dict[str, bool]:
    """The settings of a server that may do all it can."""
    return dict.fromkeys(("write", *FLAGS.get(name, ())), True)


def on_the_wire(tool: Tool) -> dict[str, Any]:
    return tool.model_dump(mode="json", by_alias=True, exclude_none=True)


def unportable(schema: object) -> Iterator[str]:
    """Yield every keyword of a schema that some host or model API refuses."""
    if isinstance(schema, list):
        for item in cast("list[object]", schema):
            yield from unportable(item)
    if not isinstance(schema, dict):
        return

    node = cast("dict[str, object]", schema)
    yield from (key for key in ("$ref", "$defs", "title") if key in node)
    if node.get("type") == "null":
        yield "null"
    for key, value in node.items():
        named = cast("dict[str, object]", value) if key == "properties" else {key: value}
        for inner in named.values():
            yield from unportable(inner)
