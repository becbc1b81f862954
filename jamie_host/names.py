"""Names of tools as the model sees them."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

import msgspec

# What every provider accepts as the name of a function.
LONGEST = 64
FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")


class Wired(msgspec.Struct, frozen=True):
    """Where a name leads."""

    server: str
    tool: str


def name_tools(tools: Iterable[tuple[str, str]]) -> dict[str, Wired]:
    """Name tools given as (server, tool): plainly when unique, `server__tool` otherwise."""
    pairs = sorted(tools)
    count = Counter(_safe(tool) for _, tool in pairs)
    named: dict[str, Wired] = {}
    for server, tool in pairs:
        plain = _safe(tool)
        name = plain if count[plain] == 1 else _safe(f"{server}__{tool}")
        named[_free(name, named)] = Wired(server, tool)
    return named


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """List up to three known names like this one, the likest first."""
    names = sorted(known)
    close = get_close_matches(name, names, 3, 0.5)
    inside = [other for other in names if name and (name in other or other in name)]
    return list(dict.fromkeys(close + inside))[:3]


def _safe(name: str) -> str:
    return FOREIGN.sub("_", name)[:LONGEST]


def _free(name: str, taken: Mapping[str, Wired]) -> str:
    """Add a number to a name that is still taken after shortening."""
    if name not in taken:
        return name
    numbers = (f"{name[: LONGEST - 3]}_{number}" for number in range(2, 100))
    return next(other for other in numbers if other not in taken)
