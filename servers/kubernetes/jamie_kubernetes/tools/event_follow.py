"""Following events: a watch from the list on, taken up again whatever happens to it."""

import time

import anyio

from jamie_base.errors import BackendError, Denied
from jamie_kubernetes.answers import Followed
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.api_server import Expired, Unauthorised
from jamie_kubernetes.client.versioned import VersionedEvent
from jamie_kubernetes.client.watching import watching
from jamie_kubernetes.facts.event_news import EventNews, KnownEvents
from jamie_kubernetes.facts.happenings import Wanted
from jamie_kubernetes.render.events import told
from jamie_kubernetes.tools.following import Hearing, Teller

SOONEST_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 2.0
LISTING_SECONDS = 2.0
"""How often the list is read where watching it is not allowed."""


class EventFollower:
    """Follows the events of a listing, those that are wanted."""

    def __init__(self, cluster: Cluster, listing: Listing, wanted: Wanted | None) -> None:
        self._cluster = cluster
        self._listing = listing
        self._version = ""
        self._watches = True
        self._watched = False
        self._teller = Teller()
        self._hearing = Hearing(self._teller)
        self._started = time.monotonic()
        self.news = EventNews(wanted)

    async def begin(self) -> None:
        """Read what there is already, to know what is new.

        Raises:
            BackendError: It cannot be read.

        """
        known, self._version = await self._cluster.snapshot(
            self._listing, VersionedEvent, KnownEvents
        )
        self.news.know(known)

    async def run(self, seconds: float) -> None:
        """Follow for so many seconds."""
        self._started = time.monotonic()
        with anyio.move_on_after(seconds):
            async with anyio.create_task_group() as group:
                group.start_soon(self._teller.run)
                await self._attend()
        await self._teller.flush()

    def report(self, asked: int) -> Followed:
        """Tell what following was like."""
        listed = f"watching is not allowed, so they were listed every {LISTING_SECONDS:g} s"
        return Followed(
            seconds=round(time.monotonic() - self._started, 1),
            asked=asked,
            news=() if self._watches else (listed,),
            interruptions=self._hearing.interruptions(),
        )

    async def _attend(self) -> None:
        wait = SOONEST_SECONDS
        while True:
            try:
                await self._hear()
                wait = SOONEST_SECONDS
            except Expired:
                # The server forgot where we were: what is new shows in the list.
                self._version = ""
            except BackendError as exc:
                self._missed(exc)
                wait = min(wait * 2, LONGEST_WAIT_SECONDS)
            await anyio.sleep(wait if self._watches else LISTING_SECONDS)

    async def _hear(self) -> None:
        """Watch until the server ends it; first read the list where there is nothing to go on."""
        if not self._version or not self._watches:
            await self._list()
        if not self._watches:
            return

        async with watching(self._cluster, self._listing, VersionedEvent, self._version) as changes:
            self._watched = True
            self._hearing.back()
            async for change in changes:
                self._version = change.version or self._version
                if change.object and change.kind != "DELETED":
                    self._take(change.object)

    async def _list(self) -> None:
        found, self._version = await self._cluster.snapshot(
            self._listing, VersionedEvent, lambda: self.news
        )
        self._hearing.back()
        self._tell(found)

    def _take(self, event: VersionedEvent) -> None:
        self.news.add([event])
        self._tell(self.news)

    def _tell(self, news: EventNews) -> None:
        for event in news.fresh:
            self._teller.add(told(event))
        news.fresh.clear()

    def _missed(self, error: BackendError) -> None:
        if self._watches and not self._watched and _is_denied(error):
            self._watches = False
        else:
            # An API server that has just started refuses what it allowed before, for a moment.
            self._hearing.lost(str(error))


def _is_denied(error: BackendError) -> bool:
    return isinstance(error, Denied) and not isinstance(error, Unauthorised)
