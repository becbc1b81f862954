"""Resources by template, seen the way a client sees them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import TextResourceContents

from tests.base.offering import serve
from tests.base.shelf import Era, Shelf

Open = Callable[..., Client]


@pytest.fixture
def connect(tmp_path: Path, shelf: Shelf, era: Era) -> Open:
    def connect(**options: Any) -> Client:
        return Client(serve(tmp_path, shelf, **options), mode=era)

    return connect


async def read(client: Client, uri: str) -> str:
    (content,) = (await client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    assert (content.uri, content.mime_type) == (uri, "text/plain")

    return content.text


async def refused(client: Client, uri: str) -> tuple[int, str]:
    with pytest.raises(MCPError) as found:
        await client.read_resource(uri)

    return found.value.error.code, found.value.error.message


async def test_templates_are_listed_beside_the_status(connect: Open) -> None:
    async with connect() as client:
        templates = (await client.list_resource_templates()).resource_templates
        resources = (await client.list_resources()).resources

    assert [(one.uri_template, one.name, one.title) for one in templates] == [
        ("shelf://{shelf}/{room}/{name}", "jar", "A jar"),
        ("shelf://{shelf}/{room}/{name}/label", "label", "A label"),
    ]
    assert templates[0].description == "A jar and what it holds."
    assert [one.uri for one in resources] == ["jamie://status"]


async def test_a_resource_is_what_the_renderer_makes_of_it(connect: Open) -> None:
    async with connect() as client:
        text = await read(client, "shelf://default/kitchen/sugar")
        dashed = await read(client, "shelf://-/-/salt")

    assert re.fullmatch(r"sugar 500 g\nkitchen \[redacted:[0-9a-f]{8}\]", text)
    assert dashed.startswith("salt 250 g\n[redacted:")


async def test_a_resource_is_redacted_like_an_answer(connect: Open) -> None:
    async with connect() as client:
        text = await read(client, "shelf://-/-/sugar/label")

    assert "secret-canary" not in text or "token=sugar" not in text
    assert "[redacted:" in text


async def test_one_of_several_backends_is_named_in_the_uri(connect: Open) -> None:
    async with connect(names=("north", "a/b c")) as client:
        assert (await read(client, "shelf://a%2Fb%20c/-/salt")).startswith("salt 250 g")
        code, words = await refused(client, "shelf://nort/-/salt")

    assert code == -32602
    assert "There is no shelf 'nort'" in words
    assert "Did you mean 'north'?" in words


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("shelf://default/kitchen", "is no resource of ours; write shelf://{shelf}/{room}/{name}"),
        ("shelf://default/kitchen/a/b/c", "is no resource of ours"),
        ("shelf://default/kitchen/", "name in 'shelf://default/kitchen/' is empty"),
        ("shelf:///kitchen/salt", "shelf in 'shelf:///kitchen/salt' is empty"),
        ("shelf://default/kitchen/sa%00lt", "is no name: 'sa\\x00lt'"),
        ("shelf://default/kitchen/sa%0Alt", "is no name: 'sa\\nlt'"),
        ("shelf://default/kitchen/%FF", "is not UTF-8"),
        ("shelf://default/kitchen/salt?x=1", "has a query or a fragment"),
        ("shelf://default/kitchen/salt#x", "has a query or a fragment"),
        ("shelf://default/kitchen/" + "x" * 3000, "is no resource of ours"),
        ("shelf://default/kitchen/pepper", "There is no jar 'pepper'."),
        ("shelf://default/kitchen/..", "There is no jar '..'."),
    ],
)
async def test_a_uri_that_names_nothing_says_why(connect: Open, uri: str, words: str) -> None:
    async with connect() as client:
        code, said = await refused(client, uri)

    assert code == -32602
    assert words in said
    assert len(said) < 800


async def test_what_may_not_be_read_is_an_error_without_secrets(connect: Open) -> None:
    async with connect() as client:
        code, said = await refused(client, "shelf://-/-/locked")

    assert code == -32603
    assert said.startswith("The jar is locked, password=[redacted:")


async def test_a_defect_of_ours_stays_inside(connect: Open) -> None:
    async with connect() as client:
        code, said = await refused(client, "shelf://-/-/broken")

    assert code == -32603
    assert said == "jar failed inside Jamie; its log has the details."


async def test_a_resource_has_the_deadline_of_a_call(connect: Open) -> None:
    async with connect(deadline=0.05) as client:
        with anyio.fail_after(5):
            code, said = await refused(client, "shelf://-/-/waiting")

    assert code == -32603
    assert "took over 0.05 s" in said


async def test_every_read_leaves_one_audit_line(connect: Open, tmp_path: Path) -> None:
    async with connect() as client:
        await read(client, "shelf://-/kitchen/sugar")
        await refused(client, "shelf://-/kitchen/pepper")
        await refused(client, "shelf://-/-/locked")

    (log,) = (tmp_path / "audit").iterdir()
    lines = [msgspec.json.decode(line) for line in log.read_bytes().splitlines()]
    assert [(one["tool"], one["outcome"]) for one in lines] == [
        ("jar", "ok"),
        ("jar", "error"),
        ("jar", "error"),
    ]
    assert lines[0]["arguments"] == {"room": "kitchen", "name": "sugar"}
    assert lines[0]["bytes"] > 0
