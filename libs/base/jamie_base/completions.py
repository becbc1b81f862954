"""Completions: what a person may mean who has typed so much of an argument.

Nothing here is ever an error for them: what cannot be known in time is an empty list.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import anyio
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CompleteRequestParams, Completion, PromptReference

from jamie_base.desk import Desk
from jamie_base.prompts import Prompts
from jamie_base.resources import NONE, Resources
from jamie_base.text import clean

MOST = 100
"""What the protocol lets one reply hold."""

SECONDS = 0.9
LONGEST_CHARACTERS = 300

Given = Mapping[str, str]
"""The arguments that have a value already, by name."""

Completer = Callable[[Any, Given], Awaitable[Iterable[str]]]
"""Returns everything an argument may be, at one backend, with these other arguments."""


class Completions:
    """Completes the arguments of prompts and the variables of resources, by their names."""

    def __init__(
        self, prompts: Prompts, resources: Resources, completers: Mapping[str, Completer]
    ) -> None:
        self._prompts = prompts
        self._resources = resources
        self._completers = completers

    async def complete(self, desk: Desk[Any], params: CompleteRequestParams) -> Completion:
        """Return what fits what was typed: beginnings first, then what holds it."""
        name, typed = params.argument.name, params.argument.value
        if name not in self._arguments(params) or len(typed) > LONGEST_CHARACTERS:
            return Completion(values=[], total=0, has_more=False)

        given = dict((params.context and params.context.arguments) or {})
        found = _fitting(await self._candidates(desk, name, given), typed)
        values = [one for one in found[:MOST] if desk.redactor.text(clean(one)) == one]

        return Completion(values=values, total=len(found), has_more=len(found) > MOST)

    async def _candidates(self, desk: Desk[Any], name: str, given: Given) -> Iterable[str]:
        chooser = self._prompts.chooser
        if name == chooser:
            return desk.sources.names

        source = given.get(chooser, "")
        with anyio.move_on_after(SECONDS):
            try:
                backend = desk.sources.pick("" if source == NONE else source)
                return await self._completers[name](backend, given)
            except ToolError:
                return ()

        return ()

    def _arguments(self, params: CompleteRequestParams) -> set[str]:
        """Return the arguments of what is to be completed, as far as we know how to."""
        names = (
            self._prompts.arguments(params.ref.name)
            if isinstance(params.ref, PromptReference)
            else self._resources.variables(params.ref.uri)
        )
        return {*names} & {*self._completers, self._prompts.chooser}


def _fitting(candidates: Iterable[str], typed: str) -> Sequence[str]:
    word = typed.strip().casefold()
    names = sorted({*candidates})
    begin = [one for one in names if one.casefold().startswith(word)]
    hold = [one for one in names if word in one.casefold() and not one.casefold().startswith(word)]

    return [*begin, *hold]
