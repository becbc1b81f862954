"""Commands to be run in containers: where they run, how they are shown, what of their output is."""

import shlex
from collections.abc import Sequence

import msgspec

from jamie_base.errors import InvalidArgument
from jamie_base.text import join_words, size
from jamie_kubernetes.client.sending import Object, list_at, part, text_at

MOST_BYTES = 6_000
"""How long a command may be in all: it travels in a URL."""

_ONE_LINE = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x85": " ", "\u2028": " "})
_DEFAULT = "kubectl.kubernetes.io/default-container"
_STATUSES = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")


class Place(msgspec.Struct, frozen=True):
    """A container that runs: its name, and which instance of it."""

    name: str
    instance: str


def place_in(pod: Object, wanted: str, full: str) -> Place:
    """Find the container a command is to run in, as kubectl does.

    Raises:
        InvalidArgument: There is none of that name, several to choose from, or it does not run.

    """
    running = {
        text_at(one, "name"): one
        for field in _STATUSES
        for one in list_at(pod, "status", field)
        if part(one, "state", "running") is not None
    }
    names = [text_at(one, "name") for one in list_at(pod, "spec", "containers")]
    name = wanted or text_at(pod, "metadata", "annotations", _DEFAULT)
    if not name and len(names) != 1:
        raise InvalidArgument(f"{full} has the containers {join_words(names)}; say which.")

    name = name or names[0]
    if name not in running:
        there = f"; running there: {join_words([*running])}" if running else "; none runs there"
        raise InvalidArgument(f"No container {name[:80]!r} runs in {full}{there}.")

    return Place(name, text_at(running[name], "containerID"))


def checked(command: Sequence[str]) -> Sequence[str]:
    """Return a command that can be run.

    Raises:
        InvalidArgument: It names no program, holds what no argument can, or is too long.

    """
    if not command or not command[0].strip():
        raise InvalidArgument("command is a list, its first entry the program: ls, -l, /tmp.")
    if any("\0" in one for one in command):
        raise InvalidArgument("An argument of a command cannot hold a zero byte.")
    if sum(size(one) for one in command) > MOST_BYTES:
        raise InvalidArgument(f"The command is longer than {MOST_BYTES:,} bytes.")

    return command


def shown(command: Sequence[str]) -> str:
    """Return a command as somebody would type it, in one line: it must not pass for several."""
    return shlex.join(command).translate(_ONE_LINE)
