"""One way into a cluster while it stays the same: its credentials and its connections."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

from jamie_base.errors import BackendError
from jamie_kubernetes.client.access import Access
from jamie_kubernetes.client.api_server import ApiServer, NoWayIn
from jamie_kubernetes.client.credentials import credentials_of
from jamie_kubernetes.client.terms import Terms


class Session:
    """Hands out the API server with the credential that holds now.

    A server whose credential was replaced is closed when its last request has ended.
    """

    def __init__(self, access: Access, terms: Terms) -> None:
        self.access = access
        self._terms = terms
        with _signing_in():
            self._credentials = credentials_of(access, terms.plugin_seconds)
        self._server: ApiServer | None = None
        self._ended = False

    @asynccontextmanager
    async def server(self) -> AsyncGenerator[ApiServer]:
        """Lend the API server for one request.

        Raises:
            NoWayIn: The credential cannot be had.

        """
        server = await self._current()
        server.users += 1
        try:
            yield server
        finally:
            server.users -= 1
            if not server.users and (self._ended or server is not self._server):
                await server.aclose()

    def refused(self, server: ApiServer) -> bool:
        """Note that a credential was refused, and tell whether there may be a better one."""
        return self._credentials.refused(server.credential)

    async def aclose(self) -> None:
        """Close what is not in use; the rest closes itself when its request ends."""
        self._ended = True
        await self._replace(None)

    async def _current(self) -> ApiServer:
        with _signing_in():
            credential = await self._credentials.current()
        if self._server and self._server.credential == credential:
            return self._server

        server = ApiServer(self.access, credential, self._terms)
        await self._replace(server)

        return server

    async def _replace(self, server: ApiServer | None) -> None:
        leaving, self._server = self._server, server
        if leaving and not leaving.users:
            await leaving.aclose()


@contextmanager
def _signing_in() -> Generator[None]:
    """Let whatever asked end at once: without a credential nothing else would go better."""
    try:
        yield
    except BackendError as exc:
        raise NoWayIn(str(exc)) from exc
