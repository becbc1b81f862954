"""Why a Service has no endpoint: its pods and workloads, reduced while they come."""

from collections import Counter
from collections.abc import Mapping, Sequence

from jamie_base.text import count
from jamie_base.when import Nanoseconds
from jamie_kubernetes.client.controllers import Controller
from jamie_kubernetes.client.network import NetService, OpenPod
from jamie_kubernetes.facts.ailments import ailment_of
from jamie_kubernetes.facts.endpoints import ServiceKey
from jamie_kubernetes.facts.selectors import sends_to
from jamie_kubernetes.facts.standing import condition_is, standing_of
from jamie_kubernetes.kinds import Kind
from jamie_signals.similar import nearest

VALUES_KEPT = 500


class NearMiss:
    """Remembers the labels of pods that a selector almost picks."""

    def __init__(self) -> None:
        self._near: Counter[str] = Counter()
        self._values: set[str] = set()

    def add(self, labels: Mapping[str, str], selector: Mapping[str, str], number: int = 1) -> None:
        """Take pods that are not picked."""
        wrong = [name for name, value in selector.items() if labels.get(name) != value]
        if len(wrong) == 1 and len(selector) > 1:
            self._near[f"{wrong[0]}={labels.get(wrong[0], '(none)')}"] += number
        elif len(selector) == 1 and wrong[0] in labels and len(self._values) < VALUES_KEPT:
            self._values.add(labels[wrong[0]])

    @property
    def but_for(self) -> str:
        """Say which label keeps most of those that would be picked but for one."""
        if not self._near:
            return ""

        label, number = self._near.most_common(1)[0]
        return f"{count('pod', number)} would but for {label}"

    def nearest(self, selector: Mapping[str, str]) -> str:
        """Say which label is nearest to a selector of one."""
        if len(selector) != 1:
            return ""

        name, wanted = next(iter(selector.items()))
        near = nearest(wanted, sorted(self._values), n=1)
        return f"there are pods with {name}={near[0]}" if near else ""


class _Pods:
    """The pods of one Service."""

    def __init__(self) -> None:
        self.total = 0
        self.ready = 0
        self.troubles: Counter[str] = Counter()
        self.message = ""
        self.ports: set[int] = set()
        self.silent = False
        self.near = NearMiss()


class Backing:
    """Finds the pods of Services that nothing answers for, and those that almost are theirs."""

    def __init__(self, services: Mapping[ServiceKey, NetService], now_ns: Nanoseconds) -> None:
        self._now = now_ns
        self._services: dict[str, list[tuple[ServiceKey, Mapping[str, str]]]] = {}
        for key, one in services.items():
            self._services.setdefault(key[0], []).append((key, one.spec.selector))
        self._pods = {key: _Pods() for key in services}

    def add(self, page: Sequence[OpenPod]) -> None:
        """Take one page of pods."""
        for pod in page:
            for key, selector in self._services.get(pod.metadata.namespace, ()):
                self._take(pod, key, selector)

    def why(self, key: ServiceKey, one: NetService) -> list[str]:
        """Say why nothing answers, or that a port is not what its pods declare."""
        found = self._pods[key]
        said = ",".join(f"{name}={value}" for name, value in one.spec.selector.items())
        if not found.total:
            almost = f"; {found.near.but_for}" if found.near.but_for else ""
            return [f"selector {said} matches no pod{almost}"]
        if not found.ready:
            parts = ", ".join(f"{number} {what}" for what, number in found.troubles.most_common(3))
            return [f"none of its {count('pod', found.total)} is ready: {parts}"]

        return []

    def undeclared(self, key: ServiceKey, one: NetService) -> list[str]:
        """Say which target ports no container declares, where they declare any."""
        declared = self._pods[key].ports
        shown = ", ".join(str(port) for port in sorted(declared)[:5])
        return [
            f"no container declares port {port.target_port} (they declare {shown})"
            for port in one.spec.ports
            if declared and isinstance(port.target_port, int) and port.target_port
            if port.target_port not in declared
        ]

    def sure(self, key: ServiceKey) -> bool:
        """Tell whether every container declares its ports, so that another one is a mistake."""
        return not self._pods[key].silent

    def matched(self, key: ServiceKey) -> int:
        """Count the pods that the selector matches."""
        return self._pods[key].total

    def ready(self, key: ServiceKey) -> int:
        """Count those of them that are ready."""
        return self._pods[key].ready

    def message(self, key: ServiceKey) -> str:
        """Return the cluster's own words about one of the pods."""
        return self._pods[key].message

    def _take(self, pod: OpenPod, key: ServiceKey, selector: Mapping[str, str]) -> None:
        found, labels = self._pods[key], pod.metadata.labels
        if sends_to(selector, labels):
            self._count(pod, found)
        else:
            found.near.add(labels, selector)

    def _count(self, pod: OpenPod, found: _Pods) -> None:
        # What has ended serves nobody and is no endpoint.
        if pod.status.phase in ("Succeeded", "Failed"):
            return

        found.total += 1
        found.ports |= {port.container_port for port in pod.spec.ports}
        found.silent |= not all(one.ports for one in pod.spec.containers)
        if condition_is(pod, "Ready", "True"):
            found.ready += 1
            return

        standing = standing_of(pod)
        ailment = ailment_of(pod, standing, self._now)
        cause = f" ({ailment.cause})" if ailment and ailment.cause != standing.state else ""
        found.troubles[f"{standing.state}{cause}"] += 1
        found.message = found.message or (ailment.message if ailment else "")

    def nearest(self, key: ServiceKey, one: NetService) -> list[str]:
        """Offer the label nearest to a selector of one label that matches nothing."""
        near = self._pods[key].near.nearest(one.spec.selector)
        return [near] if near and not self._pods[key].total else []


class Resting:
    """Finds the workloads of Services that have no pod because they are scaled to zero."""

    def __init__(self, kind: Kind, services: Mapping[ServiceKey, NetService]) -> None:
        self._kind = kind
        self._services = services
        self.found: dict[ServiceKey, str] = {}

    def add(self, page: Sequence[Controller]) -> None:
        """Take one page of workloads."""
        for one in (each for each in page if not each.spec.replicas):
            labels = one.spec.template.metadata.labels
            for key, service in self._services.items():
                if key[0] == one.metadata.namespace and sends_to(service.spec.selector, labels):
                    self.found[key] = f"{self._kind.short}/{one.metadata.name}"
