"""Events reduced while they come: grouped by reason and owner, both event forms alike."""

from collections.abc import Callable, Sequence
from datetime import datetime

from jamie_base.when import Nanoseconds, instant
from jamie_kubernetes.answers import EventGroup
from jamie_kubernetes.client.objects import Event
from jamie_kubernetes.facts.owners import owner_by_name
from jamie_kubernetes.facts.standing import word

MESSAGE_CHARACTERS = 400
EVENT_WINDOW_NS = 3600 * 1_000_000_000
"""How far back events tell of the present; the API server forgets them after about as long."""

GroupKey = tuple[str, str, str, str]
"""Namespace, owner, type and reason."""

Wanted = Callable[[Event], bool]


class _Gathering:
    __slots__ = ("count", "first", "last", "message", "objects")

    def __init__(self) -> None:
        self.count = 0
        self.first = self.last = 0
        self.message = ""
        self.objects: set[str] = set()

    def add(self, event: Event) -> None:
        first, last = seen(event)
        self.count += times(event)
        self.first = min(self.first or first, first)
        self.objects.add(event.involved_object.name)
        if last >= self.last:
            self.last = last
            self.message = event.message[:MESSAGE_CHARACTERS]


class EventTally:
    """Groups the events seen since a moment; `wanted` narrows them further."""

    def __init__(self, since_ns: Nanoseconds, wanted: Wanted | None = None) -> None:
        self._since = since_ns
        self._wanted = wanted
        self.events = 0
        self._groups: dict[GroupKey, _Gathering] = {}

    def add(self, page: Sequence[Event]) -> None:
        """Take one page of events."""
        for event in page:
            if seen(event)[1] >= self._since and (self._wanted is None or self._wanted(event)):
                self.events += 1
                self._groups.setdefault(_key(event), _Gathering()).add(event)

    def groups(self) -> list[EventGroup]:
        """Return the groups, the worst first."""
        found = [
            EventGroup(
                namespace=namespace,
                owner=owner,
                type=kind,
                reason=reason,
                count=group.count,
                first_ns=group.first,
                last_ns=group.last,
                objects=len(group.objects),
                message=group.message,
            )
            for (namespace, owner, kind, reason), group in self._groups.items()
        ]
        return sorted(found, key=rank)


def rank(group: EventGroup) -> tuple[int, int, str, str, str, str]:
    """Order groups: warnings first, then the most frequent; unique for each group."""
    return (
        int(group.type == "Normal"),
        -group.count,
        group.namespace,
        group.owner,
        group.reason,
        group.type,
    )


def times(event: Event) -> int:
    """Return how often an event happened, in whichever form it says so."""
    return max(event.count or 1, event.series.count if event.series else 1, 1)


def seen(event: Event) -> tuple[Nanoseconds, Nanoseconds]:
    """Return when an event first and last happened, in whichever form it says so."""
    series = event.series.last_observed_time if event.series else None
    born = event.metadata.creation_timestamp
    first = _instant(event.first_timestamp, event.event_time, born)
    last = _instant(series, event.last_timestamp, event.event_time, born)

    return first, max(first, last)


def _instant(*moments: datetime | None) -> Nanoseconds:
    return instant(next((moment for moment in moments if moment), None))


def _key(event: Event) -> GroupKey:
    about = event.involved_object
    return (about.namespace, str(owner_by_name(about)), event.type, word(event.reason))
