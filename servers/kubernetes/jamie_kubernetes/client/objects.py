"""What Kubernetes objects hold, as far as we use it; everything else is skipped while decoding."""

from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from jamie_base.when import Nanoseconds, instant

ObjectT = TypeVar("ObjectT")


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class OwnerReference(_Wire, frozen=True):
    """Who made an object."""

    kind: str
    name: str
    uid: str = ""
    controller: bool = False


class Meta(_Wire, frozen=True):
    """What every object has."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()

    @property
    def created_ns(self) -> Nanoseconds:
        """Return when it was made; 0 where that is not known."""
        return instant(self.creation_timestamp)


class Condition(_Wire, frozen=True):
    """One thing that is so, or is not."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None


class Conditional(_Wire, frozen=True):
    """A status of conditions alone; a new CRD's are null."""

    listed: tuple[Condition, ...] | None = msgspec.field(default=None, name="conditions")

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Return the conditions there are."""
        return self.listed or ()


class Terminated(_Wire, frozen=True):
    """How a container ended."""

    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


class Waiting(_Wire, frozen=True):
    """Why a container does not run yet."""

    reason: str = ""
    message: str = ""


class Running(_Wire, frozen=True):
    """Since when a container runs."""

    started_at: datetime | None = None


class ContainerState(_Wire, frozen=True):
    """One of three, or none yet."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(_Wire, frozen=True):
    """How a container is doing."""

    name: str
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class Container(_Wire, frozen=True):
    """A container as specified."""

    name: str
    restart_policy: str = ""

    @property
    def is_sidecar(self) -> bool:
        """Tell whether an init container goes on running beside the others."""
        return self.restart_policy == "Always"


class PodSpec(_Wire, frozen=True):
    """What a pod should be."""

    node_name: str = ""
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()


class PodStatus(_Wire, frozen=True):
    """What a pod is."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    start_time: datetime | None = None
    conditions: tuple[Condition, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(_Wire, frozen=True):
    """A pod."""

    metadata: Meta
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class NodeSpec(_Wire, frozen=True):
    """What a node should be."""

    unschedulable: bool = False


class NodeStatus(_Wire, frozen=True):
    """What a node is and offers."""

    conditions: tuple[Condition, ...] = ()
    allocatable: dict[str, str] = {}


class Node(_Wire, frozen=True):
    """A node."""

    metadata: Meta
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class Requirement(_Wire, frozen=True):
    """One expression of a selector."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class LabelSelector(_Wire, frozen=True):
    """Which pods belong to a workload."""

    match_labels: dict[str, str] = {}
    match_expressions: tuple[Requirement, ...] = ()


class WorkloadSpec(_Wire, frozen=True):
    """What a Deployment, StatefulSet, DaemonSet or Job should be."""

    replicas: int = 1
    selector: LabelSelector = LabelSelector()
    paused: bool = False
    suspend: bool = False
    completions: int | None = None


class WorkloadStatus(_Wire, frozen=True):
    """What it is; each kind fills its own fields."""

    replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    desired_number_scheduled: int = 0
    number_ready: int = 0
    observed_generation: int = 0
    succeeded: int = 0
    failed: int = 0
    conditions: tuple[Condition, ...] = ()


class Workload(_Wire, frozen=True):
    """A Deployment, StatefulSet, DaemonSet, ReplicaSet or Job."""

    metadata: Meta
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class ServiceSpec(_Wire, frozen=True):
    """Which pods a Service sends to."""

    selector: dict[str, str] = {}


class Service(_Wire, frozen=True):
    """A Service."""

    metadata: Meta
    spec: ServiceSpec = ServiceSpec()


class Named(_Wire, frozen=True):
    """Any object, as far as its name."""

    metadata: Meta


class ObjectReference(_Wire, frozen=True):
    """What an event is about."""

    kind: str = ""
    name: str = ""
    namespace: str = ""
    uid: str = ""
    field_path: str = ""


class EventSeries(_Wire, frozen=True):
    """How often a newer event came again."""

    count: int = 0
    last_observed_time: datetime | None = None


class Event(_Wire, frozen=True):
    """An event, in both its forms: counted by `count`, or by its series."""

    metadata: Meta
    involved_object: ObjectReference = ObjectReference()
    type: str = ""
    reason: str = ""
    message: str = ""
    count: int | None = None
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None
    series: EventSeries | None = None


class ListMeta(_Wire, frozen=True):
    """Where a list goes on, of which version it is, and how many objects are left."""

    continue_: str = msgspec.field(default="", name="continue")
    resource_version: str = ""
    remaining_item_count: int = 0


class ListPage(_Wire, Generic[ObjectT], frozen=True):
    """One page of a list."""

    items: tuple[ObjectT, ...] | None = None
    metadata: ListMeta = ListMeta()

    @property
    def token(self) -> str:
        """Return where the list goes on; empty at its end."""
        return self.metadata.continue_


class Version(_Wire, frozen=True):
    """What the API server is."""

    git_version: str = ""
    platform: str = ""
