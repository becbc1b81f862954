"""EndpointSlices reduced while they come: how many endpoints a Service has, at which ports."""

from collections.abc import Sequence

from jamie_kubernetes.client.network import EndpointSlice

SERVICE_LABEL = "kubernetes.io/service-name"
KEEPER_LABEL = "endpointslice.kubernetes.io/managed-by"
KEEPER = "endpointslice-controller.k8s.io"

ServiceKey = tuple[str, str]
"""Namespace and name."""


class Places:
    """The endpoints of one Service, counted by address family, for each pod has one of each.

    `nodes` have a ready one; `by_hand` are slices that no controller of Kubernetes keeps.
    """

    __slots__ = ("_ready", "_total", "by_hand", "nodes", "ports", "slices")

    def __init__(self) -> None:
        self._ready: dict[str, int] = {}
        self._total: dict[str, int] = {}
        self.ports: set[str] = set()
        self.nodes: set[str] = set()
        self.slices = 0
        self.by_hand = 0

    @property
    def ready(self) -> int:
        """Count the endpoints that take traffic."""
        return max(self._ready.values(), default=0)

    @property
    def total(self) -> int:
        """Count all that are not on their way out."""
        return max(self._total.values(), default=0)

    def add(self, one: EndpointSlice) -> None:
        """Take a slice."""
        self.slices += 1
        self.by_hand += one.metadata.labels.get(KEEPER_LABEL) != KEEPER
        staying = [each for each in one.endpoints or () if not each.conditions.terminating]
        serving = [each for each in staying if each.conditions.ready is not False]
        ready = len(serving)
        self.nodes.update(each.node_name for each in serving if each.node_name)
        family = one.address_type
        self._ready[family] = self._ready.get(family, 0) + ready
        self._total[family] = self._total.get(family, 0) + len(staying)
        if staying:
            self.ports |= {port.name or "" for port in one.ports or ()}


class EndpointTally:
    """Counts the endpoints of every Service, and remembers slices that name none."""

    def __init__(self) -> None:
        self._places: dict[ServiceKey, Places] = {}
        self._strays: dict[str, list[str]] = {}

    def add(self, page: Sequence[EndpointSlice]) -> None:
        """Take one page of slices."""
        for one in page:
            if name := one.metadata.labels.get(SERVICE_LABEL):
                key = (one.metadata.namespace, name)
                self._places.setdefault(key, Places()).add(one)
            else:
                self._strays.setdefault(one.metadata.namespace, []).append(one.metadata.name)

    def of(self, key: ServiceKey) -> Places:
        """Return the endpoints of a Service."""
        return self._places.get(key) or Places()

    def strays(self, key: ServiceKey) -> list[str]:
        """Return slices named after a Service that do not say whose they are."""
        namespace, name = key
        return [
            one
            for one in self._strays.get(namespace, ())
            if one == name or one.startswith(f"{name}-")
        ]
