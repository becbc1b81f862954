"""Writing tools: nothing happens without a yes, a plan that still holds, and an audit line."""

import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest
from mcp import Client, MCPError
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, ElicitRequestParams, ElicitResult

from jamie_base.errors import NotFound, Unsure
from tests.base.shelf import Build, Era, Shelf, text_of

FILL = {"name": "salt", "grams": 300}

PLAN = """\
Plan, nothing changed yet: fill salt to 300 g.
  grams: 250 -> 300
Impact: tea gets sweeter
This can be undone."""


def token_in(answer: CallToolResult) -> str:
    found = re.search(r'confirm="([^"]+)"', text_of(answer))
    assert found
    return found[1]


def undo_in(answer: CallToolResult) -> str:
    found = re.search(r"undo-[0-9a-f]{8}", text_of(answer))
    assert found
    return found[0]


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


Action = Literal["accept", "decline", "cancel"]


class User:
    """Somebody at the client, with an answer ready; remembers what was asked."""

    def __init__(self, action: Action = "accept", *, proceed: bool = True) -> None:
        self.asked: list[str] = []
        self.action: Action = action
        self.proceed = proceed

    async def __call__(self, context: Any, params: ElicitRequestParams) -> ElicitResult:
        self.asked.append(params.message)
        if self.action != "accept":
            return ElicitResult(action=self.action)
        return ElicitResult(action="accept", content={"proceed": self.proceed})


async def test_a_write_happens_after_the_user_agrees(build: Build, shelf: Shelf, era: Era) -> None:
    user = User()
    async with Client(build(write=True), mode=era, elicitation_callback=user) as client:
        answer = await client.call_tool("shelf_fill", FILL)

    assert user.asked == [PLAN]
    assert shelf.jars["salt"] == 300
    assert text_of(answer) == (
        f"Done: salt holds 300 g.\nUndo record {undo_in(answer)}: back to 250 g."
    )


@pytest.mark.parametrize(
    "user",
    [User("decline"), User("cancel"), User("accept", proceed=False)],
    ids=["decline", "cancel", "unticked"],
)
async def test_a_write_does_not_happen_without_a_yes(
    build: Build, shelf: Shelf, era: Era, user: User
) -> None:
    async with Client(build(write=True), mode=era, elicitation_callback=user) as client:
        answer = await client.call_tool("shelf_fill", FILL)

    assert answer.is_error
    assert text_of(answer) == "The user did not agree; nothing was changed."
    assert shelf.jars["salt"] == 250


async def test_a_client_that_cannot_ask_gets_the_plan_and_the_way_out(
    build: Build, shelf: Shelf, era: Era
) -> None:
    async with Client(build(write=True), mode=era) as client:
        answer = await client.call_tool("shelf_fill", FILL)

    assert answer.is_error
    assert text_of(answer).startswith(PLAN)
    assert "start the server with --confirm token" in text_of(answer)
    assert shelf.jars["salt"] == 250


async def test_an_object_that_changed_while_the_user_thought_is_left_alone(
    build: Build, shelf: Shelf, era: Era
) -> None:
    class Slow(User):
        async def __call__(self, context: Any, params: ElicitRequestParams) -> ElicitResult:
            shelf.jars["salt"] = 10
            return await super().__call__(context, params)

    async with Client(build(write=True), mode=era, elicitation_callback=Slow()) as client:
        answer = await client.call_tool("shelf_fill", FILL)

    assert answer.is_error
    assert text_of(answer) == (
        "jar/salt changed since the plan was made; nothing was changed."
        " grams: was 250, is 10. Look again, then ask again."
    )
    assert shelf.jars["salt"] == 10


async def test_a_yes_that_comes_after_five_minutes_is_too_late(
    build: Build, shelf: Shelf, era: Era, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jamie_base.plans.KEPT_SECONDS", -1)
    async with Client(build(write=True), mode=era, elicitation_callback=User()) as client:
        answer = await client.call_tool("shelf_fill", FILL)

    assert "older than five minutes" in text_of(answer)
    assert shelf.jars["salt"] == 250


async def test_a_token_acts_once_and_only_for_the_same_call(build: Build, shelf: Shelf) -> None:
    async with Client(build(write=True, confirm="token")) as client:
        plan = await client.call_tool("shelf_fill", FILL)
        assert shelf.jars["salt"] == 250
        other = await client.call_tool(
            "shelf_fill", {"name": "salt", "grams": 9, "confirm": token_in(plan)}
        )
        spent = await client.call_tool("shelf_fill", {**FILL, "confirm": token_in(plan)})
        again = await client.call_tool("shelf_fill", FILL)
        done = await client.call_tool("shelf_fill", {**FILL, "confirm": token_in(again)})
        replay = await client.call_tool("shelf_fill", {**FILL, "confirm": token_in(again)})

    assert "made for another call" in text_of(other)
    assert "unknown, used or older" in text_of(spent)
    assert text_of(done).startswith("Done: salt holds 300 g.")
    assert "unknown, used or older" in text_of(replay)
    assert shelf.jars["salt"] == 300


async def test_a_plan_is_stale_after_five_minutes(
    build: Build, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Client(build(write=True, confirm="token")) as client:
        plan = await client.call_tool("shelf_fill", FILL)
        monkeypatch.setattr("jamie_base.plans.KEPT_SECONDS", -1)
        late = await client.call_tool("shelf_fill", FILL)
        answer = await client.call_tool("shelf_fill", {**FILL, "confirm": token_in(late)})

    assert token_in(plan) != token_in(late)
    assert "older than five minutes" in text_of(answer)
    assert shelf.jars["salt"] == 250


async def test_the_confirm_argument_exists_only_where_tokens_do(build: Build) -> None:
    async with Client(build(write=True)) as client:
        answer = await client.call_tool("shelf_fill", {**FILL, "confirm": "x"})

    assert text_of(answer) == ("shelf_fill has no argument 'confirm'. It takes name, grams.")


async def test_undo_restores_and_is_used_up(build: Build, shelf: Shelf) -> None:
    user = User()
    async with Client(build(write=True), elicitation_callback=user) as client:
        done = await client.call_tool("shelf_fill", FILL)
        back = await client.call_tool("shelf_undo", {"record": undo_in(done)})
        twice = await client.call_tool("shelf_undo", {"record": undo_in(done)})

    assert text_of(back).startswith("Done: salt holds 250 g.")
    assert shelf.jars["salt"] == 250
    assert "it may be used already" in text_of(twice)


async def test_undo_refuses_after_somebody_else_changed_it(build: Build, shelf: Shelf) -> None:
    async with Client(build(write=True), elicitation_callback=User()) as client:
        done = await client.call_tool("shelf_fill", FILL)
        shelf.jars["salt"] = 7
        back = await client.call_tool("shelf_undo", {"record": undo_in(done)})

    assert text_of(back) == "jar/salt was changed by somebody else since."
    assert shelf.jars["salt"] == 7


@pytest.mark.parametrize("record", ["../../etc/passwd", "undo-zzzzzzzz", "undo-00000000"])
async def test_an_undo_record_that_is_none_is_refused(build: Build, record: str) -> None:
    async with Client(build(write=True), elicitation_callback=User()) as client:
        answer = await client.call_tool("shelf_undo", {"record": record})

    assert answer.is_error
    assert repr(record) in text_of(answer)


async def test_a_write_that_cannot_be_verified_says_so(build: Build, shelf: Shelf) -> None:
    async with Client(build(write=True), elicitation_callback=User()) as client:
        answer = await client.call_tool("shelf_fill", {"name": "salt", "grams": 9_500})

    assert text_of(answer).startswith("Sent, but NOT verified: salt holds 9500 g.")


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


async def test_undo_records_are_private(build: Build, tmp_path: Path) -> None:
    async with Client(build(write=True), elicitation_callback=User()) as client:
        await client.call_tool("shelf_fill", FILL)

    (record,) = (tmp_path / "undo").iterdir()
    assert record.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "undo").stat().st_mode & 0o777 == 0o700
