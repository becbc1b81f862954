"""What a write leaves behind, whatever happens: audit lines and the way back."""

import json
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ElicitRequestParams, ElicitResult

from jamie_base.errors import NotFound, Unsure
from tests.base.shelf import Build, Era, Shelf, text_of
from tests.base.test_write import FILL, User, token_in, undo_in


def outcomes(state: Path) -> list[str]:
    """What the audit log says became of each call."""
    logs = [*state.glob("audit/*")]

    return [json.loads(line)["outcome"] for log in logs for line in log.read_text().splitlines()]


@asynccontextmanager
async def opened_late(shelf: Shelf) -> AsyncGenerator[None]:
    """Let a slow shelf go on once everybody waits: whoever was cancelled has noticed by then."""

    async def open_it() -> None:
        await shelf.begun.wait()
        await anyio.wait_all_tasks_blocked()
        shelf.gate.set()

    async with anyio.create_task_group() as group:
        group.start_soon(open_it)
        yield


async def until_audited(state: Path) -> None:
    """Wait for the line that ends the call, whether somebody heard its answer or not."""
    with anyio.fail_after(5):
        while not {*outcomes(state)[-1:]} & {"answered", "cancelled"}:  # noqa: ASYNC110  # a file
            await anyio.sleep(0.01)


def recorded(state: Path) -> str:
    """The only undo record there is, which the audit log names too."""
    (record,) = (state / "undo").iterdir()
    assert f"Undo record {record.stem}: back to 250 g." in outcomes(state)[-2]

    return record.stem


async def test_a_write_without_an_audit_line_does_not_happen(
    build: Build, shelf: Shelf, tmp_path: Path
) -> None:
    (tmp_path / "audit").write_text("a file where the folder should be")
    async with Client(build(write=True), elicitation_callback=User()) as client:
        answer = await client.call_tool("shelf_fill", FILL)

    assert answer.is_error
    assert "audit" in text_of(answer)
    assert shelf.jars["salt"] == 250
    assert not [*(tmp_path / "undo").iterdir()]


async def test_a_write_is_audited_before_and_after(build: Build, tmp_path: Path) -> None:
    async with Client(build(write=True), elicitation_callback=User()) as client:
        await client.call_tool("shelf_fill", FILL)

    (log,) = (tmp_path / "audit").iterdir()
    assert '"outcome":"acting: fill salt to 300 g"' in log.read_text()
    assert '"outcome":"answered"' in log.read_text().splitlines()[-1]


async def test_a_caller_who_gives_up_waiting_takes_nothing_back(
    build: Build, shelf: Shelf, era: Era, tmp_path: Path
) -> None:
    shelf.slow = True
    async with Client(build(write=True), mode=era, elicitation_callback=User()) as client:
        async with opened_late(shelf), anyio.create_task_group() as calls:
            calls.start_soon(client.call_tool, "shelf_fill", FILL)
            await shelf.begun.wait()
            calls.cancel_scope.cancel()
        await until_audited(tmp_path)
        assert shelf.jars["salt"] == 300
        back = await client.call_tool("shelf_undo", {"record": recorded(tmp_path)})

    assert shelf.jars["salt"] == 250
    assert text_of(back).startswith("Done: salt holds 250 g.")


async def test_a_client_that_leaves_takes_nothing_back(
    build: Build, shelf: Shelf, era: Era, tmp_path: Path
) -> None:
    async def fill(client: Client) -> None:
        with pytest.raises(MCPError):
            await client.call_tool("shelf_fill", FILL)

    shelf.slow = True
    server = build(write=True)
    async with (
        opened_late(shelf),
        anyio.create_task_group() as group,
        Client(server, mode=era, elicitation_callback=User()) as client,
    ):
        group.start_soon(fill, client)
        await shelf.begun.wait()

    await until_audited(tmp_path)
    assert shelf.jars["salt"] == 300
    assert recorded(tmp_path)


async def test_a_caller_who_gives_up_before_consent_changes_nothing(
    build: Build, shelf: Shelf, era: Era, tmp_path: Path
) -> None:
    asked = anyio.Event()

    class Thoughtful(User):
        async def __call__(self, context: Any, params: ElicitRequestParams) -> ElicitResult:
            asked.set()
            await anyio.sleep_forever()
            raise AssertionError

    async with Client(build(write=True), mode=era, elicitation_callback=Thoughtful()) as client:
        async with anyio.create_task_group() as calls:
            calls.start_soon(client.call_tool, "shelf_fill", FILL)
            await asked.wait()
            calls.cancel_scope.cancel()
        await until_audited(tmp_path)

    assert shelf.jars["salt"] == 250
    assert outcomes(tmp_path) == ["answered" if era == "auto" else "cancelled"]


async def test_a_change_without_an_answer_leaves_a_way_back(
    build: Build, shelf: Shelf, tmp_path: Path
) -> None:
    shelf.slow = True
    server = build(write=True, deadline=0.1)
    async with Client(server, elicitation_callback=User()) as client:
        answer = await client.call_tool("shelf_fill", FILL)

    (record,) = (tmp_path / "undo").iterdir()
    assert text_of(answer) == (
        "Sent, but NOT verified: fill salt to 300 g: sent, but no answer within 0.1 s.\n"
        "It may or may not be done: look before you try again."
        f" If it was done, it can be undone: record {record.stem}."
    )


async def test_the_way_back_is_kept_before_anything_is_sent(
    build: Build, shelf: Shelf, tmp_path: Path
) -> None:
    before: list[Path] = []
    shelf.slow = True
    async with (
        Client(build(write=True), elicitation_callback=User()) as client,
        anyio.create_task_group() as calls,
    ):
        calls.start_soon(client.call_tool, "shelf_fill", FILL)
        await shelf.begun.wait()
        before += (tmp_path / "undo").iterdir()
        shelf.gate.set()

    assert len(before) == 1
    assert [*(tmp_path / "undo").iterdir()] == before


@pytest.mark.parametrize(("error", "left"), [(NotFound("gone"), 0), (Unsure("no answer."), 1)])
async def test_a_change_that_failed_leaves_a_way_back_only_if_it_may_be_done(
    build: Build, shelf: Shelf, tmp_path: Path, error: ToolError, left: int
) -> None:
    shelf.breaks = error
    async with Client(build(write=True), elicitation_callback=User()) as client:
        answer = await client.call_tool("shelf_fill", FILL)

    records = [*(tmp_path / "undo").iterdir()]
    assert len(records) == left
    assert text_of(answer).startswith(str(error))
    assert all(record.stem in text_of(answer) for record in records)


async def test_a_write_whose_way_back_cannot_be_kept_does_not_happen(
    build: Build, shelf: Shelf, tmp_path: Path
) -> None:
    (tmp_path / "undo").write_text("a file where the folder should be")
    async with Client(build(write=True), elicitation_callback=User()) as client:
        answer = await client.call_tool("shelf_fill", FILL)

    assert text_of(answer).startswith("The undo record cannot be written (")
    assert shelf.jars["salt"] == 250
    assert not [one for one in outcomes(tmp_path) if one.startswith("acting")]


async def test_undo_records_do_not_stay_for_ever(build: Build, tmp_path: Path) -> None:
    folder = tmp_path / "undo"
    folder.mkdir()
    for name, days in (("undo-00000001", 31), ("undo-00000002", 29)):
        (folder / f"{name}.json").write_text("{}")
        past = time.time() - days * 24 * 3600
        os.utime(folder / f"{name}.json", (past, past))
    async with Client(build(write=True), elicitation_callback=User()) as client:
        answer = await client.call_tool("shelf_fill", FILL)

    assert {path.stem for path in folder.iterdir()} == {"undo-00000002", undo_in(answer)}


async def test_undo_records_are_private(build: Build, tmp_path: Path) -> None:
    async with Client(build(write=True), elicitation_callback=User()) as client:
        await client.call_tool("shelf_fill", FILL)

    (record,) = (tmp_path / "undo").iterdir()
    assert record.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "undo").stat().st_mode & 0o777 == 0o700


async def test_the_token_of_a_plan_is_not_audited(build: Build, tmp_path: Path) -> None:
    async with Client(build(write=True, confirm="token")) as client:
        token = token_in(await client.call_tool("shelf_fill", FILL))
        await client.call_tool("shelf_fill", {**FILL, "grams": "many", "confirm": token})
        await client.call_tool("shelf_fill", {**FILL, "confirm": token})

    (log,) = (tmp_path / "audit").iterdir()
    assert outcomes(tmp_path)[-1] == "answered"
    assert token not in log.read_text()
