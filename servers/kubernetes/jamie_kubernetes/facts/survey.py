"""Every pod of a scope, in one pass: the sick kept, the others counted; what nodes have taken."""

from collections.abc import Container, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import PodGroup
from jamie_kubernetes.client.objects import Pod
from jamie_kubernetes.client.survey import SurveyedPod
from jamie_kubernetes.facts.grouping import PodTally, rank
from jamie_kubernetes.facts.owners import Owner, owner_of
from jamie_kubernetes.facts.room import Taken

Labels = frozenset[tuple[str, str]]

SETTLED = timedelta(seconds=60)
"""For how long a pod is ready before others must have noticed."""


class SickGroup(msgspec.Struct, frozen=True):
    """Sick pods of one owner in the same state: the group, and a few of them as examples.

    `owner` is None for a pod that nobody manages; `group.owner` then is `pod/NAME`.
    """

    group: PodGroup
    owner: Owner | None
    examples: tuple[Pod, ...]

    @property
    def placed(self) -> bool:
        """Tell whether they have a node; those without one wait for the scheduler."""
        return bool(self.group.node_count)


class LabelSet:
    """The pods of a namespace that bear the same labels, and so were made from one template.

    `settled` are ready for a while; `first` is one of them, for what its template says.
    """

    __slots__ = ("first", "owner", "ready", "settled", "total")

    def __init__(self, first: SurveyedPod) -> None:
        self.owner = str(owner_of(first.metadata) or f"pod/{first.metadata.name}")
        self.first = first
        self.total = 0
        self.ready = 0
        self.settled = 0


class PodSurvey:
    """Takes pods page by page.

    `labels` has what the living pods of each namespace bear; `taken` is what they request, by node.
    """

    def __init__(self, now_ns: Nanoseconds) -> None:
        self.tally = PodTally("sick", now_ns)
        self._settled = datetime.fromtimestamp(now_ns / 1_000_000_000, UTC) - SETTLED
        self.taken = Taken()
        self.labels: dict[str, dict[Labels, LabelSet]] = {}

    def add(self, page: Sequence[SurveyedPod]) -> None:
        """Take one page of pods."""
        self.tally.add(page)
        self.taken.add(page)
        for pod in page:
            self._label(pod)

    def settle(self, finished: Container[tuple[str, str]]) -> None:
        """Forgive the failed tries of finished Jobs."""
        self.tally.settle(finished)

    def sick(self) -> list[SickGroup]:
        """Return the sick, the worst first."""
        return [self._sick(group) for group in sorted(self.tally.groups(), key=rank)]

    def _sick(self, group: PodGroup) -> SickGroup:
        kept = self.tally.examples
        found = [kept[place] for name in group.names if (place := (group.namespace, name)) in kept]
        return SickGroup(group, owner_of(found[0].metadata) if found else None, tuple(found))

    def _label(self, pod: SurveyedPod) -> None:
        if pod.status.phase in ("Succeeded", "Failed"):
            return

        here = self.labels.setdefault(pod.metadata.namespace, {})
        worn = frozenset(pod.metadata.labels.items())
        if (found := here.get(worn)) is None:
            found = here[worn] = LabelSet(pod)
        found.total += 1
        for one in pod.status.conditions:
            if one.type == "Ready" and one.status == "True":
                found.ready += 1
                since = one.last_transition_time
                found.settled += since is None or since < self._settled
