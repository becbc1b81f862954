"""Pods that are held back on purpose, and for how long."""

from collections.abc import Sequence

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.client.placing import PlacingPod
from jamie_kubernetes.facts.crowd import owner_name
from jamie_kubernetes.facts.standing import word

FORGOTTEN_NS = 3600 * 1_000_000_000
"""After how long a gate looks forgotten rather than used."""

NAMES_KEPT = 3


class Gated(msgspec.Struct):
    """Pods of one owner that a gate holds back."""

    namespace: str
    owner: str
    since_ns: Nanoseconds
    count: int = 0
    names: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()


class GatedTally:
    """Takes unscheduled pods page by page, and keeps those held back for too long."""

    def __init__(self, now_ns: Nanoseconds) -> None:
        self._old = now_ns - FORGOTTEN_NS
        self._found: dict[tuple[str, str], Gated] = {}

    def add(self, page: Sequence[PlacingPod]) -> None:
        """Take one page of pods."""
        for pod in page:
            gates = pod.spec.scheduling_gates
            since = pod.metadata.created_ns
            if gates and since < self._old and pod.metadata.deletion_timestamp is None:
                self._take(pod, since)

    def done(self) -> list[Gated]:
        """Return them by owner."""
        return [*self._found.values()]

    def _take(self, pod: PlacingPod, since: Nanoseconds) -> None:
        key = (pod.metadata.namespace, owner_name(pod))
        found = self._found.setdefault(key, Gated(*key, since))
        found.count += 1
        found.since_ns = min(found.since_ns, since)
        found.gates = tuple(word(one.name) for one in pod.spec.scheduling_gates)
        if len(found.names) < NAMES_KEPT:
            found.names += (pod.metadata.name,)
