"""Who calls: nobody in particular over stdio, the name of a token over HTTP."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

Scope = Literal["read", "write"]

STATE_KEY = "jamie_caller"
"""Where the token check leaves the caller in an ASGI scope's state."""


@dataclass(frozen=True)
class Caller:
    """The name and scope a call runs under, and whom a backend may be told it is for."""

    name: str
    scope: Scope
    user: str = ""
    groups: tuple[str, ...] = ()


LOCAL = Caller("local", "write")
"""The user who started this process, or a client of an HTTP server without tokens."""

ITSELF = Caller("jamie", "read")
"""The server, when it looks after its own health."""

_calling: ContextVar[Caller | None] = ContextVar("calling", default=None)


def caller_of(request: Any) -> Caller:
    """Return the caller of a transport's request; stdio has none."""
    scope: dict[str, Any] = getattr(request, "scope", {})

    return scope.get("state", {}).get(STATE_KEY, LOCAL)


def caller_now() -> Caller | None:
    """Return whose request this is done for; None outside of one."""
    return _calling.get()


@contextmanager
def calling(caller: Caller) -> Generator[None]:
    """Do what is in this block, and in the tasks it starts, for a caller."""
    token = _calling.set(caller)
    try:
        yield
    finally:
        _calling.reset(token)
