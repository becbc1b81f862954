"""What k8s_top answers, as data: CPU in cores, memory in bytes."""

from typing import Literal

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import Gap, Usage

Level = Literal["pods", "containers", "nodes"]
Order = Literal["cpu", "memory", "limit"]

NOT_INSTALLED = "metrics API not installed"
NOT_ANSWERING = "metrics API installed but not answering"
NOT_MEASURED = "the metrics API has no figures"
NOT_ALLOWED = "not allowed to read the metrics API"


class TopRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one node, pod or container uses, asks for, and may use at most.

    A limit of 0 means that there is none; of a node it is what it offers. `closest` is the larger
    share of a limit in use, 0 without one.
    """

    namespace: str
    name: str
    used: Usage
    requested: Usage = Usage()
    limit: Usage = Usage()
    closest: float = 0.0
    node: str = ""


class Top(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who uses most, or asks for most where `metrics` says why nothing is measured.

    `unmeasured` names the first running pods (or nodes)
    without figures, `unmeasured_count` counts them all; `dropped` rows are too small to be kept.
    """

    now_ns: Nanoseconds
    scope: str
    level: Level
    order: Order
    total: int
    rows: tuple[TopRow, ...]
    used: Usage = Usage()
    requested: Usage = Usage()
    metrics: str = ""
    unmeasured: tuple[str, ...] = ()
    unmeasured_count: int = 0
    unlimited: int = 0
    dropped: int = 0
    later: int = 0
    cursor: str = ""
    changed: bool = False
    gaps: tuple[Gap, ...] = ()
