"""Asking the person at the terminal."""

import json
import sys
from collections.abc import Mapping
from typing import Literal, cast

import anyio
import anyio.to_thread
import mcp.types as types
from mcp.client.context import ClientRequestContext

from jamie_host.cleaning import clean

Approval = Literal["yes", "always", "no"]

ALWAYS = frozenset({"a", "always"})
YES = frozenset({"y", "yes"})
Value = str | int | float | bool | list[str] | None


class Terminal:
    """One person, asked one thing at a time."""

    def __init__(self) -> None:
        self._turn = anyio.Lock()

    @staticmethod
    def present() -> bool:
        """Tell whether somebody can read and answer."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    async def approve(self, tool: str, arguments: Mapping[str, object]) -> Approval:
        """Ask whether a tool may run with these arguments, now or always in this conversation."""
        shown = json.dumps(arguments, ensure_ascii=False, default=str)
        async with self._turn:
            said = await _line(f"Run {tool} {shown}? [y]es, [a]lways, [N]o ")
        word = said.strip().lower()
        return "always" if word in ALWAYS else "yes" if word in YES else "no"

    async def elicit(
        self, context: ClientRequestContext, params: types.ElicitRequestParams
    ) -> types.ElicitResult | types.ErrorData:
        """Ask what a server wants to know; no answer is a no."""
        async with self._turn:
            if isinstance(params, types.ElicitRequestURLParams):
                return await _visit(params)
            return await _form(params)


async def _visit(params: types.ElicitRequestURLParams) -> types.ElicitResult:
    said = await _line(f"{params.message}\nOpen {params.url}\nDone? [y/N] ")
    return types.ElicitResult(action="accept" if said.strip().lower() in YES else "decline")


async def _form(params: types.ElicitRequestFormParams) -> types.ElicitResult:
    _show(params.message)
    fields = cast("Mapping[str, Mapping[str, object]]", params.requested_schema["properties"])
    content: dict[str, Value] = {}
    for name, field in fields.items():
        content[name] = await _value(name, field)
    # A form of yes-or-no questions answered no is the person saying no.
    refused = content and all(value is False for value in content.values())
    return types.ElicitResult(action="decline") if refused else _accepted(content)


def _accepted(content: dict[str, Value]) -> types.ElicitResult:
    given: dict[str, Value] = {k: value for k, value in content.items() if value is not None}
    return types.ElicitResult(action="accept", content=given)


async def _value(name: str, field: Mapping[str, object]) -> Value:
    label = str(field.get("title") or field.get("description") or name)
    if field.get("type") == "boolean":
        return (await _line(f"{label} [y/N] ")).strip().lower() in YES
    choices = field.get("enum")
    options = f" ({', '.join(map(str, cast('list[object]', choices)))})" if choices else ""
    said = (await _line(f"{label}{options}: ")).strip()
    return _typed(said, str(field.get("type", "string")))


def _typed(said: str, kind: Literal["integer", "number"] | str) -> Value:
    if not said:
        return None
    try:
        return int(said) if kind == "integer" else float(said) if kind == "number" else said
    except ValueError:
        # The server names what it needs; we pass on what was said.
        return said


async def _line(question: str) -> str:
    """Ask on stderr, so that stdout holds the answer only; the end of input is empty."""
    _show(question, end="")
    return await anyio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True)


def _show(text: str, end: str = "\n") -> None:
    sys.stderr.write(clean(text) + end)
    sys.stderr.flush()
