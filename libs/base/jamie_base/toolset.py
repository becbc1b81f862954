"""Tools that say what they do to the world, each written in one place.

A tool is an async function that takes its backend first and returns data, a frozen Struct; its
decorator names the renderer that turns the data into text. Its signature, docstring and effect are
the whole contract.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

import msgspec
from mcp.server.mcpserver import Resolve
from mcp.types import ToolAnnotations

from jamie_base.plan import Outcome, Plan, Written
from jamie_base.plan_text import written

Data = msgspec.Struct
Ask = Callable[..., Awaitable[Data]]
Render = Callable[[Any], str]
Act = Callable[[Any, Plan], Awaitable[Outcome]]
Verify = Callable[[Any, Plan, Outcome], Awaitable[Outcome]]

AskT = TypeVar("AskT", bound=Callable[..., Awaitable[Data]])
PlanT = TypeVar("PlanT", bound=Callable[..., Awaitable[Plan]])

# Whether a call may be repeated is left out: of reading it means nothing, of writing the default is
# what we would say, and every byte of a catalogue is paid for in every conversation.
READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=True)
WRITE = "write"
"""The setting with which tools that change something exist, unless they have one of their own."""

WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=True)


async def _backend() -> None:
    """Mark the parameter that takes the backend; it is never called."""


async def _undo_log() -> None:
    """Mark the parameter that takes the undo records; it is never called."""


async def _redactor() -> None:
    """Mark the parameter that takes the redactor; it is never called."""


INJECTED = Resolve(_backend)
INJECTED_UNDO_LOG = Resolve(_undo_log)
INJECTED_REDACTOR = Resolve(_redactor)
"""For tools that know what is secret where neither a key nor a shape tells."""


class Veil:
    """Marks an argument that may hold secrets in a form nobody can tell: the audit log veils it."""


VEILED = Veil()


@dataclass(frozen=True)
class Spec:
    """One tool as it was written.

    `live` names the argument that makes a call its own: what it sees while it runs goes to its
    client as progress, so it is not shared with an identical one. A tool with a `flag` exists where
    the setting of that name is on.
    """

    ask: Ask
    render: Render
    effect: ToolAnnotations
    act: Act | None = None
    verify: Verify | None = None
    live: str = ""
    flag: str = ""

    @property
    def name(self) -> str:
        """Return the name on the wire."""
        return self.ask.__name__

    @property
    def description(self) -> str:
        """Return the docstring, clean of the source's indentation."""
        return inspect.getdoc(self.ask) or ""

    @property
    def answer(self) -> type[Data]:
        """Return the type of the data it answers with."""
        if self.act:
            return Written

        return inspect.signature(self.ask, eval_str=True).return_annotation

    @property
    def changes(self) -> bool:
        """Tell whether it changes the backend."""
        return self.act is not None

    @property
    def veiled(self) -> frozenset[str]:
        """Return the names of the arguments whose values the audit log does not hold."""
        return frozenset(self._bearing(VEILED))

    def marked(self, mark: Resolve) -> str:
        """Return the name of the parameter that bears an `INJECTED_...` mark, if one does."""
        return next(self._bearing(mark), "")

    def _bearing(self, mark: Resolve | Veil) -> Iterator[str]:
        hints = get_type_hints(self.ask, include_extras=True)

        return (name for name, hint in hints.items() if mark in getattr(hint, "__metadata__", ()))


class Toolset(list[Spec]):
    """The tools of one server, in the order they were written.

    `chooser` names the argument that picks a backend where there are several; it exists only then.
    """

    def __init__(
        self, chooser: str = "source", chooser_help: str = "Which backend to ask."
    ) -> None:
        super().__init__()
        self.chooser = chooser
        self.chooser_help = chooser_help

    @property
    def flags(self) -> frozenset[str]:
        """Return the settings with which some of the tools exist."""
        return frozenset(spec.flag for spec in self if spec.flag)

    def reads(self, render: Render, *, live: str = "") -> Callable[[AskT], AskT]:
        """Add a tool that changes nothing, shown by `render`; `live` as in Spec."""

        def add(ask: AskT) -> AskT:
            self.append(Spec(ask, render, READS, live=live))
            return ask

        return add

    def writes(
        self, act: Act, verify: Verify | None = None, *, flag: str = WRITE
    ) -> Callable[[PlanT], PlanT]:
        """Add a tool that changes the backend: it plans, and `act` does what was planned.

        `act` returns as soon as the change is made, with the way back; `verify` then waits until
        the backend shows it, and may be given up when its time is over.
        """

        def add(plan: PlanT) -> PlanT:
            self.append(Spec(plan, written, WRITES, act, verify, flag=flag))
            return plan

        return add
