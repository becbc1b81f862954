"""What the shelf offers besides tools: jars as resources, prompts, completions."""

from collections.abc import AsyncGenerator, Iterable
from pathlib import Path
from typing import Annotated, Any

import anyio
from mcp.server import MCPServer
from pydantic import Field

from jamie_base.endpoint import Offer
from jamie_base.errors import Denied, InvalidArgument, NotFound, Unreachable
from jamie_base.prompts import Prompts
from jamie_base.resources import Resources, text_of
from jamie_base.server import Blueprint, assemble
from jamie_base.settings import ServerSettings
from jamie_base.sources import Sources
from tests.base.shelf import Backend, Jar, Jars, Marks, Shelf, probe, show, tools

resources = Resources("shelf", chooser="shelf")
prompts = Prompts(chooser="shelf")


class Watched(Shelf):
    """A shelf that can be watched, and that breaks when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.looking = 0
        self.looks = 0
        self.down = False
        self.stirred = anyio.Event()

    def fill(self, name: str, grams: int) -> None:
        self.jars[name] = grams
        self.stir()

    def stir(self) -> None:
        before, self.stirred = self.stirred, anyio.Event()
        before.set()


async def versions(shelf: Watched, *, room: str, name: str) -> AsyncGenerator[str]:
    if name == "locked":
        raise Denied("The jar is locked, password=hunter2canary.")
    if name not in ("sugar", "salt"):
        raise NotFound(f"There is no jar {name!r}.")

    shelf.looks += 1
    shelf.looking += 1
    try:
        while True:
            if shelf.down:
                raise Unreachable("The shelf fell down.")
            stirred = shelf.stirred
            yield str(shelf.jars[name])
            await stirred.wait()
    finally:
        shelf.looking -= 1


@resources.reads("shelf://{shelf}/{room}/{name}", show, title="A jar", watch=versions)
async def jar(shelf: Backend, marks: Marks, room: str, name: str) -> Jars:
    """A jar and what it holds."""
    shelf.asked += 1
    if name == "broken":
        raise RuntimeError("password=hunter2-from-the-inside")
    if name == "locked":
        raise Denied("The jar is locked, password=hunter2canary.")
    if name == "waiting":
        await shelf.gate.wait()
    if name not in shelf.jars:
        raise NotFound(f"There is no jar {name!r}.")

    return Jars((Jar(name, shelf.jars[name]),), f"{text_of(room)} {marks.value('plums')}".strip())


@resources.reads("shelf://{shelf}/{room}/{name}/label", show, title="A label")
async def label(shelf: Backend, room: str, name: str) -> Jars:
    """What is written on a jar."""
    return Jars((), f"token={name} is secret-canary-1234567890")


@prompts.asks(title="Make tea")
def make_tea(
    jar: Annotated[str, Field(description="What to sweeten it with.")],
    cups: Annotated[str, Field(description="How many.")] = "1",
    shelf: Annotated[str, Field(description="Which shelf.")] = "",
) -> str:
    """Make tea with sugar.

    As the British do.
    """
    where = f" from shelf {shelf}" if shelf else ""
    return f"Take {jar}{where} and make {cups} cups."


async def jars(shelf: Shelf, given: Any) -> Iterable[str]:
    if given.get("room") == "cellar":
        raise Denied("Not the cellar.")
    if given.get("room") == "attic":
        await anyio.sleep_forever()
    if given.get("room") == "warehouse":
        return [f"jar-{n:03}" for n in range(250)]

    return [*shelf.jars, "token=hunter2canary"]


async def rooms(shelf: Shelf, given: Any) -> Iterable[str]:
    if given.get("shelf") == "odd":
        raise InvalidArgument("Odd.")

    return ("kitchen", "cellar")


offer = Offer(resources, prompts, {"jar": jars, "name": jars, "room": rooms})


def serve(
    folder: Path, shelf: Shelf, *, names: tuple[str, ...] = ("default",), **settings: Any
) -> MCPServer[Any]:
    """A server that offers all of this, from shelves of these names."""
    blueprint = Blueprint(
        name="jamie-base",
        title="Shelf",
        instructions="Jars.",
        toolset=tools,
        sources=Sources("shelf", {name: lambda: shelf for name in names}),
        probe=probe,
        offer=offer,
    )
    return assemble(blueprint, ServerSettings(state_dir=folder, **settings))
