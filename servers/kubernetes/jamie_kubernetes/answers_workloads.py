"""What k8s_workloads answers, as data. Instants are nanoseconds since the epoch, 0 if not known."""

from typing import Literal

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import Gap

WorkloadStatus = Literal["auto", "blocked", "all"]


class WorkloadRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One workload: what it should be, what it is, and what keeps it from it.

    `workload` is `deploy/web`, `job/x`, `cronjob/y`, `hpa/z`. `desired` and `ready` are replicas
    (of a Job completions, of a DaemonSet nodes, of an HPA its wanted and present replicas).
    `severity` is 9 for a healthy one; `why` holds our words, `message` the cluster's own;
    `about` is what belongs to the kind: a schedule, the range of an HPA.
    """

    namespace: str
    workload: str
    severity: int = 9
    desired: int = 0
    ready: int = 0
    updated: int = 0
    available: int = 0
    why: tuple[str, ...] = ()
    message: str = ""
    since_ns: Nanoseconds = 0
    created_ns: Nanoseconds = 0
    images: tuple[str, ...] = ()
    about: str = ""


class WorkloadList(msgspec.Struct, frozen=True, omit_defaults=True):
    """Workloads, the blocked first.

    `totals` counts all by kind, `healthy` those with nothing to say, `noted` those paused or
    suspended on purpose; with status=blocked neither of the two is in `rows`.
    """

    now_ns: Nanoseconds
    scope: str
    status: str
    totals: dict[str, int]
    blocked: int
    rolling: int
    noted: int
    healthy: int
    rows: tuple[WorkloadRow, ...]
    later: int = 0
    cursor: str = ""
    changed: bool = False
    gaps: tuple[Gap, ...] = ()
