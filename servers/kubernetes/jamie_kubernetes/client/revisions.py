"""What workloads were: ReplicaSets and ControllerRevisions, each with its pod template."""

import msgspec

from jamie_kubernetes.client.managed import ManagedMeta
from jamie_kubernetes.client.sending import Object


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class ReplicaSetSpec(_Wire, frozen=True):
    """How many pods, made from what."""

    replicas: int = 0
    template: Object = {}


class ReplicaSetStatus(_Wire, frozen=True):
    """How many pods there are."""

    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0


class ReplicaSet(_Wire, frozen=True):
    """A ReplicaSet: one revision of a Deployment."""

    metadata: ManagedMeta
    spec: ReplicaSetSpec = ReplicaSetSpec()
    status: ReplicaSetStatus = ReplicaSetStatus()


class ControllerRevision(_Wire, frozen=True):
    """One revision of a StatefulSet or DaemonSet."""

    metadata: ManagedMeta
    revision: int = 0
    data: Object = {}
