"""A server of our own making, the smallest that shows everything: a shelf of jars."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import anyio
import msgspec
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, TextContent
from pydantic import Field

from jamie_base.errors import NotFound
from jamie_base.plan import Binding, Outcome, Plan, Undo
from jamie_base.progress import progress
from jamie_base.redact import Redactor
from jamie_base.status import SourceStatus
from jamie_base.toolset import INJECTED, INJECTED_REDACTOR, INJECTED_UNDO_LOG, Toolset
from jamie_base.undo import UndoLog


class Jar(msgspec.Struct, frozen=True):
    name: str
    grams: int


class Jars(msgspec.Struct, frozen=True):
    rows: tuple[Jar, ...]
    note: str = ""


class Shelf:
    """The backend: what it holds, and how often it was asked.

    A slow one fills a jar only when its gate opens, and tells when it has begun to.
    """

    def __init__(self) -> None:
        self.jars = {"sugar": 500, "salt": 250}
        self.edition = 1
        self.asked = 0
        self.closed = 0
        self.gate = anyio.Event()
        self.slow = False
        self.begun = anyio.Event()
        self.breaks: ToolError | None = None

    async def aclose(self) -> None:
        self.closed += 1


tools = Toolset(chooser="shelf", chooser_help="Which shelf.")

Backend = Annotated[Shelf, INJECTED]
Undos = Annotated[UndoLog, INJECTED_UNDO_LOG]
Marks = Annotated[Redactor, INJECTED_REDACTOR]
Name = Annotated[str, Field(description="A jar.", min_length=1)]
Grams = Annotated[int, Field(ge=0, le=10_000, description="What it holds.")]
Order = Annotated[Literal["name", "grams"], Field(description="What to sort by.")]


def show(jars: Jars) -> str:
    return "\n".join([*(f"{jar.name} {jar.grams} g" for jar in jars.rows), jars.note]).strip()


@tools.reads(show)
async def shelf_jars(shelf: Backend, order: Order = "name", note: str = "") -> Jars:
    """List the jars.

    Every one of them.
    """
    shelf.asked += 1
    rows = [Jar(*item) for item in shelf.jars.items()]
    return Jars(tuple(sorted(rows, key=lambda jar: getattr(jar, order))), note)


@tools.reads(show)
async def shelf_wait(shelf: Backend) -> Jars:
    """Wait until the shelf is opened."""
    shelf.asked += 1
    await shelf.gate.wait()
    return Jars(())


@tools.reads(show)
async def shelf_break(shelf: Backend) -> Jars:
    """Fail in a way nobody foresaw."""
    raise RuntimeError("password=hunter2-from-the-inside")


@tools.reads(show)
async def shelf_label(shelf: Backend, marks: Marks, recipe: str) -> Jars:
    """Write a recipe, which nobody may read, on a label."""
    return Jars((), marks.value(recipe))


@tools.reads(show, live="times")
async def shelf_tell(shelf: Backend, line: str, times: int = 1) -> Jars:
    """Tell a line while it is looked at."""
    for _ in range(times):
        await progress(line)
    return Jars(())


def _binding(shelf: Shelf, name: str, grams: int) -> Binding:
    if name not in shelf.jars:
        raise NotFound(f"There is no jar {name!r}.")
    touched = {"grams": shelf.jars[name]}
    body = msgspec.json.encode({"name": name, "grams": grams})
    return Binding(f"jar/{name}", "uid-1", shelf.edition, touched, body)


def _way_back(before: Jar, grams: int) -> Undo:
    body = msgspec.json.encode(before)
    summary = f"back to {before.grams} g"
    return Undo(summary, f"jar/{before.name}", "uid-1", {"grams": grams}, body)


async def fill(shelf: Shelf, plan: Plan) -> Outcome:
    wanted = msgspec.json.decode(plan.binding.body, type=Jar)
    if shelf.breaks:
        raise shelf.breaks
    if shelf.slow:
        shelf.begun.set()
        await shelf.gate.wait()
    before = shelf.jars[wanted.name]
    shelf.jars[wanted.name] = wanted.grams
    shelf.edition += 1
    undo = _way_back(Jar(wanted.name, before), wanted.grams)
    done = f"{wanted.name} holds {wanted.grams} g"
    return Outcome(done, verified=wanted.grams < 9_000, undos=(undo,))


@tools.writes(fill)
async def shelf_fill(shelf: Backend, name: Name, grams: Grams) -> Plan:
    """Fill a jar."""
    binding = _binding(shelf, name, grams)
    return Plan(
        summary=f"fill {name} to {grams} g",
        binding=binding,
        changes=(f"grams: {shelf.jars[name]} -> {grams}",),
        impact=("tea gets sweeter",),
        undo="This can be undone.",
        ways_back=(_way_back(Jar(name, shelf.jars[name]), grams),),
    )


@tools.writes(fill)
async def shelf_undo(shelf: Backend, undos: Undos, record: Name) -> Plan:
    """Take a filling back."""
    undo = undos.load(record).undo
    jar = msgspec.json.decode(undo.body, type=Jar)
    if shelf.jars[jar.name] != undo.touched["grams"]:
        raise NotFound(f"{undo.target} was changed by somebody else since.")
    return Plan(f"undo: {undo.summary}", _binding(shelf, jar.name, jar.grams), undoes=record)


async def probe(shelf: Shelf) -> SourceStatus:
    return SourceStatus("default", "shelf", "shelf://", reachable=True, version=str(shelf.edition))


Era = Literal["auto", "legacy"]

Build = Callable[..., MCPServer[Any]]
"""Builds the server: `names` of several shelves, and any setting, as keywords."""


def text_of(answer: CallToolResult) -> str:
    """Return the text of an answer, which is all it holds."""
    (part,) = answer.content
    assert isinstance(part, TextContent)
    return part.text
