"""Prompts of a server: questions a person picks, with the steps that answer them.

A prompt is a function from texts to one text. Its signature and docstring are the whole contract,
as with tools; the argument that picks a backend is listed only where there are several.
"""

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    GetPromptResult,
    Prompt,
    PromptArgument,
    PromptMessage,
    TextContent,
)
from pydantic.fields import FieldInfo

from jamie_base.errors import InvalidArgument

LONGEST_CHARACTERS = 300

_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True)
class Asked:
    """One prompt as it was written."""

    write: Callable[..., str]
    title: str

    @property
    def name(self) -> str:
        """Return the name on the wire."""
        return self.write.__name__

    def listed(self, leave_out: str) -> Prompt:
        """Return how clients see it, without an argument that makes no sense here."""
        hints = get_type_hints(self.write, include_extras=True)
        arguments = [
            PromptArgument(
                name=name,
                description=_description(hints[name]),
                required=parameter.default is inspect.Parameter.empty,
            )
            for name, parameter in inspect.signature(self.write).parameters.items()
            if name != leave_out
        ]
        return Prompt(
            name=self.name,
            title=self.title,
            description=inspect.getdoc(self.write) or "",
            arguments=arguments,
        )


class Prompts(list[Asked]):
    """The prompts of one server; `chooser` is the argument that picks a backend."""

    def __init__(self, chooser: str = "source") -> None:
        super().__init__()
        self.chooser = chooser

    def asks(self, *, title: str) -> Callable[[Callable[..., str]], Callable[..., str]]:
        """Add a prompt."""

        def add(write: Callable[..., str]) -> Callable[..., str]:
            self.append(Asked(write, title))
            return write

        return add

    def listed(self, sources: Sequence[str]) -> list[Prompt]:
        """Return how clients see them, with so many backends."""
        return [one.listed(self._left_out(sources)) for one in self]

    def arguments(self, name: str) -> list[str]:
        """Return the arguments of a prompt; of one that is not there, none."""
        found = (one for one in self if one.name == name)
        return [key for one in found for key in inspect.signature(one.write).parameters]

    def written(self, name: str, given: dict[str, str], sources: Sequence[str]) -> GetPromptResult:
        """Write a prompt.

        Raises:
            MCPError: There is no such prompt, or it cannot be written with these arguments.

        """
        prompt = next((one for one in self if one.name == name), None)
        if prompt is None:
            known = ", ".join(one.name for one in self) or "none"
            raise MCPError(INVALID_PARAMS, f"There is no prompt {name[:80]!r}; there are {known}.")

        listed = prompt.listed(self._left_out(sources))
        arguments = {key: value.strip() for key, value in given.items()}
        _check(listed, arguments)
        try:
            text = prompt.write(**{key: value for key, value in arguments.items() if value})
        except InvalidArgument as exc:
            raise MCPError(INVALID_PARAMS, str(exc)) from exc

        message = PromptMessage(role="user", content=TextContent(type="text", text=text))

        return GetPromptResult(description=listed.description, messages=[message])

    def _left_out(self, sources: Sequence[str]) -> str:
        return "" if len(sources) > 1 else self.chooser


def _check(prompt: Prompt, given: dict[str, str]) -> None:
    known = {one.name: one for one in prompt.arguments or ()}
    if unknown := sorted(given.keys() - known.keys()):
        takes = ", ".join(known) or "none"
        raise MCPError(
            INVALID_PARAMS, f"{prompt.name} has no argument {unknown[0][:80]!r}; it takes {takes}."
        )
    if missing := [name for name, one in known.items() if one.required and not given.get(name)]:
        raise MCPError(INVALID_PARAMS, f"{prompt.name} needs the argument {missing[0]!r}.")

    for name, value in given.items():
        if len(value) > LONGEST_CHARACTERS or _ODD.search(value):
            why = "holds control characters or new lines"
            if len(value) > LONGEST_CHARACTERS:
                why = f"is over {LONGEST_CHARACTERS} characters long"
            raise MCPError(
                INVALID_PARAMS, f"{prompt.name}: {name} {why}: {value[:40]!r}. Give a name."
            )


def _description(hint: Any) -> str | None:
    found = (one for one in getattr(hint, "__metadata__", ()) if isinstance(one, FieldInfo))

    return next((one.description for one in found), None)
