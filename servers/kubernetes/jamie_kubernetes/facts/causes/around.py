"""What a workload's causes are judged by, besides itself: its pods and events, and the time."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from jamie_base.when import Nanoseconds, nanoseconds
from jamie_kubernetes.answers import PodGroup
from jamie_kubernetes.answers_diagnose import key_of
from jamie_kubernetes.client.controllers import Controller, ControllerMeta
from jamie_kubernetes.facts.controllers import created
from jamie_kubernetes.facts.event_index import EventIndex, Happening
from jamie_kubernetes.facts.survey import LabelSet, PodSurvey

YOUNG_NS = 60 * 1_000_000_000
"""For how long what is just made, or changed, is left alone."""

Worn = tuple[Mapping[str, str], LabelSet]


class Around:
    """Finds the pods and events of owners; without a survey or events it finds none.

    `only` is the one namespace whose pods we may see; empty: all.
    """

    def __init__(
        self,
        survey: PodSurvey | None,
        events: EventIndex | None,
        now_ns: Nanoseconds,
        only: str = "",
    ) -> None:
        self.now_ns = now_ns
        self._surveyed = survey is not None
        self._only = only
        self._events = events
        self._sick: dict[str, list[PodGroup]] = defaultdict(list)
        self._worn: dict[str, list[Worn]] = defaultdict(list)
        for one in survey.sick() if survey else ():
            self._sick[key_of(one.group.namespace, one.group.owner)].append(one.group)
        for namespace, sets in (survey.labels if survey else {}).items():
            for labels, pods in sets.items():
                self._worn[key_of(namespace, pods.owner)].append((dict(labels), pods))

    def sees(self, namespace: str) -> bool:
        """Tell whether the pods of a namespace are known, so that none means none."""
        return self._surveyed and self._only in ("", namespace)

    def sick(self, key: str) -> Sequence[PodGroup]:
        """Return the sick pods of an owner, the worst first."""
        return self._sick.get(key, ())

    def pods(self, key: str) -> Sequence[Worn]:
        """Return an owner's living pods, by their labels."""
        return self._worn.get(key, ())

    def event(self, namespace: str, kind: str, name: str, *reasons: str) -> Happening | None:
        """Return the latest event of one of these reasons about an object."""
        found = self._events.about(namespace, kind, name) if self._events else ()
        return next((one for one in found if one.reason in reasons), None)

    def is_past(self, moment_ns: Nanoseconds, patience_ns: Nanoseconds = YOUNG_NS) -> bool:
        """Tell whether something is so for a while."""
        return self.now_ns - moment_ns > patience_ns

    def left_alone(self, one: Controller) -> bool:
        """Tell whether an object is just made or on its way out."""
        return one.metadata.deletion_timestamp is not None or not self.is_past(created(one))


def changed_ns(about: ControllerMeta) -> Nanoseconds:
    """Return when somebody last changed what an object should be."""
    times = (
        nanoseconds(each.time)
        for each in about.managed_fields
        if each.time and each.subresource in ("", "scale")
    )
    return max([about.created_ns, *times])


def known_since(about: ControllerMeta) -> Nanoseconds:
    """Return when somebody last changed it, 0 where that is not told: of scaling it is not."""
    untimed = any(each.subresource == "scale" and not each.time for each in about.managed_fields)
    return 0 if untimed else changed_ns(about)
