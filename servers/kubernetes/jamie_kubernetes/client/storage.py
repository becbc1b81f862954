"""Claims, volumes, classes, drivers, and what is attached to which node."""

from datetime import datetime

import msgspec

from jamie_kubernetes.client.affinity import NodeChoice
from jamie_kubernetes.client.capacity import Quantities
from jamie_kubernetes.client.objects import Condition, LabelSelector, Meta, ObjectReference

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
BETA_DEFAULT_CLASS = "storageclass.beta.kubernetes.io/is-default-class"


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class NotedMeta(Meta, frozen=True, rename="camel"):
    """What every object has, with its annotations and what holds it when it is deleted."""

    annotations: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    finalizers: tuple[str, ...] = ()


class Wanted(_Wire, frozen=True):
    """How much storage is asked for."""

    requests: Quantities = {}


class ClaimSpec(_Wire, frozen=True):
    """What a claim asks for; no class at all means the default one, an empty one none."""

    access_modes: tuple[str, ...] = ()
    volume_name: str = ""
    volume_mode: str = "Filesystem"
    storage_class_name: str | None = None
    resources: Wanted = Wanted()
    selector: LabelSelector | None = None


class ClaimStatus(_Wire, frozen=True):
    """What a claim got."""

    phase: str = ""
    capacity: Quantities = {}
    conditions: tuple[Condition, ...] = ()
    allocated_resource_statuses: dict[str, str] = {}


class Claim(_Wire, frozen=True):
    """A PersistentVolumeClaim."""

    metadata: NotedMeta
    spec: ClaimSpec = ClaimSpec()
    status: ClaimStatus = ClaimStatus()

    @property
    def wants(self) -> str:
        """Return how much it asks for, as it says so."""
        return self.spec.resources.requests.get("storage", "0")


class CsiSource(_Wire, frozen=True):
    """The driver that mounts a volume."""

    driver: str = ""


class VolumeAffinity(_Wire, frozen=True):
    """Which nodes can reach a volume."""

    required: NodeChoice | None = None


class VolumeSpec(_Wire, frozen=True):
    """What a volume is and whose."""

    capacity: Quantities = {}
    access_modes: tuple[str, ...] = ()
    volume_mode: str = "Filesystem"
    storage_class_name: str = ""
    claim_ref: ObjectReference | None = None
    node_affinity: VolumeAffinity = VolumeAffinity()
    persistent_volume_reclaim_policy: str = ""
    csi: CsiSource | None = None


class VolumeStatus(_Wire, frozen=True):
    """Where a volume is in its life."""

    phase: str = ""
    message: str = ""
    reason: str = ""
    last_phase_transition_time: datetime | None = None


class PersistentVolume(_Wire, frozen=True):
    """A PersistentVolume."""

    metadata: NotedMeta
    spec: VolumeSpec = VolumeSpec()
    status: VolumeStatus = VolumeStatus()


class TopologyLabel(_Wire, frozen=True):
    """A label and the values it may have."""

    key: str = ""
    values: tuple[str, ...] = ()


class TopologyTerm(_Wire, frozen=True):
    """Labels that a node has all of."""

    match_label_expressions: tuple[TopologyLabel, ...] = ()


class StorageClass(_Wire, frozen=True):
    """A StorageClass."""

    metadata: NotedMeta
    provisioner: str = ""
    volume_binding_mode: str = "Immediate"
    allowed_topologies: tuple[TopologyTerm, ...] = ()

    @property
    def is_default(self) -> bool:
        """Tell whether claims that name no class get this one."""
        notes = self.metadata.annotations
        return "true" in (notes.get(DEFAULT_CLASS), notes.get(BETA_DEFAULT_CLASS))

    @property
    def waits(self) -> bool:
        """Tell whether a volume is only made once a pod needs it."""
        return self.volume_binding_mode == "WaitForFirstConsumer"


class CountLimit(_Wire, frozen=True):
    """How many volumes of a driver a node takes."""

    count: int | None = None


class NodeDriver(_Wire, frozen=True):
    """A driver on a node."""

    name: str = ""
    allocatable: CountLimit | None = None


class CsiNodeSpec(_Wire, frozen=True):
    """The drivers of a node."""

    drivers: tuple[NodeDriver, ...] | None = None


class CsiNode(_Wire, frozen=True):
    """What drivers run on a node."""

    metadata: Meta
    spec: CsiNodeSpec = CsiNodeSpec()

    @property
    def names(self) -> tuple[str, ...]:
        """Return its drivers."""
        return tuple(one.name for one in self.spec.drivers or ())


class AttachedSource(_Wire, frozen=True):
    """The volume."""

    persistent_volume_name: str = ""


class AttachmentSpec(_Wire, frozen=True):
    """What is to be attached where."""

    attacher: str = ""
    node_name: str = ""
    source: AttachedSource = AttachedSource()


class AttachError(_Wire, frozen=True):
    """Why it could not be."""

    time: datetime | None = None
    message: str = ""


class AttachmentStatus(_Wire, frozen=True):
    """Whether it is."""

    attached: bool = False
    attach_error: AttachError | None = None
    detach_error: AttachError | None = None


class Attachment(_Wire, frozen=True):
    """A VolumeAttachment."""

    metadata: Meta
    spec: AttachmentSpec = AttachmentSpec()
    status: AttachmentStatus = AttachmentStatus()
