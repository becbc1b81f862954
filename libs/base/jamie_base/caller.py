"""Who calls: nobody in particular over stdio, the name of a token over HTTP."""

from dataclasses import dataclass
from typing import Any, Literal

Scope = Literal["read", "write"]

STATE_KEY = "jamie_caller"
"""Where the token check leaves the caller in an ASGI scope's state."""


@dataclass(frozen=True)
class Caller:
    """The name and scope a call runs under."""

    name: str
    scope: Scope


LOCAL = Caller("local", "write")
"""The user who started this process, or a client of an HTTP server without tokens."""


def caller_of(request: Any) -> Caller:
    """Return the caller of a transport's request; stdio has none."""
    scope: dict[str, Any] = getattr(request, "scope", {})

    return scope.get("state", {}).get(STATE_KEY, LOCAL)
