"""What the brain reads of tools' data: structs of its own, with only the fields it uses."""

from typing import TypeVar

import msgspec

T = TypeVar("T")


class Gap(msgspec.Struct, frozen=True):
    """A part that could not be had, and why."""

    part: str = ""
    why: str = ""


class Usage(msgspec.Struct, frozen=True):
    """CPU in cores, memory in bytes."""

    cpu: float = 0.0
    memory: float = 0.0


class PodGroup(msgspec.Struct, frozen=True):
    """Pods of one owner in one state."""

    namespace: str
    owner: str
    state: str
    count: int
    names: tuple[str, ...] = ()
    cause: str = ""
    restarts: int = 0
    since_ns: int = 0


class NodeTrouble(msgspec.Struct, frozen=True):
    """A node and what is wrong with it."""

    name: str
    what: str


class Nodes(msgspec.Struct, frozen=True):
    """Nodes, and what they offer."""

    total: int
    ready: int
    troubled: tuple[NodeTrouble, ...] = ()
    allocatable: Usage = Usage()


class Pods(msgspec.Struct, frozen=True):
    """Pods by state."""

    total: int
    namespaces: int
    states: dict[str, int]
    sick: int
    groups: tuple[PodGroup, ...] = ()


class Shortfall(msgspec.Struct, frozen=True):
    """A workload with fewer ready than desired."""

    namespace: str
    workload: str
    desired: int
    ready: int
    why: str = ""


class Workloads(msgspec.Struct, frozen=True):
    """Workloads short of desired."""

    total: int
    short: tuple[Shortfall, ...] = ()


class Overview(msgspec.Struct, frozen=True):
    """`k8s_overview`."""

    now_ns: int
    context: str = ""
    namespace: str = ""
    version: str = ""
    api: str = ""
    nodes: Nodes | None = None
    pods: Pods | None = None
    workloads: Workloads | None = None
    usage: Usage | None = None
    metrics: str = ""
    gaps: tuple[Gap, ...] = ()


class PodList(msgspec.Struct, frozen=True):
    """`k8s_pods`."""

    now_ns: int
    scope: str
    matched: int
    sick: int
    states: dict[str, int]
    namespaces: int
    groups: tuple[PodGroup, ...] = ()
    later: int = 0
    gaps: tuple[Gap, ...] = ()


class Silence(msgspec.Struct, frozen=True):
    """By whom an alert is silenced."""

    by: str = ""


class BrokenRule(msgspec.Struct, frozen=True):
    """An alerting rule that cannot be evaluated."""

    name: str = ""


class Alert(msgspec.Struct, frozen=True):
    """One alert; `since` is epoch seconds."""

    name: str
    state: str
    labels: dict[str, str] = {}
    severity: str = ""
    since: float = 0.0
    silenced: tuple[Silence, ...] = ()
    inhibited: bool = False


class Alerts(msgspec.Struct, frozen=True):
    """`prom_alerts`."""

    now: float
    alerts: tuple[Alert, ...] = ()
    firing: int = 0
    pending: int = 0
    rules: int = 0
    broken: tuple[BrokenRule, ...] = ()
    gaps: tuple[str, ...] = ()


class ErrorKind(msgspec.Struct, frozen=True):
    """A service's errors of one kind; instants are nanoseconds as text."""

    noun: str
    count: int
    level: str = ""
    first: str = ""
    onset: str = ""


class ServiceErrors(msgspec.Struct, frozen=True):
    """A service's errors, the biggest kind first."""

    namespace: str
    service: str
    count: int
    kinds: tuple[ErrorKind, ...] = ()
    other_errors: int = 0


class Warnings(msgspec.Struct, frozen=True):
    """How many warnings."""

    total: int = 0


class LogErrors(msgspec.Struct, frozen=True):
    """`loki_errors`."""

    start: str
    end: str
    total: int
    estimated: bool = False
    lines: int = 0
    services_seen: int = 0
    services: tuple[ServiceErrors, ...] = ()
    hidden_services: int = 0
    hidden_errors: int = 0
    warnings: Warnings = Warnings()
    notes: tuple[str, ...] = ()


def read(data: dict[str, object] | None, kind: type[T]) -> T | None:
    """Read a tool's data; None when there is none or another tool of that name answered."""
    if data is None:
        return None
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError:
        return None
