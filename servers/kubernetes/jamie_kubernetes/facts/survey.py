"""Every pod of a scope, in one pass: the sick kept, the others counted; what nodes have taken."""

from collections.abc import Container, Mapping, Sequence
from functools import cached_property

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import PodGroup
from jamie_kubernetes.client.objects import Pod
from jamie_kubernetes.client.survey import SurveyedPod
from jamie_kubernetes.facts.crowd import Crowd, Labels, LabelSet, is_ready, owner_name
from jamie_kubernetes.facts.grouping import PodTally, rank
from jamie_kubernetes.facts.owners import Owner, owner_of
from jamie_kubernetes.facts.unrest import Unrest

USERS_KEPT = 20
"""Of how many pods a claim is told."""


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


class ClaimUser(msgspec.Struct, frozen=True):
    """A living pod that uses a claim."""

    pod: str
    owner: str
    node: str
    ready: bool


class PodSurvey:
    """Takes pods page by page.

    `crowd` has them as neighbours, `users` those of each claim, by namespace and name; `images` are
    what ready ones run.
    """

    def __init__(self, now_ns: Nanoseconds) -> None:
        self.tally = PodTally("sick", now_ns)
        self.crowd = Crowd(now_ns)
        self.users: dict[tuple[str, str], list[ClaimUser]] = {}
        self.images: set[str] = set()
        self._unrest = Unrest(now_ns)

    def add(self, page: Sequence[SurveyedPod]) -> None:
        """Take one page of pods."""
        self.tally.add(page)
        self.crowd.add(page)
        self._unrest.add(page)
        for pod in page:
            if is_ready(pod):
                self.images.update(one.image for one in pod.spec.containers)
            if pod.spec.volumes and pod.status.phase not in ("Succeeded", "Failed"):
                self._use(pod)

    def settle(self, finished: Container[tuple[str, str]]) -> None:
        """Forgive the failed tries of finished Jobs."""
        self.tally.settle(finished)

    @property
    def labels(self) -> dict[str, dict[Labels, LabelSet]]:
        """Return what the living pods of each namespace bear."""
        return self.crowd.labels

    def living(self, namespace: str, owner: str) -> tuple[int, int]:
        """Return how many pods of an owner are ready, and how many there are."""
        return self._living.get((namespace, owner), (0, 0))

    def sick(self) -> list[SickGroup]:
        """Return the sick, the worst first."""
        return [self._sick(group) for group in sorted(self.tally.groups(), key=rank)]

    def unrest(self) -> list[SickGroup]:
        """Return those that seem well but keep restarting or take long to go."""
        return [
            SickGroup(group.done(), owner_of(pods[0].metadata), pods)
            for group, pods in self._unrest.groups()
        ]

    @cached_property
    def _living(self) -> Mapping[tuple[str, str], tuple[int, int]]:
        """Count by owner once all pods are in: thousands of owners may ask."""
        counted: dict[tuple[str, str], tuple[int, int]] = {}
        for namespace, sets in self.labels.items():
            for one in sets.values():
                ready, total = counted.get((namespace, one.owner), (0, 0))
                counted[namespace, one.owner] = (ready + one.ready, total + one.total)

        return counted

    def _sick(self, group: PodGroup) -> SickGroup:
        kept = self.tally.examples
        found = [kept[place] for name in group.names if (place := (group.namespace, name)) in kept]
        return SickGroup(group, owner_of(found[0].metadata) if found else None, tuple(found))

    def _use(self, pod: SurveyedPod) -> None:
        user = ClaimUser(pod.metadata.name, owner_name(pod), pod.spec.node_name, is_ready(pod))
        for claim in pod.claims:
            users = self.users.setdefault((pod.metadata.namespace, claim), [])
            if len(users) < USERS_KEPT:
                users.append(user)
