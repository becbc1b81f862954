"""Asking a person: approvals, and servers that want to know something, in both eras."""

import io
import sys
from pathlib import Path
from typing import Literal, cast

import msgspec
import pytest
from mcp.client.context import ClientRequestContext
from mcp.types import ElicitRequestFormParams, ElicitResult

from jamie_host.servers import Server
from jamie_host.terminal import Terminal
from jamie_host.toolbox import open_toolbox

Mode = Literal["auto", "legacy"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [("y\n", "yes"), ("Always\n", "always"), ("n\n", "no"), ("\n", "no"), ("", "no")],
)
async def test_only_a_clear_yes_is_a_yes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, said: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))

    assert await Terminal().approve("k8s_scale", {"replicas": 3}) == said
    shown = capsys.readouterr()
    assert shown.out == ""
    assert 'Run k8s_scale {"replicas": 3}? [y]es, [a]lways, [N]o' in shown.err


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize(("typed", "came"), [("y\n", "sold tea"), ("n\n", "decline"), ("", "decl")])
async def test_a_server_asks_its_user_through_the_host(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    stdio_shop: Server,
    mode: Mode,
    typed: str,
    came: str,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    server = msgspec.structs.replace(stdio_shop, mode=mode)
    async with open_toolbox([server], tmp_path, elicit=Terminal().elicit) as box:
        await box.settled()
        answer = await box.call("shop_sell", {"item": "tea"})

    assert came in answer.text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_without_a_terminal_the_server_knows_that_nobody_can_be_asked(
    tmp_path: Path, stdio_shop: Server, mode: Mode
) -> None:
    async with open_toolbox([msgspec.structs.replace(stdio_shop, mode=mode)], tmp_path) as box:
        await box.settled()
        answer = await box.call("shop_sell", {"item": "tea"})

    assert answer.is_error
    assert "cannot ask its user" in answer.text


async def test_a_form_is_asked_field_by_field_and_shown_clean(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("3\nblue\n\n"))
    properties = {
        "count": {"type": "integer", "title": "How many"},
        "colour": {"type": "string", "enum": ["red", "blue"]},
        "note": {"type": "string"},
    }
    asked = ElicitRequestFormParams(
        message="Paint\x1b[2J it", requested_schema={"type": "object", "properties": properties}
    )

    # The terminal does not look at the context.
    found = await Terminal().elicit(cast("ClientRequestContext", None), asked)

    assert found == ElicitResult(action="accept", content={"count": 3, "colour": "blue"})
    shown = capsys.readouterr().err
    assert shown.startswith("Paint it\nHow many: ")
    assert "colour (red, blue): " in shown
