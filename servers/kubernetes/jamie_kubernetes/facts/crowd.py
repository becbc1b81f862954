"""The pods of a cluster as neighbours: what they take from nodes, their labels, whom they shun."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.client.affinity import PodTerm
from jamie_kubernetes.client.objects import Meta, Pod
from jamie_kubernetes.client.survey import SurveyedPod
from jamie_kubernetes.facts.owners import owner_of
from jamie_kubernetes.facts.room import Taken

Labels = frozenset[tuple[str, str]]

Port = tuple[int, str, str]
"""A port of a node: number, protocol, address (empty: all of them)."""

SETTLED = timedelta(seconds=60)
"""For how long a pod is ready before others must have noticed."""

_ENDED = ("Succeeded", "Failed")


class LabelSet:
    """The pods of a namespace that bear the same labels, and so were made from one template.

    `settled` are ready for a while; `first` is one of them, for what its template says; `nodes` has
    one entry for each that is bound.
    """

    __slots__ = ("first", "nodes", "owner", "ready", "settled", "total")

    def __init__(self, first: SurveyedPod) -> None:
        self.owner = owner_name(first)
        self.first = first
        self.total = 0
        self.ready = 0
        self.settled = 0
        self.nodes: list[str] = []


class Shunning(msgspec.Struct, frozen=True):
    """Pods of a namespace that want no pods of a kind near them, and the nodes they are on."""

    namespace: str
    owner: str
    term: PodTerm
    nodes: set[str]


class Crowd:
    """Takes pods page by page; only the living count.

    `taken` has what they request by node; `ports` who holds which ports of each node; `shunning`
    whom they keep away; `labels` what the pods of each namespace bear.
    """

    def __init__(self, now_ns: Nanoseconds) -> None:
        self._settled = datetime.fromtimestamp(now_ns / 1_000_000_000, UTC) - SETTLED
        self.taken = Taken()
        self.ports: dict[str, dict[Port, str]] = {}
        self.labels: dict[str, dict[Labels, LabelSet]] = {}
        self._shunning: dict[tuple[str, bytes], Shunning] = {}

    def add(self, page: Sequence[SurveyedPod]) -> None:
        """Take one page of pods."""
        self.taken.add(page)
        for pod in page:
            if pod.status.phase not in _ENDED:
                self._label(pod)
                if pod.spec.node_name:
                    self._settle(pod)

    @property
    def shunning(self) -> list[Shunning]:
        """Return who keeps whom away."""
        return [*self._shunning.values()]

    @property
    def asks_of_namespaces(self) -> bool:
        """Tell whether the labels of namespaces decide whom they keep away."""
        return any(one.term.namespace_selector for one in self._shunning.values())

    def _label(self, pod: SurveyedPod) -> None:
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
        if pod.spec.node_name:
            found.nodes.append(self.taken.of(pod.spec.node_name).name)

    def _settle(self, pod: SurveyedPod) -> None:
        node = pod.spec.node_name
        for container in pod.spec.containers:
            for port in container.ports:
                if port.host_port:
                    held = (port.host_port, port.protocol, port.address)
                    self.ports.setdefault(node, {})[held] = (
                        f"{pod.metadata.namespace}/{pod.metadata.name}"
                    )
        guard = pod.spec.affinity.pod_anti_affinity if pod.spec.affinity else None
        for term in guard.required if guard else ():
            self._shun(pod, term, node)

    def _shun(self, pod: SurveyedPod, term: PodTerm, node: str) -> None:
        key = (pod.metadata.namespace, msgspec.json.encode(term))
        if (found := self._shunning.get(key)) is None:
            found = Shunning(pod.metadata.namespace, owner_name(pod), term, set())
            self._shunning[key] = found
        found.nodes.add(node)


class _Owned(Protocol):
    @property
    def metadata(self) -> Meta: ...


def owner_name(pod: _Owned) -> str:
    """Return how findings name whose a pod is: `deploy/web`, or `pod/NAME`."""
    return str(owner_of(pod.metadata) or f"pod/{pod.metadata.name}")


def is_ready(pod: Pod) -> bool:
    """Tell whether a pod says that it is ready."""
    return any(one.type == "Ready" and one.status == "True" for one in pod.status.conditions)
