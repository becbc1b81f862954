"""Putting a server together: tools, backends and settings become one MCP server."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any, Generic

import anyio
import msgspec
from mcp.server import MCPServer
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from jamie_base.audit import open_audit
from jamie_base.caller import caller_of, calling
from jamie_base.consent import Asks
from jamie_base.desk import Desk
from jamie_base.endpoint import Endpoint, Offer
from jamie_base.logs import redactor_of, state_folder
from jamie_base.settings import ServerSettings
from jamie_base.sources import BackendT, Sources
from jamie_base.status import STATUS_URI, SourceStatus, Status
from jamie_base.tool import Mode, bind, choice
from jamie_base.toolset import Toolset
from jamie_base.undo import UndoLog

PROBE_SECONDS = 10.0
"""How long a backend may take to tell its state."""

Probe = Callable[[BackendT], Awaitable[SourceStatus]]


@dataclass(frozen=True)
class Blueprint(Generic[BackendT]):
    """What makes one server differ from the others.

    `name` is the distribution's, `instructions` tell a model when to use which tool (1,500 bytes at
    most), `probe` tells the state of one backend without raising, `offer` is what there is besides
    tools.
    """

    name: str
    title: str
    instructions: str
    toolset: Toolset
    sources: Sources[BackendT]
    probe: Probe[BackendT]
    offer: Offer = field(default_factory=Offer)


def assemble(blueprint: Blueprint[BackendT], settings: ServerSettings) -> MCPServer[Desk[BackendT]]:
    """Build the server; nothing is contacted until a tool is called."""
    release = version(blueprint.name)
    desk = _desk(blueprint, settings)
    mode = Mode(
        names=blueprint.sources.names,
        flags=frozenset(one for one in blueprint.toolset.flags if getattr(settings, one)),
        confirm=settings.confirm,
        always_data=desk.always_data,
    )

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncGenerator[Desk[BackendT]]:
        # Over SSE this is entered once a connection, so it only hands over what is shared.
        async with blueprint.sources, anyio.create_task_group() as group:
            yield replace(desk, background=group)
            group.cancel_scope.cancel()

    server: Endpoint[BackendT] = Endpoint(
        blueprint.name,
        blueprint.offer,
        blueprint.sources.names,
        title=blueprint.title,
        version=release,
        instructions=_instructions(blueprint),
        log_level=settings.log_level,
        lifespan=lifespan,
        tools=bind(blueprint.toolset, mode),
        middleware=[_for_its_caller],
        extensions=[Asks()] if settings.write and settings.confirm == "ask" else [],
    )

    @server.resource(STATUS_URI, mime_type="application/json", title="Status")
    async def status() -> str:
        """Tell this server's version and mode, and what each backend allows."""
        found = await _probe_all(blueprint)
        state = Status(blueprint.name, release, " and ".join(sorted(mode.flags)) or "read", found)

        return desk.redactor.text(msgspec.json.encode(state).decode())

    return server


def _instructions(blueprint: Blueprint[BackendT]) -> str:
    toolset = blueprint.toolset
    told = choice(toolset, blueprint.sources.names)

    return blueprint.instructions + (f"Argument {toolset.chooser}: {told}\n" if told else "")


def _desk(blueprint: Blueprint[BackendT], settings: ServerSettings) -> Desk[BackendT]:
    folder = state_folder(settings)
    redactor = redactor_of(settings)

    return Desk(
        sources=blueprint.sources,
        redactor=redactor,
        audit=open_audit(settings.audit, blueprint.name, redactor, folder=folder),
        deadline=settings.deadline,
        undo_log=UndoLog(blueprint.name, folder),
        confirm=settings.confirm,
        always_data=settings.data == "always",
    )


async def _for_its_caller(
    ctx: ServerRequestContext[Any, Any], call_next: CallNext
) -> HandlerResult:
    with calling(caller_of(ctx.request)):
        return await call_next(ctx)


async def _probe_all(blueprint: Blueprint[Any]) -> tuple[SourceStatus, ...]:
    found: dict[str, SourceStatus] = {}

    async def probe(name: str) -> None:
        found[name] = _silent(blueprint, name)
        with anyio.move_on_after(PROBE_SECONDS):
            found[name] = await blueprint.probe(blueprint.sources.pick(name))

    async with anyio.create_task_group() as group:
        for name in blueprint.sources.names:
            group.start_soon(probe, name)

    return tuple(found[name] for name in blueprint.sources.names)


def _silent(blueprint: Blueprint[Any], name: str) -> SourceStatus:
    error = f"No answer within {PROBE_SECONDS:g} s."

    return SourceStatus(name, blueprint.sources.kind, "", reachable=False, error=error)
