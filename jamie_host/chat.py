"""`jamie chat`: one conversation, question by question."""

import sys
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING

import anyio.to_thread

from jamie_host import ledger
from jamie_host.errors import ModelError
from jamie_host.terminal import Terminal

if TYPE_CHECKING:
    from jamie_host.agent import Answer, Assistant

PROMPT = "jamie> "
LEAVE = frozenset({"exit", "quit", ":q"})
HELP = "Ask anything. `evidence` shows what the last answer rests on, `exit` leaves."


async def converse(assistant: "Assistant", terminal: Terminal | None) -> None:
    """Answer until `exit` or the end of input; without a terminal, one question a line."""
    last: Answer | None = None
    lines = _typed() if terminal else _piped()
    if terminal:
        _write(HELP)
    async for line in lines:
        question = line.strip()
        if question in LEAVE:
            return
        if question == "evidence":
            _write(ledger.show(last.calls) if last else "Nothing was asked yet.")
        elif question:
            last = await _turn(assistant, question, echo=terminal is None)


async def _turn(assistant: "Assistant", question: str, *, echo: bool) -> "Answer | None":
    if echo:
        _write(f"{PROMPT}{question}")
    try:
        answer = await assistant.answer(question)
    except ModelError as exc:
        _write(str(exc))
        return None
    _write(f"{answer.text}\n")
    return answer


async def _typed() -> AsyncGenerator[str]:
    # Only a person at a terminal needs it.
    from prompt_toolkit import PromptSession
    from prompt_toolkit.patch_stdout import patch_stdout

    session: PromptSession[str] = PromptSession()
    while True:
        try:
            with patch_stdout():
                line = await session.prompt_async(PROMPT)
        except (EOFError, KeyboardInterrupt):
            return
        yield line


async def _piped() -> AsyncGenerator[str]:
    read: Callable[[], str] = sys.stdin.readline
    while line := await anyio.to_thread.run_sync(read, abandon_on_cancel=True):
        yield line


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
