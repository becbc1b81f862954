"""What the API server holds, as far as the players need it; one immutable snapshot at a time."""

import msgspec

from jamie_lab.kube import Kube

LABEL = "app"


class Owner(msgspec.Struct, frozen=True):
    """Who made an object."""

    kind: str
    name: str


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    """Names and relations of an object."""

    name: str
    uid: str = ""
    namespace: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: list[Owner] = []
    creation_timestamp: str = ""


class Resources(msgspec.Struct, frozen=True):
    """Requests and limits, as quantities."""

    requests: dict[str, str] = {}
    limits: dict[str, str] = {}


class Container(msgspec.Struct, frozen=True):
    """A container as specified."""

    name: str
    image: str = ""
    resources: Resources = Resources()


class PodSpec(msgspec.Struct, frozen=True, rename="camel"):
    """Where a pod runs and what it holds."""

    containers: list[Container]
    node_name: str = ""


class Reason(msgspec.Struct, frozen=True, rename="camel"):
    """Why a container waits or ended."""

    reason: str = ""
    exit_code: int = 0


class ContainerState(msgspec.Struct, frozen=True):
    """A container runs, waits or has ended."""

    running: dict[str, str] | None = None
    waiting: Reason | None = None
    terminated: Reason | None = None


class ContainerStatus(msgspec.Struct, frozen=True, rename="camel"):
    """How a container is."""

    name: str
    ready: bool = False
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class Condition(msgspec.Struct, frozen=True):
    """A condition of a node or a pod."""

    type: str
    status: str


class PodStatus(msgspec.Struct, frozen=True, rename="camel"):
    """How a pod is."""

    phase: str = "Pending"
    pod_ip: str = msgspec.field(name="podIP", default="")
    host_ip: str = msgspec.field(name="hostIP", default="")
    start_time: str = ""
    conditions: list[Condition] = []
    container_statuses: list[ContainerStatus] = []


class Pod(msgspec.Struct, frozen=True):
    """A pod."""

    metadata: Metadata
    spec: PodSpec
    status: PodStatus = PodStatus()

    @property
    def ready(self) -> bool:
        """Whether it takes traffic."""
        return any(one.type == "Ready" and one.status == "True" for one in self.status.conditions)

    @property
    def workload(self) -> str:
        """The key of the workload it belongs to, by its label; such a workload need not exist."""
        return f"{self.metadata.namespace}/{self.metadata.labels.get(LABEL, '')}"


class NodeSpec(msgspec.Struct, frozen=True):
    """Whether a node takes pods."""

    unschedulable: bool = False


class NodeStatus(msgspec.Struct, frozen=True):
    """What a node has and how it is."""

    allocatable: dict[str, str] = {}
    capacity: dict[str, str] = {}
    conditions: list[Condition] = []


class Node(msgspec.Struct, frozen=True):
    """A node."""

    metadata: Metadata
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class ReplicasSpec(msgspec.Struct, frozen=True):
    """How many pods are wanted."""

    replicas: int = 1


class ReplicasStatus(msgspec.Struct, frozen=True, rename="camel"):
    """How many pods there are; a DaemonSet says it in other words."""

    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    updated_replicas: int = 0
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    number_ready: int = 0


class Controller(msgspec.Struct, frozen=True):
    """A Deployment, StatefulSet or DaemonSet."""

    metadata: Metadata
    spec: ReplicasSpec = ReplicasSpec()
    status: ReplicasStatus = ReplicasStatus()

    @property
    def key(self) -> str:
        """The key of the workload it is."""
        return f"{self.metadata.namespace}/{self.metadata.name}"


class World(msgspec.Struct, frozen=True):
    """A snapshot of the cluster."""

    nodes: list[Node] = []
    pods: list[Pod] = []
    deployments: list[Controller] = []
    stateful_sets: list[Controller] = []
    daemon_sets: list[Controller] = []


async def look(kube: Kube) -> World:
    """Take a snapshot."""
    return World(
        nodes=await kube.list("/api/v1/nodes", Node),
        pods=await kube.list("/api/v1/pods", Pod),
        deployments=await kube.list("/apis/apps/v1/deployments", Controller),
        stateful_sets=await kube.list("/apis/apps/v1/statefulsets", Controller),
        daemon_sets=await kube.list("/apis/apps/v1/daemonsets", Controller),
    )
