"""A pod as the scheduler reads it: what it needs of a node, and where it must run."""

import msgspec

from jamie_kubernetes.client.affinity import Affinity, Spread
from jamie_kubernetes.client.capacity import Quantities, Resources
from jamie_kubernetes.client.limits import Toleration
from jamie_kubernetes.client.network import ContainerPort, NotedMeta
from jamie_kubernetes.client.objects import Condition
from jamie_kubernetes.client.survey import Mount


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class PlacingContainer(_Wire, frozen=True):
    """A container, as far as what it takes of a node."""

    name: str = ""
    restart_policy: str = ""
    resources: Resources = Resources()
    ports: tuple[ContainerPort, ...] = ()


class Gate(_Wire, frozen=True):
    """What holds a pod back until somebody takes it away."""

    name: str = ""


class DeviceClaim(_Wire, frozen=True):
    """A claim of devices, by name or made from a template."""

    name: str = ""
    resource_claim_name: str = ""
    resource_claim_template_name: str = ""


class PlacingSpec(_Wire, frozen=True):
    """What a pod asks of a node."""

    scheduler_name: str = ""
    node_name: str = ""
    priority: int = 0
    priority_class_name: str = ""
    node_selector: dict[str, str] = {}
    affinity: Affinity = Affinity()
    tolerations: tuple[Toleration, ...] = ()
    topology_spread_constraints: tuple[Spread, ...] = ()
    scheduling_gates: tuple[Gate, ...] = ()
    containers: tuple[PlacingContainer, ...] = ()
    init_containers: tuple[PlacingContainer, ...] = ()
    overhead: Quantities = {}
    resources: Resources = Resources()
    volumes: tuple[Mount, ...] = ()
    resource_claims: tuple[DeviceClaim, ...] = ()


class PlacingStatus(_Wire, frozen=True):
    """What the scheduler said of it."""

    phase: str = ""
    nominated_node_name: str = ""
    conditions: tuple[Condition, ...] = ()
    resource_claim_statuses: tuple[DeviceClaim, ...] = ()


class PlacingPod(_Wire, frozen=True):
    """A pod to be placed."""

    metadata: NotedMeta
    spec: PlacingSpec = PlacingSpec()
    status: PlacingStatus = PlacingStatus()

    @property
    def claims(self) -> tuple[str, ...]:
        """Return the claims behind its volumes."""
        names = (one.claim(self.metadata.name) for one in self.spec.volumes)
        return tuple(name for name in names if name)

    @property
    def verdict(self) -> Condition | None:
        """Return what the scheduler said last; None before it looked."""
        found = (one for one in self.status.conditions if one.type == "PodScheduled")
        return next(found, None)
