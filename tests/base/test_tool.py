"""Served tools, seen the way a model sees them."""

import json
import re
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from mcp import Client
from mcp.types import CallToolResult, TextResourceContents

from jamie_base.toolset import READS, WRITES
from tests.base.shelf import Build, Era, Shelf, text_of


async def test_an_answer_is_text_only(build: Build, era: Era) -> None:
    async with Client(build(), mode=era) as client:
        answer = await client.call_tool("shelf_jars", {"order": "grams"})

    assert text_of(answer) == "salt 250 g\nsugar 500 g"
    assert answer.structured_content is None


async def test_a_program_gets_the_data_when_it_asks(build: Build, era: Era) -> None:
    async with Client(build(), mode=era) as client:
        answer = await client.call_tool("shelf_jars", {}, meta={"jamie/data": True})

    rows = [{"name": "salt", "grams": 250}, {"name": "sugar", "grams": 500}]
    assert answer.structured_content == {"rows": rows, "note": ""}
    assert text_of(answer) == "salt 250 g\nsugar 500 g"


async def test_data_always_publishes_its_schema(build: Build, era: Era) -> None:
    async with Client(build(data="always"), mode=era) as client:
        (jars, *_) = (await client.list_tools()).tools
        answer = await client.call_tool("shelf_jars", {})

    assert jars.output_schema is not None
    assert jars.output_schema["properties"]["note"] == {"type": "string", "default": ""}
    assert answer.structured_content is not None


async def test_the_contract_is_the_signature(build: Build, era: Era) -> None:
    async with Client(build(), mode=era) as client:
        jars = (await client.list_tools()).tools[0]

    assert jars.description == "List the jars.\n\nEvery one of them."
    assert jars.output_schema is None
    assert jars.input_schema == {
        "type": "object",
        "properties": {
            "order": {
                "type": "string",
                "enum": ["name", "grams"],
                "default": "name",
                "description": "What to sort by.",
            },
            "note": {"type": "string", "default": ""},
        },
        "additionalProperties": False,
    }


async def test_reading_tools_say_so_and_writing_tools_exist_only_in_write_mode(
    build: Build,
) -> None:
    async with Client(build()) as client:
        reading = (await client.list_tools()).tools
    async with Client(build(write=True)) as client:
        writing = (await client.list_tools()).tools

    assert [tool.name for tool in reading] == [
        "shelf_jars",
        "shelf_wait",
        "shelf_break",
        "shelf_label",
        "shelf_tell",
    ]
    assert [tool.name for tool in writing[5:]] == ["shelf_fill", "shelf_undo"]
    hints = {tool.name: tool.annotations for tool in writing}
    assert (hints["shelf_jars"], hints["shelf_fill"]) == (READS, WRITES)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            {"ordr": "name"},
            "shelf_jars has no argument 'ordr'. Did you mean 'order'?",
        ),
        (
            {"label_selector": "x"},
            "shelf_jars has no argument 'label_selector'. It takes order, note.",
        ),
        (
            {"order": "colour"},
            "Argument 'order' = 'colour': input should be 'name' or 'grams'.",
        ),
        (
            {"order": 3, "notes": ""},
            "Argument 'order' = 3: input should be 'name' or 'grams'."
            " shelf_jars has no argument 'notes'. Did you mean 'note'?",
        ),
    ],
)
async def test_bad_arguments_are_refused_by_name(
    build: Build, era: Era, arguments: dict[str, Any], reason: str
) -> None:
    async with Client(build(), mode=era) as client:
        answer = await client.call_tool("shelf_jars", arguments)

    assert answer.is_error
    assert text_of(answer) == reason


async def test_a_missing_argument_is_named(build: Build) -> None:
    async with Client(build(write=True)) as client:
        answer = await client.call_tool("shelf_fill", {"name": "salt"})

    assert text_of(answer) == "shelf_fill needs the argument 'grams'."


async def test_the_chooser_exists_only_among_several(build: Build) -> None:
    async with Client(build(names=("top", "bottom"))) as client:
        jars, *others = (await client.list_tools()).tools
        known = await client.call_tool("shelf_jars", {"shelf": "bottom"})
        unknown = await client.call_tool("shelf_jars", {"shelf": "botom"})
        instructions = str(client.instructions)

    assert jars.input_schema["properties"]["shelf"] == {
        "type": "string",
        "default": "",
        "description": "Which shelf. One of top, bottom; top by default. Several: a,b or *.",
    }
    assert all(one.input_schema["properties"]["shelf"] == {"type": "string"} for one in others)
    assert "Argument shelf: Which shelf. One of top, bottom;" in instructions
    assert text_of(known) == "salt 250 g\nsugar 500 g"
    assert text_of(unknown) == (
        "There is no shelf 'botom'; there are top, bottom. Did you mean 'bottom'?"
    )


async def test_a_defect_of_ours_stays_on_the_server(build: Build, era: Era) -> None:
    async with Client(build(), mode=era) as client:
        answer = await client.call_tool("shelf_break", {})

    assert answer.is_error
    assert text_of(answer) == (
        "shelf_break failed inside Jamie, not in the backend; its log has the details."
    )


async def test_a_call_over_its_deadline_is_stopped_and_says_so(
    build: Build, shelf: Shelf, era: Era
) -> None:
    async with Client(build(deadline=0.05), mode=era) as client:
        answer = await client.call_tool("shelf_wait", {})

    assert answer.is_error
    assert text_of(answer) == (
        "shelf_wait took over 0.05 s and was stopped; ask for less"
        " (a shorter window, one namespace, a narrower selector) or raise --deadline."
    )


async def test_a_waiting_client_hears_that_the_call_goes_on(
    build: Build, shelf: Shelf, era: Era
) -> None:
    heard: list[str] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append(str(message))
        shelf.gate.set()

    async with Client(build(), mode=era) as client:
        with anyio.fail_after(10):
            answer = await client.call_tool("shelf_wait", {}, progress_callback=hear)

    assert heard == ["shelf_wait: still working, 1 s"]
    assert not answer.is_error


async def test_a_call_given_up_is_audited(
    build: Build, shelf: Shelf, era: Era, tmp_path: Path
) -> None:
    async with Client(build(), mode=era) as client:
        async with anyio.create_task_group() as calls:
            calls.start_soon(client.call_tool, "shelf_wait")
            while shelf.asked == 0:
                await anyio.lowlevel.checkpoint()
            calls.cancel_scope.cancel()
        await client.call_tool("shelf_jars", {})

    (log,) = (tmp_path / "audit").iterdir()
    outcomes = {
        one["tool"]: one["outcome"] for one in map(json.loads, log.read_text().splitlines())
    }
    assert outcomes == {"shelf_wait": "cancelled", "shelf_jars": "ok"}


async def test_secrets_in_progress_leave_as_marks(build: Build, shelf: Shelf, era: Era) -> None:
    heard: list[str] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append(str(message))

    async with Client(build(), mode=era) as client:
        await client.call_tool(
            "shelf_tell", {"line": "password=hunter2canary\x1b[31m"}, progress_callback=hear
        )

    (line,) = heard
    assert line.startswith("password=[redacted:")
    assert line.endswith("]")


async def test_identical_reads_in_flight_are_shared(build: Build, shelf: Shelf) -> None:
    answers: list[CallToolResult] = []

    async with Client(build()) as client, anyio.create_task_group() as group:

        async def ask() -> None:
            answers.append(await client.call_tool("shelf_wait", {}))

        for _ in range(5):
            group.start_soon(ask)
        while shelf.asked == 0:
            await anyio.lowlevel.checkpoint()
        await client.call_tool("shelf_jars", {})
        shelf.gate.set()

    assert len(answers) == 5
    assert shelf.asked == 2


async def test_secrets_leave_as_marks_in_text_and_data(build: Build) -> None:
    async with Client(build()) as client:
        answer = await client.call_tool(
            "shelf_jars", {"note": "password=hunter2canary"}, meta={"jamie/data": True}
        )

    assert "hunter2canary" not in text_of(answer)
    assert "[redacted:" in text_of(answer)
    assert "hunter2canary" not in repr(answer.structured_content)


async def test_a_tool_can_mark_what_only_it_knows_to_be_secret(build: Build) -> None:
    async with Client(build()) as client:
        (label,) = [
            tool for tool in (await client.list_tools()).tools if tool.name == "shelf_label"
        ]
        answer = await client.call_tool("shelf_label", {"recipe": "plums and rum"})
        keyed = await client.call_tool("shelf_jars", {"note": "password=plums-and-rum"})
        same = await client.call_tool("shelf_label", {"recipe": "plums-and-rum"})

    assert [*label.input_schema["properties"]] == ["recipe"]
    assert re.fullmatch(r"\[redacted:[0-9a-f]{8}\]", text_of(answer))
    assert text_of(keyed).endswith(f"password={text_of(same)}")


async def test_control_characters_do_not_get_out(build: Build) -> None:
    async with Client(build()) as client:
        answer = await client.call_tool("shelf_jars", {"note": "a\x1b[31mb\u202ec\u200bd"})

    assert text_of(answer).endswith("abcd")


async def test_every_call_leaves_one_audit_line(build: Build, tmp_path: Path) -> None:
    async with Client(build()) as client:
        await client.call_tool("shelf_jars", {"note": "token=canary-in-audit-1234"})
        await client.call_tool("shelf_jars", {"nte": ""})
        await client.call_tool("shelf_break", {})

    (log,) = (tmp_path / "audit").iterdir()
    lines = [msgspec.json.decode(line) for line in log.read_bytes().splitlines()]
    assert [(line["tool"], line["outcome"]) for line in lines] == [
        ("shelf_jars", "ok"),
        ("shelf_jars", "refused"),
        ("shelf_break", "crash"),
    ]
    assert lines[0]["caller"] == "local"
    assert lines[0]["bytes"] > 0
    assert b"canary-in-audit-1234" not in log.read_bytes()


async def test_the_backend_is_let_go_with_the_last_connection(build: Build, shelf: Shelf) -> None:
    server = build()
    async with Client(server) as one, Client(server) as other:
        await one.call_tool("shelf_jars", {})
        await other.call_tool("shelf_jars", {})
        assert shelf.closed == 0

    assert shelf.closed == 1


async def test_the_status_resource_tells_what_is_reachable(build: Build, era: Era) -> None:
    async with Client(build(write=True), mode=era) as client:
        (content,) = (await client.read_resource("jamie://status")).contents

    assert isinstance(content, TextResourceContents)
    assert msgspec.json.decode(content.text) == {
        "server": "jamie-base",
        "version": "0.1.0",
        "mode": "write",
        "sources": [
            {
                "name": "default",
                "kind": "shelf",
                "url": "shelf://",
                "reachable": True,
                "version": "1",
            }
        ],
    }


async def test_the_numbers_of_progress_rise(build: Build, era: Era) -> None:
    heard: list[float] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    async with Client(build(), mode=era) as client:
        arguments = {"line": "hello", "times": 4}
        await client.call_tool("shelf_tell", arguments, progress_callback=hear)

    assert len(heard) == 4
    assert heard == sorted({*heard})


async def test_a_long_line_of_progress_is_cut(build: Build) -> None:
    heard: list[str] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append(str(message))

    async with Client(build()) as client:
        await client.call_tool("shelf_tell", {"line": "é " * 5_000}, progress_callback=hear)

    (line,) = heard
    assert len(line.encode()) <= 4_000
    assert line.endswith("…")


async def test_calls_that_tell_what_they_see_are_not_shared(build: Build) -> None:
    heard: list[list[str]] = [[], []]

    async with Client(build()) as client, anyio.create_task_group() as group:

        async def follow(words: list[str]) -> None:
            async def hear(progress: float, total: float | None, message: str | None) -> None:
                words.append(str(message))

            arguments = {"line": "hello", "times": 3}
            await client.call_tool("shelf_tell", arguments, progress_callback=hear)

        for words in heard:
            group.start_soon(follow, words)

    assert heard == [["hello"] * 3, ["hello"] * 3]
