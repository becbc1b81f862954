"""Watches on resources: one for all who subscribed to the same.

A watch runs inside the block of one subscriber. When that one leaves another takes it over, and
when the last one leaves it is gone: nothing runs that no block ends.
"""

import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing

import anyio
from anyio.abc import TaskStatus
from mcp.server.mcpserver.exceptions import ToolError

from jamie_base.errors import Denied, InvalidArgument, NotFound

MOST = 32
"""How many resources may be watched at once for one caller."""

FIRST_LOOK_SECONDS = 3.0
"""How long a subscription waits for the first look; what changes later is certain to be told."""

SOONEST_SECONDS = 0.5
"""How long after a change the next one is told; changes in between become one."""

WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0

NEVER = (Denied, InvalidArgument, NotFound)
"""What no second look will mend."""

Versions = Callable[[], AsyncGenerator[str]]
Publish = Callable[[str], Awaitable[None]]

_log = logging.getLogger(__name__)


class Watched:
    """One resource while somebody is subscribed to it."""

    def __init__(self) -> None:
        self.users = 0
        self.lead = anyio.Lock()
        self.looked = anyio.Event()
        self.changed = anyio.Event()
        self.version: str | None = None
        self.trouble: ToolError | None = None

    def saw(self, version: str) -> None:
        """Note the version there is; another one than before is a change."""
        if self.version not in (None, version):
            self.changed.set()
        self.version, self.trouble = version, None
        self.looked.set()

    def failed(self, error: ToolError) -> None:
        """Note that it could not be looked at."""
        self.trouble = error
        self.looked.set()


class Watches:
    """The resources that are watched for one caller; `publish` is told the URI of a change."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._watched: dict[str, Watched] = {}

    @property
    def uris(self) -> list[str]:
        """Return what is watched now."""
        return [*self._watched]

    def check(self, uris: Iterable[str]) -> None:
        """Make sure that there is room for resources.

        Raises:
            InvalidArgument: Too many would be watched.

        """
        new = {*uris} - self._watched.keys()
        if new and len(self._watched) + len(new) > MOST:
            raise InvalidArgument(
                f"{MOST} resources are watched at once, no more, and {len(self._watched)} are"
                " already; end a subscription first."
            )

    async def run(
        self,
        uri: str,
        versions: Versions,
        *,
        task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Keep a resource watched, until cancelled."""
        watched = self._watched.setdefault(uri, Watched())
        watched.users += 1
        task_status.started()
        try:
            async with watched.lead, anyio.create_task_group() as group:
                group.start_soon(self._tell, uri, watched)
                await _look(uri, watched, versions)
        finally:
            watched.users -= 1
            if not watched.users:
                del self._watched[uri]

    async def looked(self, uris: Iterable[str]) -> None:
        """Wait until resources that are kept watched were looked at first.

        A backend that does not answer yet will be asked again, and then counts as a change.

        Raises:
            ToolError: One of them can never be watched.

        """
        watched = [self._watched[uri] for uri in uris]
        with anyio.move_on_after(FIRST_LOOK_SECONDS):
            for one in watched:
                await one.looked.wait()

        for one in watched:
            if one.version is None and isinstance(one.trouble, NEVER):
                raise one.trouble
            if one.version is None:
                one.version = ""

    async def _tell(self, uri: str, watched: Watched) -> None:
        while True:
            await watched.changed.wait()
            watched.changed = anyio.Event()
            await self._publish(uri)
            await anyio.sleep(SOONEST_SECONDS)


async def _look(uri: str, watched: Watched, versions: Versions) -> None:
    wait = WAIT_SECONDS
    while True:
        try:
            async with aclosing(versions()) as seen:
                async for version in seen:
                    watched.saw(version)
                    wait = WAIT_SECONDS
        except ToolError as exc:
            watched.failed(exc)
            _log.info("%s cannot be watched now: %s", uri, exc)
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)
        await anyio.sleep(wait * random.uniform(0.8, 1.2))  # spreads them in time
