"""Lists of all namespaces, read within the fence.

Where some namespaces are allowed, the list is read from each of them, a few at a time, in order;
where some are denied, the server is asked to leave them out, and what comes all the same is
dropped. Without limits a list is read as it is.
"""

import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Sequence,
)
from functools import partial
from itertools import islice
from typing import Protocol, TypeVar

import anyio.lowlevel
import msgspec

from jamie_base.errors import Denied
from jamie_base.flight import SingleFlight
from jamie_base.remarks import remark
from jamie_base.together import together
from jamie_kubernetes.client.acting import Who
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.bounds import OffLimits, Spaces, is_pattern, listed
from jamie_kubernetes.client.decoding import decoded
from jamie_kubernetes.client.fence import Fence
from jamie_kubernetes.client.listing import Listing
from jamie_kubernetes.client.objects import ListPage
from jamie_kubernetes.kinds import NAMESPACES

AT_ONCE = 8
"""Namespaces that one list is read from at the same time."""

KEPT_SECONDS = 2.0
"""How long we go by the namespaces we saw: one answer reads many lists."""

LEFT_OUT = 40
"""Namespaces that a server is asked to leave out; of more we drop the objects ourselves."""


class Page(Protocol):
    """A part of a list; `token` goes on."""

    @property
    def token(self) -> str:
        """Return where the list goes on; empty at its end."""
        ...


T = TypeVar("T")
PageT = TypeVar("PageT", bound=Page)

Read = Callable[[Listing, str], Awaitable[PageT]]
"""Reads one page of a list, from a token on."""


class Reach(msgspec.Struct, frozen=True):
    """How a list is read: as these, one after another; `sifted` tells that what is read is."""

    parts: tuple[Listing, ...]
    apart: bool = False
    sifted: bool = False

    @property
    def narrowed(self) -> bool:
        """Tell whether it is not the list that was asked for."""
        return self.apart or self.sifted


class Names(Protocol):
    """Reads which namespaces there are."""

    def __call__(self) -> Awaitable[list[str]]:
        """Return their names."""
        ...


class Horizon:
    """Finds how far lists of one cluster reach."""

    def __init__(self, fence: Fence, names: Names) -> None:
        self._fence = fence
        self._names = names
        self._seen: dict[Who, tuple[float, list[str]]] = {}
        self._flights = SingleFlight[list[str]]()

    async def of(self, listing: Listing, who: Who) -> Reach:
        """Return how a list is to be read, and remark it when that narrows it.

        Raises:
            BackendError: A pattern is to be resolved, and the namespaces cannot be listed.

        """
        spaces = self._fence.spaces
        if not spaces.limited or listing.namespace:
            return Reach((listing,))
        if listing.kind == NAMESPACES:
            remark(_narrowed(spaces))
            return Reach((listing,), sifted=True)
        if not listing.kind.namespaced:
            return Reach((listing,))

        remark(_narrowed(spaces))
        if not spaces.allowed:
            return Reach((await self._without(listing, who),), sifted=True)

        names = await self.allowed(who)
        if not names:
            remark(f"(No namespace is called like {listed(spaces.allowed)}.)")

        parts = (msgspec.structs.replace(listing, namespace=name) for name in names)
        return Reach(tuple(sorted(parts, key=place_of)), apart=True)

    async def allowed(self, who: Who) -> list[str]:
        """Return the names of the allowed namespaces; patterns stand for those that exist.

        Raises:
            BackendError: There are patterns, and the namespaces cannot be listed.

        """
        spaces = self._fence.spaces
        names = {one for one in spaces.allowed if not is_pattern(one)}
        if len(names) < len(spaces.allowed):
            try:
                names |= {*await self._existing(who)}
            except Denied as exc:
                if isinstance(exc, Unauthorised):
                    raise
                patterns = listed([one for one in spaces.allowed if is_pattern(one)])
                if not names:
                    raise OffLimits(
                        "Lists of all namespaces are",
                        f"--allow-namespace allows those like {patterns}, and we may not list"
                        " namespaces to tell which they are; name them in full",
                        "namespace",
                    ) from exc
                remark(f"Missing: namespaces like {patterns}: not allowed to list namespaces")

        return sorted(name for name in names if spaces.reachable(name))

    async def _without(self, listing: Listing, who: Who) -> Listing:
        """Let the server leave denied namespaces out, as far as it knows which they are."""
        spaces = self._fence.spaces
        names = [one for one in spaces.denied if not is_pattern(one)]
        if len(names) < len(spaces.denied):
            try:
                names += await self._existing(who)
            except Denied as exc:
                if isinstance(exc, Unauthorised):
                    raise

        denied = sorted({name for name in names if not spaces.reachable(name)})[:LEFT_OUT]
        fields = [f"metadata.namespace!={name}" for name in denied]

        return msgspec.structs.replace(
            listing, fields=",".join(part for part in (listing.fields, *fields) if part)
        )

    async def _existing(self, who: Who) -> list[str]:
        at, names = self._seen.get(who, (0.0, []))
        if at and time.monotonic() - at < KEPT_SECONDS:
            return names

        names = await self._flights.run(who, self._names)
        self._seen = {who: (time.monotonic(), names)}

        return names


def place_of(part: Listing) -> str:
    """Return where a namespace's part of a list stands: where the API server's own keys are.

    By its bare name `shop` would come before `shop-a`, and its objects after those of that one.
    """
    return f"{part.namespace}/"


async def pages(reach: Reach, read: Read[PageT]) -> AsyncIterator[PageT]:
    """Yield every page of a list, of one namespace after another.

    Raises:
        BackendError: No answer, or a refusal; of several namespaces, by all of them.

    """
    async for part, first in first_pages(reach, reach.parts, read):
        page = first
        yield page
        while page.token:
            # Decoding a page takes a while; others get their turn before the next.
            await anyio.lowlevel.checkpoint()
            page = await read(part, page.token)
            yield page


async def first_pages(
    reach: Reach, parts: Sequence[Listing], read: Read[PageT]
) -> AsyncGenerator[tuple[Listing, PageT]]:
    """Yield the first page of each part in order; a few are read at the same time.

    Who may not read one of several namespaces still reads the others, and it is remarked.

    Raises:
        BackendError: No answer, or a refusal; of several namespaces, by all of them.

    """
    refused: list[tuple[Listing, Denied]] = []
    try:
        for batch in _batches(parts, AT_ONCE):
            firsts = await together(*(partial(_first, reach, read, one) for one in batch))
            for part, first in zip(batch, firsts, strict=True):
                if isinstance(first, Denied):
                    refused.append((part, first))
                else:
                    yield part, first
    finally:
        if 0 < len(refused) < len(reach.parts):
            spaces = listed([part.namespace for part, _ in refused])
            remark(f"Missing: {refused[0][0].kind.plural} of {spaces}: not allowed to list")

    if refused and len(refused) == len(reach.parts):
        raise refused[0][1]


def sift(spaces: Spaces, listing: Listing, raw: msgspec.Raw, item: type[T]) -> ListPage[T]:
    """Decode a page, and leave out the objects that are not in reach.

    Raises:
        BackendError: It is not of the type.

    """
    # Twice over a page is faster than one by one over its objects.
    places = decoded(raw, ListPage[_Placed]).items or ()
    page = decoded(raw, ListPage[item])
    kept = [
        one
        for one, place in zip(page.items or (), places, strict=True)
        if spaces.reachable(_space(listing, place))
    ]
    return ListPage(tuple(kept), page.metadata)


def is_in_reach(spaces: Spaces, listing: Listing, raw: msgspec.Raw) -> bool:
    """Tell whether an object is in, or is, a namespace that is in reach."""
    return spaces.reachable(_space(listing, decoded(raw, _Placed)))


class _About(msgspec.Struct, frozen=True):
    name: str = ""
    namespace: str = ""


class _Placed(msgspec.Struct, frozen=True):
    metadata: _About = _About()


def _space(listing: Listing, one: _Placed) -> str:
    """Return the namespace an object is in, or is."""
    return one.metadata.name if listing.kind == NAMESPACES else one.metadata.namespace


async def _first(reach: Reach, read: Read[PageT], part: Listing) -> PageT | Denied:
    """Read the first page; who may not read one of several namespaces still reads the others."""
    try:
        return await read(part, "")
    except Denied as exc:
        if not reach.apart or isinstance(exc, Unauthorised):
            raise
        return exc


def _narrowed(spaces: Spaces) -> str:
    return f"(Namespaces read: {spaces.words()}.)"


def _batches(parts: Sequence[Listing], size: int) -> list[list[Listing]]:
    left = iter(parts)

    return [*iter(lambda: [*islice(left, size)], [])]
