"""Which tools run, which are asked about first, which never run."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal

import mcp.types as types
import msgspec

from jamie_host.settings import PolicySettings

Verdict = Literal["allow", "ask", "deny"]


class Word(msgspec.Struct, frozen=True):
    """What a tool says of itself, whether it is believed, and whether its server asks its user."""

    tool: types.Tool | None = None
    trusted: bool = False
    asks: bool = False

    @property
    def is_harmless(self) -> bool:
        """Tell whether it needs no question of ours: it reads, or asks one of its own first."""
        notes = self.tool.annotations if self.tool else None
        return self.trusted and (self.asks or bool(notes and notes.read_only_hint))


def judge(name: str, word: Word, rules: PolicySettings) -> Verdict:
    """Decide by the settings, the strictest first; else by what the tool says of itself.

    A tool of a trusted server is allowed if it only reads, or if the server asks its user before it
    changes anything: one question is enough. The rest is asked.
    """
    if _any(name, rules.deny):
        return "deny"
    if _any(name, rules.ask):
        return "ask"
    if _any(name, rules.allow):
        return "allow"
    return "allow" if word.is_harmless else "ask"


def _any(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)
