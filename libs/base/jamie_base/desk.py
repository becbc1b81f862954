"""What every call of a server needs, made once and handed over by the lifespan."""

from dataclasses import dataclass, field
from typing import Generic

import msgspec
from anyio.abc import TaskGroup

from jamie_base.audit import Audit
from jamie_base.flight import SingleFlight
from jamie_base.plans import Plans
from jamie_base.redact import Redactor
from jamie_base.settings import Confirm
from jamie_base.sources import BackendT, Sources
from jamie_base.undo import UndoLog


@dataclass(frozen=True)
class Answered:
    """What a tool answered, and what is to be said of it besides."""

    data: msgspec.Struct
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Desk(Generic[BackendT]):
    """The desk a call is answered at.

    `deadline` is in seconds; `always_data` sends structured data with every answer, asked for or
    not; `background` runs what a connection keeps going between its requests, as long as it lasts.
    """

    sources: Sources[BackendT]
    redactor: Redactor
    audit: Audit
    deadline: float
    undo_log: UndoLog
    confirm: Confirm = "ask"
    always_data: bool = False
    plans: Plans = field(default_factory=Plans)
    flights: SingleFlight[Answered] = field(default_factory=SingleFlight[Answered])
    background: TaskGroup | None = None
