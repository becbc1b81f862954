"""Which events are new since following began, and how often each happened meanwhile."""

from collections.abc import Sequence

import msgspec

from jamie_kubernetes.answers import EventGroup
from jamie_kubernetes.client.objects import Event
from jamie_kubernetes.client.versioned import VersionedEvent
from jamie_kubernetes.facts.happenings import (
    MESSAGE_CHARACTERS,
    EventTally,
    Wanted,
    seen,
    times,
)
from jamie_kubernetes.facts.standing import word
from jamie_kubernetes.kinds import short_kind

Known = tuple[str, int]
"""An event's version, and how often it had happened by then."""


class KnownEvents:
    """A reducer that keeps of each event only what tells it from a newer one."""

    def __init__(self) -> None:
        self.by_uid: dict[str, Known] = {}

    def add(self, page: Sequence[VersionedEvent]) -> None:
        """Take one page."""
        for event in page:
            self.by_uid[event.metadata.uid] = (event.metadata.resource_version, times(event))


class EventNews:
    """Counts what happened beyond what was known; a reducer, too, of lists read again."""

    def __init__(self, wanted: Wanted | None) -> None:
        self._wanted = wanted
        self._known: dict[str, Known] = {}
        self.tally = EventTally(0)
        self.fresh: list[EventGroup] = []

    def know(self, known: KnownEvents) -> None:
        """Take for old what a list held."""
        self._known = known.by_uid

    def add(self, page: Sequence[VersionedEvent]) -> None:
        """Take events, known or not; what is new waits in `fresh`."""
        for event in page:
            self._take(event)

    def _take(self, event: VersionedEvent) -> None:
        uid, version = event.metadata.uid, event.metadata.resource_version
        known, before = self._known.get(uid, ("", 0))
        if version == known:
            return

        self._known[uid] = (version, times(event))
        if self._wanted and not self._wanted(event):
            return

        # Its earlier times are not part of the news.
        first = event.last_timestamp or event.event_time or event.metadata.creation_timestamp
        more = max(1, times(event) - before) if known else 1
        new = msgspec.structs.replace(event, count=more, series=None, first_timestamp=first)
        self.tally.add([new])
        self.fresh.append(_alone(new))


def _alone(event: Event) -> EventGroup:
    """Return an event as a group of its own."""
    about = event.involved_object
    first, last = seen(event)
    return EventGroup(
        namespace=about.namespace,
        owner=f"{short_kind(about.kind)}/{about.name}",
        type=word(event.type),
        reason=word(event.reason),
        count=times(event),
        first_ns=first,
        last_ns=last,
        objects=1,
        message=event.message[:MESSAGE_CHARACTERS],
    )
