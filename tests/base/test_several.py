"""One question to several backends: sections, partial results, one budget, one cursor at a time."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import anyio
import anyio.lowlevel
import msgspec
import pytest
from mcp import Client
from mcp.server import MCPServer
from pydantic import Field

from jamie_base.answer import ANSWER_BYTES
from jamie_base.blocks import END, quoted
from jamie_base.errors import Denied, Unreachable
from jamie_base.plan import Outcome, Plan
from jamie_base.remarks import remark
from jamie_base.server import Blueprint, assemble
from jamie_base.settings import ServerSettings
from jamie_base.sources import Sources
from jamie_base.status import SourceStatus
from jamie_base.toolset import INJECTED, Toolset
from tests.base.shelf import Era, text_of

STORIES = 400


class Library:
    """A backend that holds so many books, or fails."""

    def __init__(self, name: str, books: int = 1, error: Exception | None = None) -> None:
        self.name = name
        self.books = books
        self.error = error
        self.asked = 0
        self.gate: anyio.Event | None = None

    async def aclose(self) -> None:
        """Close nothing."""


class Books(msgspec.Struct, frozen=True):
    library: str
    titles: tuple[str, ...]
    cursor: str = ""


def show(books: Books) -> str:
    block = quoted(books.library, "\n".join(books.titles))
    more = [f"({STORIES} more; go on with cursor={books.cursor})"] if books.cursor else []
    return "\n".join([f"{len(books.titles)} books:", block, "Missing: maps: lost", *more])


tools = Toolset(chooser="library", chooser_help="Which library.")
Backend = Annotated[Library, INJECTED]
Cursor = Annotated[str, Field(description="To go on.")]


@tools.reads(show)
async def library_books(library: Backend, cursor: Cursor = "") -> Books:
    """List the books."""
    library.asked += 1
    if library.gate:
        await library.gate.wait()
    if library.error:
        raise library.error
    if library.name == "annex":
        remark("(only the ground floor)")

    titles = tuple(f"{library.name} story number {one}" for one in range(library.books))
    return Books(library.name, titles, "next" if library.books >= STORIES else "")


async def burn(library: Library, plan: Plan) -> Outcome:
    raise AssertionError("nobody agreed")


@tools.writes(burn)
async def library_burn(library: Backend) -> Plan:
    """Burn the books."""
    raise AssertionError("no library was chosen")


async def probe(library: Library) -> SourceStatus:
    return SourceStatus(library.name, "library", "", reachable=True)


Open = Callable[..., MCPServer[Any]]


@pytest.fixture
def libraries() -> dict[str, Library]:
    names = {"main": 3, "annex": 2}
    found = {name: Library(name, books) for name, books in names.items()}
    found["attic"] = Library("attic", error=Unreachable("attic does not answer (token=s3cr3t99)."))
    return found


@pytest.fixture
def build(libraries: dict[str, Library], tmp_path: Path) -> Open:
    def build(**settings: Any) -> MCPServer[Any]:
        makers = {name: (lambda one=one: one) for name, one in libraries.items()}
        blueprint = Blueprint(
            name="jamie-base",
            title="Libraries",
            instructions="Books.",
            toolset=tools,
            sources=Sources("library", makers),
            probe=probe,
        )
        return assemble(blueprint, ServerSettings(state_dir=tmp_path, **settings))

    return build


async def ask(server: MCPServer[Any], **arguments: Any) -> str:
    async with Client(server) as client:
        return text_of(await client.call_tool("library_books", arguments))


async def test_each_is_a_section_and_one_that_fails_is_no_failure(build: Open, era: Era) -> None:
    async with Client(build(), mode=era) as client:
        answer = await client.call_tool("library_books", {"library": "annex, main,attic"})

    assert not answer.is_error
    text = text_of(answer)
    heads = [line for line in text.split("\n") if line.startswith("== ")]
    assert heads[:2] == ["== annex (1 of 3)", "== main (2 of 3)"]
    assert heads[2].startswith("== attic (3 of 3): no answer: attic does not answer")
    assert "annex story number 1" in text.partition("== main")[0]
    assert "s3cr3t99" not in text


async def test_a_star_asks_all_the_default_first(build: Open) -> None:
    text = await ask(build(), library="*")

    assert [line.split()[1] for line in text.split("\n") if line.startswith("== ")] == [
        "main",
        "annex",
        "attic",
    ]


async def test_what_was_narrowed_is_said_where_it_was(build: Open) -> None:
    several = await ask(build(), library="main,annex")
    alone = await ask(build(), library="annex")

    assert several.endswith("(only the ground floor)")
    assert several.count("(only the ground floor)") == 1
    assert alone.endswith("(only the ground floor)")
    assert "== " not in alone


async def test_a_program_gets_each_one_s_data_or_error(build: Open) -> None:
    async with Client(build()) as client:
        answer = await client.call_tool(
            "library_books", {"library": "*"}, meta={"jamie/data": True}
        )

    assert answer.structured_content is not None
    found = answer.structured_content["librarys"]
    assert list(found) == ["main", "annex", "attic"]
    assert found["main"]["titles"][0] == "main story number 0"
    assert found["annex"]["remarks"] == ["(only the ground floor)"]
    assert found["attic"]["error"].startswith("attic does not answer (token=[redacted:")


async def test_data_of_one_and_of_several_both_fit_the_published_schema(build: Open) -> None:
    async with Client(build(data="always")) as client:
        await client.list_tools()
        one = await client.call_tool("library_books", {})
        several = await client.call_tool("library_books", {"library": "*"})

    assert (one.is_error, several.is_error) == (False, False)


async def test_it_fails_when_all_do(build: Open, libraries: dict[str, Library]) -> None:
    libraries["annex"].error = Denied("annex answered 403: no.")
    async with Client(build()) as client:
        answer = await client.call_tool("library_books", {"library": "annex,attic"})

    assert answer.is_error
    assert text_of(answer).split("\n")[:2] == [
        "None of annex and attic answered.",
        "annex: annex answered 403: no.",
    ]


async def test_the_same_reason_is_said_once(build: Open, libraries: dict[str, Library]) -> None:
    for one in libraries.values():
        one.error = Denied("The card has expired.")

    assert await ask(build(), library="*") == "The card has expired."


async def test_they_share_one_budget_and_a_small_one_loses_nothing(
    build: Open, libraries: dict[str, Library]
) -> None:
    libraries["main"].books = libraries["attic"].books = STORIES
    libraries["attic"].error = None

    text = await ask(build(), library="*")

    assert len(text.encode()) <= ANSWER_BYTES
    main, annex, attic = text.split("== ")[1:]
    assert "annex story number 1" in annex
    assert abs(len(main) - len(attic)) < 200
    assert len(main) > 2000
    for name, section in (("main", main), ("attic", attic)):
        assert f"{name} story number 0" in section
        assert END in section
        assert f"not shown; library={name} shows all)" in section
        assert "Missing: maps: lost" in section
        assert f"(400 more; go on with library={name})" in section
    assert "cursor=" not in text


async def test_twenty_large_ones_still_fit(build: Open, libraries: dict[str, Library]) -> None:
    libraries.clear()
    libraries |= {f"branch{one}": Library(f"branch{one}", STORIES) for one in range(20)}

    text = await ask(build(), library="*")

    assert len(text.encode()) <= ANSWER_BYTES
    assert [line for line in text.split("\n") if line.startswith("== ")] == [
        f"== branch{one} ({one + 1} of 20)" for one in range(20)
    ]


async def test_more_than_an_answer_holds_is_refused(
    build: Open, libraries: dict[str, Library]
) -> None:
    libraries |= {f"branch{one}": Library(f"branch{one}") for one in range(18)}

    assert await ask(build(), library="*") == (
        "library=* means 21, and an answer has room for 20: name 20 at most, as in"
        " library=main,annex."
    )


@pytest.mark.parametrize(
    ("library", "said"),
    [
        ("main,anex", "There is no library 'anex'; there are main, annex, attic. Did you mean"),
        (",", "There is no library ','"),
        ("*,main", "There is no library '*'"),
    ],
)
async def test_a_wrong_name_among_them_is_refused_before_any_is_asked(
    build: Open, libraries: dict[str, Library], library: str, said: str
) -> None:
    assert (await ask(build(), library=library)).startswith(said)
    assert not any(one.asked for one in libraries.values())


async def test_a_cursor_goes_on_in_one_only(build: Open) -> None:
    assert await ask(build(), library="main,annex", cursor="next") == (
        "A cursor goes on in one library: name the one whose rows you want more of,"
        " library=main say, without a cursor first."
    )
    assert (await ask(build(), library="main", cursor="next")).startswith("3 books")


async def test_one_named_twice_is_one(build: Open) -> None:
    assert (await ask(build(), library="main,main, ")).startswith("3 books")


async def test_who_is_too_slow_is_a_section_of_the_others_answer(
    build: Open, libraries: dict[str, Library]
) -> None:
    libraries["main"].gate = anyio.Event()

    text = await ask(build(deadline=0.2), library="*")

    late = "no answer within the 0.2 s that all had together."
    assert f"== main (1 of 3): no answer: {late}" in text
    assert "annex story number 1" in text


async def test_all_together_have_the_deadline_of_one(
    build: Open, libraries: dict[str, Library]
) -> None:
    for one in range(17):
        libraries[f"branch{one}"] = Library(f"branch{one}")
        libraries[f"branch{one}"].gate = anyio.Event()

    with anyio.fail_after(2):
        text = await ask(build(deadline=0.5), library="*")

    assert "annex story number 1" in text
    assert text.count("no answer: ") == 18
    assert sum(one.asked for one in libraries.values()) < 20


async def test_a_question_to_several_is_shared_with_one_to_each(
    build: Open, libraries: dict[str, Library]
) -> None:
    gate = libraries["main"].gate = anyio.Event()
    async with Client(build()) as client, anyio.create_task_group() as group:
        group.start_soon(client.call_tool, "library_books", {"library": "main"})
        group.start_soon(client.call_tool, "library_books", {"library": "main,annex"})
        with anyio.fail_after(5):
            while not libraries["annex"].asked:
                await anyio.lowlevel.checkpoint()
        await anyio.wait_all_tasks_blocked()
        gate.set()

    assert libraries["main"].asked == 1


@pytest.mark.parametrize("library", ["main,annex", "*"])
async def test_a_write_takes_one_only(build: Open, library: str) -> None:
    async with Client(build(write=True)) as client:
        answer = await client.call_tool("library_burn", {"library": library})
        (burn,) = [
            tool for tool in (await client.list_tools()).tools if tool.name == "library_burn"
        ]

    assert answer.is_error
    assert text_of(answer).startswith(
        f"library_burn changes one library at a time, and {library!r} are "
    )
    assert "Several" not in str(burn.input_schema)


async def test_names_beyond_the_room_for_them_are_counted(
    build: Open, libraries: dict[str, Library]
) -> None:
    libraries |= {f"a-branch-with-a-long-name-{one}": Library("x") for one in range(20)}
    async with Client(build()) as client:
        (books,) = (await client.list_tools()).tools

    description = books.input_schema["properties"]["library"]["description"]
    assert description == (
        "Which library. One of main, annex, attic, a-branch-with-a-long-name-0,"
        " a-branch-with-a-long-name-1, a-branch-with-a-long-name-2 and 17 more; main by default."
        " Several: a,b or *."
    )


async def test_the_argument_is_not_there_where_there_is_one_backend(
    build: Open, libraries: dict[str, Library]
) -> None:
    del libraries["annex"], libraries["attic"]

    assert (await ask(build(), library="*")).startswith("library_books has no argument 'library'")


async def test_the_audit_line_says_what_was_chosen(build: Open, tmp_path: Path) -> None:
    await ask(build(), library="main,annex")

    (log,) = (tmp_path / "audit").iterdir()
    (line,) = [msgspec.json.decode(line) for line in log.read_bytes().splitlines()]
    assert (line["source"], line["outcome"]) == ("main,annex", "ok")
