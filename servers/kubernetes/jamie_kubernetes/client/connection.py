"""A connection to one cluster: requests are sent with the credential that holds, or a newer one."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TypeVar

import msgspec

from jamie_kubernetes.client.access import Access, Door
from jamie_kubernetes.client.acting import Who, who_acts
from jamie_kubernetes.client.address import address_of
from jamie_kubernetes.client.api_server import ApiServer, CannotImpersonate, NoWayIn, Unauthorised
from jamie_kubernetes.client.discovery import KEPT_SECONDS, ApiKinds, Discovery
from jamie_kubernetes.client.executing import Ran, execute
from jamie_kubernetes.client.fence import Fence
from jamie_kubernetes.client.listing import Pairs
from jamie_kubernetes.client.objects import Version
from jamie_kubernetes.client.sending import REHEARSED, Object, Sending
from jamie_kubernetes.client.session import Session
from jamie_kubernetes.client.terms import terms_of
from jamie_kubernetes.settings import Settings

T = TypeVar("T")


class Connection:
    """The API server of one context, and what it may be asked for."""

    def __init__(self, settings: Settings, context: str = "") -> None:
        self._door = Door(settings, context)
        self._terms = terms_of(settings)
        self._session: Session | None = None
        self._discovery = Discovery(self.get)

    @property
    def access(self) -> Access:
        """Return the way in, as the kubeconfig has it now.

        Raises:
            BackendError: There is none.

        """
        return self._door.access()

    @property
    def fence(self) -> Fence:
        """Return the limits of this server."""
        return self._terms.fence

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
        where = (self.access.url, self.who)
        return await self._discovery.kinds(where, older_than=older_than)

    async def settle(self) -> None:
        """Find the kinds that the limits name and only the cluster knows; once is enough.

        Raises:
            BackendError: The cluster cannot be asked, or has no kind of such a name.

        """
        if self.fence.kinds.unsettled:
            self.fence.kinds.settle(await self.kinds(), self.access.context)

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

    @property
    def who(self) -> Who:
        """Return for whom what is done now is done; empty: for ourselves.

        Raises:
            BackendError: It is to be done for a caller, and there is none.

        """
        return who_acts(impersonate=self._terms.impersonate)

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
    lasting = isinstance(error, CannotImpersonate | NoWayIn)
    return lasting or not session.refused(server)
