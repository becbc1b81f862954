"""A cluster: the slice of its API we use, typed; read page by page, never whole."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, Protocol, TypeVar

import msgspec

from jamie_base.errors import BackendError
from jamie_base.when import Nanoseconds
from jamie_kubernetes.client.access import Access, Door
from jamie_kubernetes.client.acting import Who, who_acts
from jamie_kubernetes.client.address import address_of
from jamie_kubernetes.client.api_server import (
    ApiServer,
    CannotImpersonate,
    Expired,
    Unauthorised,
)
from jamie_kubernetes.client.bounds import is_pattern
from jamie_kubernetes.client.contexts import Context, contexts_of
from jamie_kubernetes.client.discovery import KEPT_SECONDS, ApiKinds, Discovery
from jamie_kubernetes.client.executing import Ran, execute
from jamie_kubernetes.client.fence import Fence, leave
from jamie_kubernetes.client.listing import Listing, Pairs
from jamie_kubernetes.client.objects import ListPage, Named, Version
from jamie_kubernetes.client.reach import Horizon, Reach, pages, sift
from jamie_kubernetes.client.sending import REHEARSED, Object, Sending
from jamie_kubernetes.client.session import Session
from jamie_kubernetes.client.terms import terms_of
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


class Cluster:
    """One cluster, as one context reaches it."""

    def __init__(self, settings: Settings, context: str = "") -> None:
        self.name = context or "default"
        self._settings = settings
        self._door = Door(settings, context)
        self._terms = terms_of(settings)
        self._session: Session | None = None
        self._discovery = Discovery(self.get)
        self._horizon = Horizon(self._terms.fence, self._all_namespaces)

    @property
    def access(self) -> Access:
        """Return the way in, as the kubeconfig has it now.

        Raises:
            BackendError: There is none.

        """
        return self._door.access()

    @property
    def namespace(self) -> str:
        """Return the namespace of names given without one; an allowed one where ours is not."""
        own, spaces = self.access.namespace, self.fence.spaces
        if spaces.reachable(own):
            return own

        named = (one for one in spaces.allowed if not is_pattern(one) and spaces.reachable(one))

        return next(named, own)

    @property
    def fence(self) -> Fence:
        """Return the limits of this server."""
        return self._terms.fence

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

    async def aclose(self) -> None:
        """Close every connection."""
        leaving, self._session = self._session, None
        if leaving:
            await leaving.aclose()

    async def kinds(self, *, older_than: float = KEPT_SECONDS) -> ApiKinds:
        """Return the kinds there are, read anew when we know them for longer than so many seconds.

        Raises:
            BackendError: They cannot be read.

        """
        where = (self.access.url, self._who)
        return await self._discovery.kinds(where, older_than=older_than)

    async def settle(self) -> None:
        """Find the kinds that the limits name and only the cluster knows; once is enough.

        Raises:
            BackendError: The cluster cannot be asked, or has no kind of such a name.

        """
        if self.fence.kinds.unsettled:
            self.fence.kinds.settle(await self.kinds(), self.access.context)

    async def allowed_namespaces(self) -> list[str]:
        """Return the allowed namespaces, patterns resolved; none where all are.

        Raises:
            BackendError: There are patterns, and the namespaces cannot be listed.

        """
        return await self._horizon.allowed(self._who) if self.fence.spaces.allowed else []

    async def get(self, path: str, answer: type[T], params: Pairs = (), *, accept: str = "") -> T:
        """Read one JSON answer, in the form that `accept` names.

        Raises:
            BackendError: No answer, a refusal, or an answer that is not of the type.

        """
        headers = {"Accept": accept} if accept else {}

        async def read(server: ApiServer) -> T:
            reply = await server.request("GET", path, params, headers=headers)
            return server.decode(reply, answer)

        return await self._ask(path, read)

    async def review(self, path: str, question: msgspec.Struct, answer: type[T]) -> T:
        """Post a question that changes nothing (an access review) and read its answer."""
        body = msgspec.json.encode(question)
        headers = {"Content-Type": "application/json"}

        async def post(server: ApiServer) -> T:
            reply = await server.request("POST", path, content=body, headers=headers, read=True)
            return server.decode(reply, answer)

        return await self._ask(path, post)

    async def send(self, sending: Sending, body: bytes, *, rehearse: bool = False) -> Object:
        """Send a change and read what the object is after it; rehearsed, nothing changes.

        Raises:
            Conflict: The object is another or newer than the body says.
            BackendError: No answer, or a refusal.

        """
        headers = {"Content-Type": sending.media}
        params = [*sending.params, *([REHEARSED] if rehearse else [])]
        content = sending.rehearsed(body) if rehearse else body

        async def send(server: ApiServer) -> Object:
            reply = await server.request(
                sending.method,
                sending.path,
                params,
                content=content,
                headers=headers,
                read=rehearse,
            )
            return server.decode(reply, Object)

        return await self._ask(sending.path, send)

    async def execute(
        self, path: str, container: str, command: Sequence[str], seconds: float
    ) -> Ran:
        """Run a command in a container and listen to it for so many seconds.

        Raises:
            BackendError: It was not started.

        """

        async def run(server: ApiServer) -> Ran:
            return await execute(server, path, container, command, seconds)

        return await self._ask(path, run)

    async def text(self, path: str, params: Pairs = ()) -> str:
        """Read a plain text answer."""

        async def read(server: ApiServer) -> str:
            return (await server.request("GET", path, params)).body.decode(errors="replace")

        return await self._ask(path, read)

    async def version(self) -> str:
        """Return the API server's version."""
        return (await self.get("/version", Version)).git_version

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

    @asynccontextmanager
    async def lines(
        self,
        path: str,
        params: Pairs,
        *,
        limit: int,
        accept: str = "",
        silence: float | None = None,
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Open a text whose lines are read as they come, `limit` bytes of it at most.

        `silence` is how many seconds it may be quiet.
        """
        headers = {"Accept": accept} if accept else {}

        def opened(server: ApiServer) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
            return server.lines(path, params, limit=limit, headers=headers, silence=silence)

        await self._settle(path)
        session = await self._current()
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(session.server())
            try:
                lines = await stack.enter_async_context(opened(server))
            except Unauthorised as exc:
                if _is_final(exc, session, server):
                    raise
                server = await stack.enter_async_context(session.server())
                lines = await stack.enter_async_context(opened(server))
            yield lines

    async def reach(self, listing: Listing) -> Reach:
        """Return how a list is to be read within the limits of this server.

        Raises:
            BackendError: The limits have patterns, and the namespaces cannot be listed.

        """
        return await self._horizon.of(listing, self._who)

    @property
    def _who(self) -> Who:
        return who_acts(impersonate=self._terms.impersonate)

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

    async def _ask(self, path: str, work: Callable[[ApiServer], Awaitable[T]]) -> T:
        await self._settle(path)
        session = await self._current()
        async with session.server() as server:
            try:
                return await work(server)
            except Unauthorised as exc:
                if _is_final(exc, session, server):
                    raise

        async with session.server() as server:
            return await work(server)

    async def _settle(self, path: str) -> None:
        if address_of(path):
            await self.settle()

    async def _current(self) -> Session:
        access = self._door.access()
        if self._session is None or self._session.access != access:
            # Put the new one in its place before waiting for the old one to close: others ask, too.
            leaving = self._session
            self._session = Session(access, self._terms)
            if leaving:
                await leaving.aclose()

        return self._session


def _is_final(error: Unauthorised, session: Session, server: ApiServer) -> bool:
    """Tell whether another credential, if there may be one, would do no better."""
    return isinstance(error, CannotImpersonate) or not session.refused(server)
