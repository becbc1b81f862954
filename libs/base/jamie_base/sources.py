"""The backends a server answers from, by name.

A backend is made and opened on first use and closed when the last connection leaves: starting a
server contacts nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from types import TracebackType
from typing import Generic, Protocol, TypeVar

import anyio

from jamie_base.errors import InvalidArgument, did_you_mean


class Closable(Protocol):
    """What a backend must offer: letting go of its connections."""

    async def aclose(self) -> None:
        """Close every connection; the backend is not used afterwards."""
        ...


EVERY = "*"

BackendT = TypeVar("BackendT", bound=Closable)


class Sources(Generic[BackendT]):
    """Backends of one kind by name, shared by every connection of the server."""

    def __init__(self, kind: str, makers: Mapping[str, Callable[[], BackendT]]) -> None:
        self.kind = kind
        self._makers = dict(makers)
        self._open: dict[str, BackendT] = {}
        self._users = 0

    @property
    def names(self) -> Sequence[str]:
        """Return the names a call may choose from, the default first."""
        return tuple(self._makers)

    def chosen(self, text: str) -> Sequence[str]:
        """Return the names that a call chooses: one, or several by `a,b`, or `*` for all.

        Raises:
            InvalidArgument: There is no backend of such a name.

        """
        if text in ("", *self._makers):
            return (text or self.names[0],)
        if text.strip() == EVERY:
            return self.names

        parts = [part.strip() for part in text.split(",")]

        return [*dict.fromkeys(self._known(part) for part in parts if part)] or [self._known(text)]

    def pick(self, name: str = "") -> BackendT:
        """Return the backend of that name, or the default one.

        Raises:
            InvalidArgument: There is no backend of that name.

        """
        chosen = self._known(name or self.names[0])
        if chosen not in self._open:
            self._open[chosen] = self._makers[chosen]()

        return self._open[chosen]

    def _known(self, name: str) -> str:
        if name in self._makers:
            return name

        near = get_close_matches(name, self.names, n=1, cutoff=0.5)
        raise InvalidArgument(
            f"There is no {self.kind} {name!r}; there are {', '.join(self.names[:20])}."
            f"{did_you_mean(near)}"
        )

    async def __aenter__(self) -> "Sources[BackendT]":
        self._users += 1

        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._users -= 1
        if self._users:
            return

        leaving, self._open = self._open, {}
        with anyio.CancelScope(shield=True):
            for backend in leaving.values():
                await backend.aclose()
