"""Which tools run, which are asked about first, which never run."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal

import mcp.types as types

from jamie_host.settings import PolicySettings

Verdict = Literal["allow", "ask", "deny"]


def judge(name: str, tool: types.Tool | None, rules: PolicySettings, *, trusted: bool) -> Verdict:
    """Decide by the settings, the strictest first; else by what the tool says of itself.

    A tool that says it only reads is allowed, if its server is trusted; the rest is asked.
    """
    if _any(name, rules.deny):
        return "deny"
    if _any(name, rules.ask):
        return "ask"
    if _any(name, rules.allow):
        return "allow"
    notes = tool.annotations if tool else None
    return "allow" if trusted and notes and notes.read_only_hint else "ask"


def _any(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)
