"""Completions, seen the way a client sees them."""

from pathlib import Path

import anyio
import pytest
from mcp import Client
from mcp.types import Completion, PromptReference, ResourceTemplateReference

from tests.base.offering import serve
from tests.base.shelf import Build, Era, Shelf

TEA = PromptReference(name="make_tea")
JAR = ResourceTemplateReference(uri="shelf://{shelf}/{room}/{name}")

Ref = PromptReference | ResourceTemplateReference


@pytest.fixture
async def client(tmp_path: Path, shelf: Shelf, era: Era) -> Client:
    return Client(serve(tmp_path, shelf, names=("north", "south", "odd")), mode=era)


async def completed(client: Client, ref: Ref, name: str, typed: str, **given: str) -> Completion:
    async with client:
        assert client.server_capabilities.completions is not None
        argument = {"name": name, "value": typed}
        found = await client.complete(ref, argument, given or None)

    return found.completion


async def test_arguments_of_prompts_are_completed(client: Client) -> None:
    found = await completed(client, TEA, "jar", "s")

    assert found.values == ["salt", "sugar"]
    assert (found.total, found.has_more) == (2, False)


async def test_what_begins_like_it_comes_before_what_holds_it(client: Client) -> None:
    assert (await completed(client, JAR, "room", "C")).values == ["cellar", "kitchen"]


async def test_backends_are_completed_in_prompts_and_in_templates(client: Client) -> None:
    assert (await completed(client, JAR, "shelf", "so")).values == ["south"]


async def test_no_more_than_a_hundred_are_sent_and_the_rest_is_counted(client: Client) -> None:
    found = await completed(client, JAR, "name", "jar", room="warehouse")

    assert len(found.values) == 100
    assert (found.total, found.has_more) == (250, True)


async def test_a_secret_is_no_completion(client: Client) -> None:
    assert (await completed(client, JAR, "name", "token")).values == []


@pytest.mark.parametrize(
    ("ref", "name", "given"),
    [
        (JAR, "name", {"room": "cellar"}),
        (JAR, "name", {"shelf": "nowhere"}),
        (JAR, "colour", {}),
        (TEA, "cups", {}),
        (TEA, "room", {}),
        (PromptReference(name="make_coffee"), "jar", {}),
        (ResourceTemplateReference(uri="shelf://{room}"), "room", {}),
        (ResourceTemplateReference(uri="jamie://status"), "room", {}),
    ],
)
async def test_what_cannot_be_known_is_empty_and_no_error(
    client: Client, ref: Ref, name: str, given: dict[str, str]
) -> None:
    assert (await completed(client, ref, name, "", **given)).values == []


async def test_what_was_typed_may_be_anything(client: Client) -> None:
    assert (await completed(client, JAR, "name", "x" * 10_000)).values == []


async def test_a_slow_backend_is_not_waited_for(client: Client) -> None:
    with anyio.fail_after(3):
        assert (await completed(client, JAR, "name", "", room="attic")).values == []


async def test_a_server_without_completions_does_not_offer_them(build: Build) -> None:
    async with Client(build()) as client:
        assert client.server_capabilities.completions is None
