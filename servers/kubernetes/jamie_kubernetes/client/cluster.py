"""A cluster: the slice of its API we use, typed; read page by page, never whole."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

import msgspec

from jamie_base.errors import BackendError
from jamie_base.when import Nanoseconds
from jamie_kubernetes.client.api_server import Expired
from jamie_kubernetes.client.bounds import is_pattern
from jamie_kubernetes.client.connection import Connection
from jamie_kubernetes.client.contexts import Context, contexts_of
from jamie_kubernetes.client.fence import leave
from jamie_kubernetes.client.listing import Listing
from jamie_kubernetes.client.objects import ListPage, Named
from jamie_kubernetes.client.reach import Horizon, Reach, pages, sift
from jamie_kubernetes.kinds import NAMESPACES
from jamie_kubernetes.settings import Settings

RESTARTS = 3

METADATA_OF_ONE = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json"
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
"""Asks for a list of which only the metadata is read; who cannot answers with whole objects."""

T = TypeVar("T")
ObjectT = TypeVar("ObjectT")
ContraT = TypeVar("ContraT", contravariant=True)


class Reducer(Protocol[ContraT]):
    """Takes a list page by page and keeps only what it needs."""

    def add(self, page: Sequence[ContraT]) -> None:
        """Take one page."""
        ...


class Held(list[ObjectT]):
    """A reducer that keeps everything, for lists that are short by nature."""

    def add(self, page: Sequence[ObjectT]) -> None:
        """Take one page."""
        self += page


ReducerT = TypeVar("ReducerT", bound=Reducer[Any])


class Cluster(Connection):
    """One cluster, as one context reaches it: its lists, and how far we read them."""

    def __init__(self, settings: Settings, context: str = "") -> None:
        super().__init__(settings, context)
        self.name = context or "default"
        self._settings = settings
        self._horizon = Horizon(self._terms.fence, self._all_namespaces)

    @property
    def namespace(self) -> str:
        """Return the namespace of names given without one; an allowed one where ours is not."""
        own, spaces = self.access.namespace, self.fence.spaces
        if spaces.reachable(own):
            return own

        named = (one for one in spaces.allowed if not is_pattern(one) and spaces.reachable(one))

        return next(named, own)

    @property
    def deadline(self) -> float:
        """Return how many seconds a call may take, so that what waits can end before."""
        return self._settings.deadline

    @property
    def clock_ahead(self) -> float:
        """Return by how many seconds the API server's clock is ahead of ours, as far as known."""
        return self._terms.clock.ahead

    @property
    def now_ns(self) -> Nanoseconds:
        """Return the time by the cluster's clock, which ages go by, as far as it was heard yet."""
        return self._terms.clock.now_ns

    def contexts(self) -> list[Context]:
        """Return the contexts calls may choose, without credentials."""
        return contexts_of(self._settings)

    async def allowed_namespaces(self) -> list[str]:
        """Return the allowed namespaces, patterns resolved; none where all are.

        Raises:
            BackendError: There are patterns, and the namespaces cannot be listed.

        """
        return await self._horizon.allowed(self.who) if self.fence.spaces.allowed else []

    async def fold(
        self, listing: Listing, item: type[ObjectT], start: Callable[[], ReducerT]
    ) -> ReducerT:
        """Read a list page by page into the reducer that `start` makes, and return it.

        When the server forgets where the list was (410), the list and the reducer start again.

        Raises:
            BackendError: No answer, a refusal, or a list that never ends in time.

        """
        reducer, _ = await self.snapshot(listing, item, start)

        return reducer

    async def snapshot(
        self, listing: Listing, item: type[ObjectT], start: Callable[[], ReducerT]
    ) -> tuple[ReducerT, str]:
        """Read a list as `fold` does, and return with it the version from which to watch it."""
        for _ in range(RESTARTS):
            reducer = start()
            version = ""
            reach = await self.reach(listing)
            try:
                async for page in pages(reach, partial(self._page, reach, item)):
                    reducer.add(page.items or ())
                    version = version or page.metadata.resource_version
            except Expired:
                continue
            else:
                return reducer, version

        raise BackendError(
            f"The list of {listing.kind.plural} changed too fast to be read: the API server dropped"
            f" it {RESTARTS} times (410 Gone). Narrow it to a namespace or selector."
        )

    async def all(self, listing: Listing, item: type[ObjectT]) -> list[ObjectT]:
        """Read a list whole; for kinds of which there are few."""
        return await self.fold(listing, item, Held[ObjectT])

    async def count(self, listing: Listing) -> int:
        """Count objects by reading one of them: the server tells how many remain.

        It tells so only where neither labels nor fields are given.
        """
        reach = await self.reach(listing)
        if reach.narrowed:
            return len(await self.all(msgspec.structs.replace(listing, bare=True), Named))

        with leave("list"):
            page = await self.get(listing.path, ListPage[Named], [("limit", "1")], accept=METADATA)

        return len(page.items or ()) + page.metadata.remaining_item_count

    async def reach(self, listing: Listing) -> Reach:
        """Return how a list is to be read within the limits of this server.

        Raises:
            BackendError: The limits have patterns, and the namespaces cannot be listed.

        """
        return await self._horizon.of(listing, self.who)

    async def _all_namespaces(self) -> list[str]:
        with leave("names"):
            reach = Reach((Listing(NAMESPACES, bare=True),))
            read = partial(self._page, reach, Named)
            return [
                one.metadata.name async for page in pages(reach, read) for one in page.items or ()
            ]

    async def _page(
        self, reach: Reach, item: type[ObjectT], listing: Listing, token: str
    ) -> ListPage[ObjectT]:
        params = [*listing.params, *([("continue", token)] if token else [])]
        accept = METADATA if listing.bare else ""
        with leave("list"):
            if not reach.sifted:
                return await self.get(listing.path, ListPage[item], params, accept=accept)
            raw = await self.get(listing.path, msgspec.Raw, params, accept=accept)

        return sift(self.fence.spaces, listing, raw, item)
