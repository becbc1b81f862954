"""Writing tools: nothing happens without a yes, a plan that still holds, and an audit line."""

import re
from typing import Any, Literal

import pytest
from mcp import Client
from mcp.types import CallToolResult, ElicitRequestParams, ElicitResult

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
