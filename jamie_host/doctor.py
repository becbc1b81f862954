"""`jamie doctor`: every server and backend, what is wrong first, with what to do."""

import os
from typing import Literal

import anyio
import msgspec

from jamie_host.connection import Connection
from jamie_host.errors import HostError
from jamie_host.settings import HostSettings
from jamie_host.status import ServerStatus, SourceStatus, read_status
from jamie_host.toolbox import Cost, Toolbox

Severity = Literal["broken", "limited"]

# What a model reads before it reads the question; beyond this answers suffer.
HEAVY_TOKENS = 10_000

# Less is what networks and cut seconds make of clocks that agree.
CLOCK_SECONDS = 5.0


class Problem(msgspec.Struct, frozen=True):
    """Something to fix."""

    severity: Severity
    what: str
    fix: str


class ServerReport(msgspec.Struct, frozen=True):
    """One server, looked at."""

    name: str
    address: str
    connected: bool
    version: str
    protocol: str
    mode: str
    cost: Cost
    sources: tuple[SourceStatus, ...]
    problems: tuple[Problem, ...]


class Report(msgspec.Struct, frozen=True):
    """Everything, looked at."""

    servers: tuple[ServerReport, ...]
    model: str
    state_dir: str
    problems: tuple[Problem, ...]

    @property
    def broken(self) -> bool:
        """Whether something does not work at all."""
        return any(problem.severity == "broken" for problem in self.problems)


async def examine(toolbox: Toolbox, settings: HostSettings, *, ask_model: bool) -> Report:
    """Look at every server, its backends, the model and the state folder, all at once."""
    await toolbox.settled()
    found: dict[str, ServerReport] = {}

    async def look(connection: Connection) -> None:
        name = connection.server.name
        found[name] = await _look(connection, toolbox.cost(name))

    async with anyio.create_task_group() as group:
        for connection in toolbox.connections.values():
            group.start_soon(look, connection)
    model, problems = await _model(settings, ask=ask_model)
    servers = tuple(found[name] for name in sorted(found))
    problems += [problem for server in servers for problem in server.problems]
    problems += _state(settings) + _weight(servers)
    return Report(
        servers=servers,
        model=model,
        state_dir=str(settings.state_dir),
        problems=tuple(sorted(problems, key=lambda problem: problem.severity)),
    )


async def _look(connection: Connection, cost: Cost) -> ServerReport:
    state = connection.state
    connected = state.phase == "ready"
    status = await read_status(connection) if connected else ""
    known = status if isinstance(status, ServerStatus) else ServerStatus()
    return ServerReport(
        name=connection.server.name,
        address=connection.server.address,
        connected=connected,
        version=connection.link.version or known.version or "",
        protocol=connection.link.protocol,
        mode=known.mode or "",
        cost=cost,
        sources=known.sources,
        problems=tuple(_server_problems(connection, known)),
    )


def _server_problems(connection: Connection, status: ServerStatus) -> list[Problem]:
    name = connection.server.name
    if connection.state.phase != "ready":
        what = f"{name} is not available: {connection.state.reason or 'no answer in time'}"
        return [Problem("broken", what, f"Check that this works: {connection.server.address}")]
    return [problem for source in status.sources for problem in _source_problems(name, source)]


def _source_problems(server: str, source: SourceStatus) -> list[Problem]:
    where = " ".join(word for word in (f"{server}:", source.kind, source.name) if word)
    if not source.reachable:
        at = f" at {source.url}" if source.url else ""
        what = f"{where}{at} cannot be reached: {source.error or 'no reason given'}"
        return [Problem("broken", what, source.fix or "Check the address and that it runs.")]
    advice = source.fix or "Give this identity the permission, or do without."
    limited = [
        Problem("limited", f"{where}: {missing.tool} is limited: {missing.why}", advice)
        for missing in source.missing or ()
    ]
    return [*limited, *_clock(where, source.clock_ahead or 0.0)]


def _clock(where: str, ahead: float) -> list[Problem]:
    if abs(ahead) < CLOCK_SECONDS:
        return []
    what = f"its clock is {abs(ahead):,.0f} s {'ahead of' if ahead > 0 else 'behind'} ours"
    fix = "Set both clocks by NTP: until then ages and time windows are off by that."
    return [Problem("limited", f"{where}: {what}", fix)]


def _weight(servers: tuple[ServerReport, ...]) -> list[Problem]:
    total = sum(server.cost.tokens for server in servers)
    if total <= HEAVY_TOKENS:
        return []
    what = f"The tools take about {total:,} tokens of every request to a model"
    return [Problem("limited", what, "Disable servers you do not need (enabled = false).")]


def _state(settings: HostSettings) -> list[Problem]:
    folder = settings.state_dir
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as exc:
        reason = exc.strerror or str(exc)
        return [Problem("broken", f"State folder {folder}: {reason}", "Set JAMIE_STATE_DIR.")]
    if os.access(folder, os.W_OK):
        return []
    return [Problem("broken", f"State folder {folder} is not writable", "Set JAMIE_STATE_DIR.")]


async def _model(settings: HostSettings, *, ask: bool) -> tuple[str, list[Problem]]:
    """Describe the model; it is asked something only on request."""
    if not settings.model:
        return "the built-in brain (no language model is set)", []
    # Heavy, and only needed when a model is set.
    from jamie_host.models import build_model, probe

    try:
        model = build_model(settings)
        words = await probe(model) if ask else "not asked; --model-check asks it"
    except HostError as exc:
        return f"{settings.model}: broken", [Problem("broken", str(exc), "Correct the model.")]
    where = f" at {settings.base_url}" if settings.base_url else ""
    return f"{settings.model}{where} ({words})", []
