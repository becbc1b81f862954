"""The parts of one answer, asked for at the same time; one that is not allowed is a named gap."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import anyio

from jamie_base.budget import share_of_time
from jamie_base.errors import BackendError, Denied, NotFound, TimedOut, did_you_mean
from jamie_kubernetes.answers import Gap
from jamie_kubernetes.client import Cluster, Listing, OffLimits
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.bounds import BadLimits
from jamie_kubernetes.client.objects import Named
from jamie_kubernetes.kinds import NAMESPACES
from jamie_signals.similar import nearest

T = TypeVar("T")

NAMES_LISTED = 12
KINDS_NAMED = 8

PART_SECONDS = 25.0
"""How long a part may take at most; it is less where the call has less time left."""


class OutOfTime(TimedOut):
    """A part took longer than a part may."""


@dataclass
class Part(Generic[T]):
    """One part of an answer: its value, or why there is none."""

    name: str
    work: Callable[[], Awaitable[T]]
    value: T | None = None
    error: BackendError | None = None

    @property
    def is_filled(self) -> bool:
        """Tell whether it was asked for."""
        return self.value is not None or self.error is not None

    @property
    def needed(self) -> T:
        """Return the value of a part without which there is no answer.

        Raises:
            BackendError: It could not be had.

        """
        if self.value is None:
            raise _whole(self.name, self.error or OutOfTime("not asked for"))

        return self.value

    async def fill(self) -> None:
        """Get the value, or note why not; a slow part must not take the others with it."""
        seconds = share_of_time(PART_SECONDS)
        with anyio.move_on_after(seconds) as patience:
            try:
                self.value = await self.work()
            except BackendError as exc:
                self.error = exc
        if patience.cancelled_caught:
            self.error = OutOfTime(f"no answer within {seconds:.2g} s")


@dataclass
class Parts:
    """The parts of one answer, and the one namespace they shrank to where more is not allowed."""

    cluster: Cluster
    namespace: str = ""
    parts: list[Part[object]] = field(default_factory=list[Part[object]])
    narrowed: list[str] = field(default_factory=list[str])

    def plan(self, name: str, work: Callable[[], Awaitable[T]]) -> Part[T]:
        """Add a part, to be asked for by `fill`."""
        part = Part(name, work)
        self.parts.append(part)  # pyright: ignore[reportArgumentType]  # only its error is read

        return part

    async def fill(self) -> None:
        """Ask for every part that was not asked for yet, at the same time."""
        async with anyio.create_task_group() as group:
            for part in self.parts:
                if not part.is_filled:
                    group.start_soon(part.fill)

    async def ask(self, name: str, work: Callable[[], Awaitable[T]]) -> Part[T]:
        """Ask for a part and wait for it."""
        part = self.plan(name, work)
        await part.fill()

        return part

    def scoped(self, name: str, work: Callable[[str], Awaitable[T]]) -> Callable[[], Awaitable[T]]:
        """Let `work` read the namespace, or all; where all is not allowed, our own."""

        async def read() -> T:
            try:
                return await work(self.namespace)
            except Denied as exc:
                if self.namespace or isinstance(exc, Unauthorised):
                    raise
                found = await work(self.cluster.namespace)
                self.narrowed.append(name)
                return found

        return read

    def gaps(self) -> tuple[Gap, ...]:
        """Name what is missing.

        Raises:
            BackendError: Every part is; what the first one said.

        """
        failed = [(part.name, part.error) for part in self.parts if part.error]
        fatal = next((exc for _, exc in failed if isinstance(exc, Unauthorised | BadLimits)), None)
        if failed and (fatal or len(failed) == len(self.parts)):
            raise fatal or _whole(*failed[0])

        return (*self._shrunk(), *(Gap(name, why_of(error)) for name, error in failed))

    def _shrunk(self) -> list[Gap]:
        """Name what is seen of one namespace only, which bears on all of the answer."""
        if not self.narrowed:
            return []

        more = len(self.narrowed) - KINDS_NAMED
        rest = f" and {more} more" if more > 0 else ""
        what = f"other namespaces' {', '.join(self.narrowed[:KINDS_NAMED])}{rest}"
        only = f"not allowed there; only namespace {self.cluster.namespace!r} is counted"
        return [Gap(what, only)]


def _whole(part: str, error: BackendError) -> BackendError:
    """Return the error of a part as that of the whole answer."""
    if not isinstance(error, OutOfTime):
        return error

    return TimedOut(
        f"{part}: {error}; ask for less (one namespace, a narrower selector) or raise --deadline."
    )


def why_of(error: BackendError) -> str:
    """Say in a few words why a part is missing."""
    if isinstance(error, OffLimits):
        return f"off limits here: {error.why}"

    return "not allowed to list" if isinstance(error, Denied) else str(error)


async def check_namespace(cluster: Cluster, namespace: str) -> None:
    """Make sure that a namespace exists, where we may see it; an empty list would hide a typo.

    Raises:
        NotFound: It does not exist; the nearest names are offered.
        OffLimits: It is not in reach.

    """
    if not namespace:
        return

    try:
        await cluster.get(NAMESPACES.path("", namespace), Named)
    except NotFound as exc:
        raise NotFound(
            f"There is no namespace {namespace!r} in {cluster.access.context!r}."
            f"{await _others(cluster, namespace)}"
        ) from exc
    except OffLimits as exc:
        # Where only the kind is, whether it exists cannot be told.
        if exc.about == "namespace":
            raise
    except Denied as exc:
        if isinstance(exc, Unauthorised):
            raise


async def _others(cluster: Cluster, namespace: str) -> str:
    try:
        found = await cluster.all(Listing(NAMESPACES), Named)
    except BackendError:
        return ""

    return alternatives(namespace, [one.metadata.name for one in found])


def alternatives(name: str, existing: Sequence[str]) -> str:
    """Offer the nearest names, or list them where there are few."""
    if near := nearest(name, existing):
        return did_you_mean(near)
    if not existing:
        return " There is none."

    more = f" and {len(existing) - NAMES_LISTED} more" if len(existing) > NAMES_LISTED else ""
    return f" There are {', '.join(sorted(existing)[:NAMES_LISTED])}{more}."
