"""What pods use now, reduced while the metrics API's answer comes."""

from collections.abc import Sequence

from jamie_kubernetes.answers import Usage
from jamie_kubernetes.client.usage import PodUsage
from jamie_kubernetes.facts.quantities import known

PodKey = tuple[str, str]
"""Namespace and name."""


class PodUsageTally:
    """Keeps two figures a pod, and their sums."""

    def __init__(self) -> None:
        self.by_pod: dict[PodKey, Usage] = {}
        self.cpu = 0.0
        self.memory = 0.0

    def add(self, page: Sequence[PodUsage]) -> None:
        """Take one page of measurements."""
        for pod in page:
            cpu = sum(known(one.usage.get("cpu", "0")) for one in pod.containers)
            memory = sum(known(one.usage.get("memory", "0")) for one in pod.containers)
            self.by_pod[pod.metadata.namespace, pod.metadata.name] = Usage(cpu, memory)
            self.cpu += cpu
            self.memory += memory

    def done(self) -> Usage | None:
        """Return the sums; None where nothing is measured."""
        return Usage(self.cpu, self.memory) if self.by_pod else None
