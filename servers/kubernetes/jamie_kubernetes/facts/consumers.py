"""Who uses most: usage laid beside requests and limits while the pods come."""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence

from jamie_kubernetes.answers import Usage
from jamie_kubernetes.answers_top import Level, Order, TopRow
from jamie_kubernetes.client.capacity import Host, HostMeta, Resources, SizedContainer, SizedPod
from jamie_kubernetes.client.usage import PodUsage
from jamie_kubernetes.facts.hosts import offers
from jamie_kubernetes.facts.pod_usage import PodKey
from jamie_kubernetes.facts.quantities import known
from jamie_kubernetes.facts.requests import RequestTally, asked

ROWS_KEPT = 1_000
NAMES_KEPT = 8

Parts = tuple[tuple[str, Usage], ...]
"""Containers by name, and what each uses."""


class ContainerUsageTally:
    """Keeps what each container uses, by pod."""

    def __init__(self) -> None:
        self.pods: dict[PodKey, Parts] = {}

    def add(self, page: Sequence[PodUsage]) -> None:
        """Take one page of measurements."""
        for pod in page:
            key = (pod.metadata.namespace, pod.metadata.name)
            self.pods[key] = tuple((one.name, _amounts(one.usage)) for one in pod.containers)


class ConsumerTally:
    """Lays usage beside requests and limits; keeps the rows that rank first.

    Without what was `measured` it takes the requests of pods that take up room.
    """

    def __init__(self, measured: Mapping[PodKey, Parts] | None, level: Level, order: Order) -> None:
        self._measured = measured
        self._level: Level = level
        self._order: Order = order
        self._rows: list[TopRow] = []
        self.total = 0
        self.unlimited = 0
        self.unmeasured: list[str] = []
        self.cpu = self.memory = 0.0
        self.asked_cpu = self.asked_memory = 0.0

    def add(self, page: Sequence[SizedPod]) -> None:
        """Take one page of pods."""
        for pod in page:
            if self._measured is None:
                parts = _unused(pod)
            else:
                parts = self._measured.get((pod.metadata.namespace, pod.metadata.name))
            if parts:
                self._take(pod, parts)
            elif pod.status.phase == "Running" and self._measured is not None:
                self.unmeasured.append(f"{pod.metadata.namespace}/{pod.metadata.name}")
        if len(self._rows) > 2 * ROWS_KEPT:
            self._rows = self.rows()

    def rows(self) -> list[TopRow]:
        """Return the rows that rank first."""
        return heapq.nsmallest(ROWS_KEPT, self._rows, key=lambda row: rank(row, self._order))

    def _take(self, pod: SizedPod, parts: Parts) -> None:
        rows = [_pod_row(pod, parts)] if self._level == "pods" else list(_containers(pod, parts))
        wants = asked(pod.spec)
        self.asked_cpu += wants.get("cpu", 0.0)
        self.asked_memory += wants.get("memory", 0.0)
        for row in rows:
            self.total += 1
            self.cpu += row.used.cpu
            self.memory += row.used.memory
            self.unlimited += not row.limit.memory
        self._rows += rows


def bare(name: str) -> Host:
    """Return a node of which only the name is known."""
    return Host(HostMeta(name=name))


def node_rows(
    hosts: Iterable[Host], usage: Mapping[str, Usage] | None, requests: RequestTally | None
) -> list[TopRow]:
    """Return a row for each node that is measured, or for each where nothing is."""
    return [
        _row(
            "",
            one.metadata.name,
            usage[one.metadata.name] if usage else Usage(),
            requests.of(one.metadata.name).usage if requests else Usage(),
            offers(one),
        )
        for one in hosts
        if usage is None or one.metadata.name in usage
    ]


def rank(row: TopRow, order: Order) -> tuple[float, float, float, str, str]:
    """Order rows: the biggest first, or the closest to its limit; unique for each."""
    first = {"cpu": row.used.cpu, "memory": row.used.memory, "limit": row.closest}[order]
    then = row.used.memory if order != "memory" else row.used.cpu
    asked_for = row.requested.cpu if order == "cpu" else row.requested.memory
    return (-first, -then, -asked_for, row.namespace, row.name)


def _pod_row(pod: SizedPod, parts: Parts) -> TopRow:
    used = Usage(sum(one.cpu for _, one in parts), sum(one.memory for _, one in parts))
    wants = asked(pod.spec)
    return _row(
        pod.metadata.namespace,
        pod.metadata.name,
        used,
        Usage(wants.get("cpu", 0.0), wants.get("memory", 0.0)),
        Usage(_limit(pod, "cpu"), _limit(pod, "memory")),
        pod.spec.node_name,
    )


def _containers(pod: SizedPod, parts: Parts) -> Iterator[TopRow]:
    sized = {one.name: one.resources for one in (*pod.spec.init_containers, *pod.spec.containers)}
    for name, used in parts:
        resources = sized.get(name, Resources())
        yield _row(
            pod.metadata.namespace,
            f"{pod.metadata.name}/{name}",
            used,
            _amounts(resources.requests),
            _amounts(resources.limits),
            pod.spec.node_name,
        )


def _unused(pod: SizedPod) -> Parts:
    """Return the containers of a pod that takes up room, as far as nobody knows their use."""
    if pod.ended or not pod.spec.node_name:
        return ()

    return tuple((one.name, Usage()) for one in _lasting(pod))


def _lasting(pod: SizedPod) -> list[SizedContainer]:
    return [*pod.spec.containers, *filter(_is_sidecar, pod.spec.init_containers)]


def _limit(pod: SizedPod, resource: str) -> float:
    """Return the most a pod may use; 0 where one of its containers has no limit."""
    if whole := known(pod.spec.resources.limits.get(resource, "0")):
        return whole

    limits = [known(one.resources.limits.get(resource, "0")) for one in _lasting(pod)]
    return sum(limits) if all(limits) else 0.0


def _is_sidecar(one: SizedContainer) -> bool:
    return one.restart_policy == "Always"


def _row(
    namespace: str, name: str, used: Usage, requested: Usage, limit: Usage, node: str = ""
) -> TopRow:
    shares = (
        used.cpu / limit.cpu if limit.cpu else 0.0,
        used.memory / limit.memory if limit.memory else 0.0,
    )
    return TopRow(namespace, name, used, requested, limit, max(shares), node)


def _amounts(given: Mapping[str, str]) -> Usage:
    return Usage(known(given.get("cpu", "0")), known(given.get("memory", "0")))
