"""What k8s_nodes answers, as data: CPU in cores, memory in bytes, instants in nanoseconds."""

from typing import Literal

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import EventGroup, Gap, Usage

NodeStatusAsked = Literal["auto", "sick", "all"]


class NodeGroup(msgspec.Struct, frozen=True, omit_defaults=True):
    """Nodes that are alike: of one shape and in one state. Figures are their sums.

    `names` are the first few of `count`; `what` says what is wrong (empty: nothing); `fullest` is
    the node with the largest share of a resource requested, and which.
    """

    names: tuple[str, ...]
    count: int
    severity: int
    shape: str
    version: str
    what: str = ""
    message: str = ""
    since_ns: Nanoseconds = 0
    taints: tuple[str, ...] = ()
    allocatable: Usage = Usage()
    requested: Usage | None = None
    used: Usage | None = None
    pods: int | None = None
    max_pods: int = 0
    fullest: str = ""


class Tenant(msgspec.Struct, frozen=True):
    """The pods of one owner on a node, and what they ask for."""

    namespace: str
    owner: str
    pods: int
    requested: Usage


class NodeDetail(msgspec.Struct, frozen=True, omit_defaults=True):
    """More about one node: what runs beneath, its conditions, its pods, what happened to it."""

    system: str
    conditions: tuple[str, ...]
    capacity: dict[str, str]
    requests: dict[str, float]
    tenants: tuple[Tenant, ...]
    ended: int = 0
    events: tuple[EventGroup, ...] = ()


class NodeList(msgspec.Struct, frozen=True, omit_defaults=True):
    """Nodes, grouped, the sick first; sums are over all that were asked for."""

    now_ns: Nanoseconds
    context: str
    status: str
    total: int
    ready: int
    sick: int
    groups: tuple[NodeGroup, ...]
    version: str = ""
    metrics: str = ""
    allocatable: Usage = Usage()
    requested: Usage | None = None
    used: Usage | None = None
    detail: NodeDetail | None = None
    later: int = 0
    cursor: str = ""
    changed: bool = False
    gaps: tuple[Gap, ...] = ()
