"""Events kept by the object they are about, so that a cause can quote its own."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.client.objects import Event
from jamie_kubernetes.facts.happenings import MESSAGE_CHARACTERS, seen, times
from jamie_kubernetes.facts.owners import owner_by_name
from jamie_kubernetes.facts.standing import word

_CONTAINER = re.compile(r"spec\.(?:\w+C|c)ontainers\{([\w.-]+)\}")

REASONS_KEPT = 12
"""Of how many kinds an object's events are kept."""

SAYINGS_KEPT = 8
SAYING_CHARACTERS = 1_000
"""Runtimes say what is wrong last."""

OPENING_WORDS = 4
"""By how many first words messages of one reason are told apart: `Liveness probe failed: Get`."""


class Saying(msgspec.Struct):
    """Events of one reason whose messages begin alike, with the latest words.

    `container` is the one that they are about; empty: they are about the pod, or do not say.
    """

    text: str = ""
    container: str = ""
    count: int = 0
    last_ns: Nanoseconds = 0

    def add(self, event: Event) -> None:
        """Take an event in."""
        last = seen(event)[1]
        self.count += times(event)
        if last >= self.last_ns:
            self.last_ns, self.text = last, event.message[:SAYING_CHARACTERS]


class Happening(msgspec.Struct):
    """Events of one reason about one object, with the latest words.

    One reason may tell of several things (`Unhealthy` of three probes, `Failed` of all a container
    needs to start): `sayings` keeps them apart, by how they begin.
    """

    reason: str
    type: str
    count: int = 0
    first_ns: Nanoseconds = 0
    last_ns: Nanoseconds = 0
    message: str = ""
    sayings: dict[str, Saying] = msgspec.field(default_factory=dict[str, Saying])

    def add(self, event: Event) -> None:
        """Take an event in."""
        first, last = seen(event)
        self.count += times(event)
        self.first_ns = min(self.first_ns or first, first)
        if last >= self.last_ns:
            self.last_ns, self.message = last, event.message[:MESSAGE_CHARACTERS]

        opening = " ".join(event.message.split(maxsplit=OPENING_WORDS)[:OPENING_WORDS])
        container = _container(event)
        key = f"{container} {opening}"
        if key in self.sayings or len(self.sayings) < SAYINGS_KEPT:
            self.sayings.setdefault(key, Saying(container=container)).add(event)

    @property
    def says(self) -> list[Saying]:
        """Return what was said, the latest first."""
        return sorted(self.sayings.values(), key=lambda one: one.last_ns, reverse=True)


def _container(event: Event) -> str:
    found = _CONTAINER.fullmatch(event.involved_object.field_path)
    return found[1] if found else ""


About = tuple[str, str, str]
"""Namespace, kind and name."""


class EventIndex:
    """Takes events page by page, those seen since a moment."""

    def __init__(self, since_ns: Nanoseconds) -> None:
        self._since = since_ns
        self._about: dict[About, dict[str, Happening]] = {}
        self._owned: dict[tuple[str, str], dict[str, Happening]] = {}

    def add(self, page: Sequence[Event]) -> None:
        """Take one page of events."""
        for event in page:
            if seen(event)[1] < self._since:
                continue
            about = event.involved_object
            # Events about objects without a namespace are kept in `default` and say so nowhere.
            key = (about.namespace, about.kind, about.name)
            _take(self._about.setdefault(key, {}), event)
            owner = str(owner_by_name(about))
            _take(self._owned.setdefault((about.namespace, owner), {}), event)

    def of_reason(self, reason: str) -> Iterator[tuple[About, Happening]]:
        """Yield what happened for a reason, with the object it happened to."""
        for about, known in self._about.items():
            if reason in known:
                yield about, known[reason]

    def about(self, namespace: str, kind: str, name: str) -> list[Happening]:
        """Return what happened to an object, the latest first; its `kind` as `Pod`."""
        return _latest(self._about.get((namespace, kind, name), {}))

    def of_owner(self, namespace: str, owner: str) -> list[Happening]:
        """Return what happened to an owner's objects (`deploy/web`), gone ones too."""
        return _latest(self._owned.get((namespace, owner), {}))


def _take(known: dict[str, Happening], event: Event) -> None:
    reason = word(event.reason)
    if reason not in known and len(known) >= REASONS_KEPT:
        return

    known.setdefault(reason, Happening(reason, event.type)).add(event)


def _latest(found: dict[str, Happening]) -> list[Happening]:
    return sorted(found.values(), key=lambda one: one.last_ns, reverse=True)
