"""What the commands do, once their words are understood; each returns the exit code."""

import contextlib
import importlib
import sys
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING

import anyio.to_thread
import msgspec

from jamie_host import ledger, report
from jamie_host.answer import ToolAnswer
from jamie_host.arguments import parse_arguments
from jamie_host.doctor import examine
from jamie_host.house import open_house, person
from jamie_host.settings import HostSettings
from jamie_host.terminal import Terminal
from jamie_host.toolbox import Toolbox

if TYPE_CHECKING:
    from jamie_host.agent import Answer, Assistant

FINE, WRONG = 0, 1


async def list_tools(settings: HostSettings, *, as_json: bool) -> int:
    """Print every server and its tools; wrong when no server can be used."""
    async with open_house(settings) as toolbox:
        await toolbox.settled()
        say(_json(_catalogue(toolbox)) if as_json else report.tools(toolbox))
        return WRONG if len(toolbox.gaps()) == len(toolbox.connections) else FINE


async def call_tool(
    settings: HostSettings, tool: str, words: Sequence[str], given: str, *, as_json: bool
) -> int:
    """Call one tool and print its text, or its data as JSON.

    No policy here: whoever types a tool's name has decided. Raises ConfigError.
    """
    terminal = person()
    async with open_house(settings, terminal) as toolbox:
        await toolbox.settled()
        found = toolbox.tool(tool)
        arguments = parse_arguments(words, given, found.input_schema if found else {}, tool)
        progress = _progress if terminal else None
        answer = await toolbox.call(tool, arguments, data=as_json, progress=progress)
        return _print_answer(answer, as_json=as_json)


async def ask(settings: HostSettings, question: str, *, as_json: bool, evidence: bool) -> int:
    """Answer a question and print it. Raises ConfigError, ModelError."""
    terminal = person()
    async with open_house(settings, terminal) as toolbox:
        live = sys.stdout.isatty() and bool(settings.model) and not as_json
        async with _assistant(toolbox, settings, terminal) as assistant:
            answer = await assistant.answer(question, _hear if live else None)
        _print_reply(answer, as_json=as_json, evidence=evidence, live=live)
        return FINE if answer.complete else WRONG


async def check(settings: HostSettings, *, ask_model: bool, as_json: bool) -> int:
    """Print what is wrong with servers, backends and model, and what to do."""
    async with open_house(settings) as toolbox:
        found = await examine(toolbox, settings, ask_model=ask_model)
        say(_json(found) if as_json else report.diagnosis(found))
        return WRONG if found.broken else FINE


async def chat(settings: HostSettings) -> int:
    """Answer questions until the end of input. Raises ConfigError."""
    from jamie_host.chat import converse

    terminal = person()
    async with open_house(settings, terminal) as toolbox:
        async with _assistant(toolbox, settings, terminal) as assistant:
            await converse(assistant, terminal)
        return FINE


@contextlib.asynccontextmanager
async def _assistant(
    toolbox: Toolbox, settings: HostSettings, terminal: Terminal | None
) -> AsyncGenerator["Assistant"]:
    # Heavy; the servers start meanwhile, in processes of their own.
    await anyio.to_thread.run_sync(importlib.import_module, "jamie_host.agent")
    from jamie_host.agent import open_assistant

    approve = terminal.approve if terminal else None
    async with open_assistant(toolbox, settings, approve=approve) as assistant:
        await toolbox.settled()
        yield assistant


def _print_answer(answer: ToolAnswer, *, as_json: bool) -> int:
    if answer.is_error and not as_json:
        complain(answer.text)
    elif as_json:
        say(_json(answer if answer.data is None else answer.data))
    else:
        say(answer.text)
    return WRONG if answer.is_error else FINE


def _print_reply(answer: "Answer", *, as_json: bool, evidence: bool, live: bool) -> None:
    if as_json:
        say(_json(answer))
        return
    # What was heard live is on the screen already; a partial answer's note is not.
    say(answer.note if live else answer.text)
    if evidence:
        say(f"\n{ledger.show(answer.calls)}")


def _catalogue(toolbox: Toolbox) -> dict[str, object]:
    gaps = toolbox.gaps()
    return {
        server: {
            "available": server not in gaps,
            "reason": gaps.get(server, ""),
            "version": one.link.version,
            "protocol": one.link.protocol,
            "bytes": toolbox.cost(server).bytes,
            "tokens": toolbox.cost(server).tokens,
            "tools": sorted(n for n, wired in toolbox.names.items() if wired.server == server),
        }
        for server, one in toolbox.connections.items()
    }


async def _progress(progress: float, total: float | None, message: str | None) -> None:
    if message:
        complain(f"... {message}")


def _hear(words: str) -> None:
    sys.stdout.write(words)
    sys.stdout.flush()


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value)).decode()


def say(text: str) -> None:
    """Write an answer to stdout."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Write a word to stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
