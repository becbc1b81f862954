"""The main function of every server: from flags and environment to a running server."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any, NoReturn

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from stamina.instrumentation import set_on_retry_hooks

from jamie_base import logs, stdio
from jamie_base.flags import BadSettings, SettingsT, parse, program, strays
from jamie_base.settings import ServerSettings

STOPPED, NOT_STARTED, MISUSED = 0, 1, 2


def serve(
    settings_type: type[SettingsT],
    build: Callable[[SettingsT], MCPServer[Any]],
    arguments: Sequence[str] | None = None,
) -> NoReturn:
    """Serve what `build` makes of the settings until told to stop, then exit.

    Exit codes: 0 stopped as told, 1 could not start, 2 wrong flags or variables.
    """
    name = program(settings_type)
    given = sys.argv[1:] if arguments is None else arguments
    if "--version" in given:
        sys.stdout.write(f"{name} {version(name)}\n")
        sys.exit(STOPPED)

    # What a start makes lives as long as the server: looking through it for garbage only costs.
    gc.disable()
    settings = _settings(settings_type, given)
    _prepare(settings)
    try:
        server = build(settings)
    except (BadSettings, OSError, ToolError) as exc:
        _complain(name, [f"cannot start: {exc}"])
        sys.exit(NOT_STARTED)

    gc.freeze()
    gc.enable()
    sys.exit(_run(server, settings, name))


def _settings(settings_type: type[SettingsT], given: Sequence[str]) -> SettingsT:
    name = program(settings_type)
    try:
        settings = parse(settings_type, given)
        if settings.transport != "stdio":
            _check_http(settings)
    except BadSettings as exc:
        _complain(name, [*exc.problems, f"See {name} --help."])
        sys.exit(MISUSED)
    except SystemExit:
        if {"-h", "--help"} & {*given}:
            sys.stdout.write("  --version             show the version and exit\n")
        raise

    _complain(name, strays(settings_type, os.environ))

    return settings


def _prepare(settings: ServerSettings) -> None:
    # Before the SDK is asked for a server: it configures logging only where nobody else did.
    logs.prepare(settings)
    # A retry that helped is no news, and one that did not becomes the error.
    set_on_retry_hooks([])


def _run(server: MCPServer[Any], settings: ServerSettings, name: str) -> int:
    signal.signal(signal.SIGTERM, _stop)
    try:
        if settings.transport == "stdio":
            stdio.quieten()
            anyio.run(stdio.run, server)
            return STOPPED

        return _run_http(server, settings, name)
    except BadSettings as exc:
        _complain(name, exc.problems)
        return NOT_STARTED
    except KeyboardInterrupt:
        return STOPPED


def _check_http(settings: ServerSettings) -> None:
    # HTTP takes a while to import, and most servers speak stdio.
    from jamie_base import web

    web.check(settings)


def _run_http(server: MCPServer[Any], settings: ServerSettings, name: str) -> int:
    from jamie_base import web

    return web.run(server, settings, name)


def _stop(*_: object) -> NoReturn:
    sys.exit(STOPPED)


def _complain(name: str, problems: Sequence[str]) -> None:
    for problem in problems:
        sys.stderr.write(f"{name}: {problem}\n")
