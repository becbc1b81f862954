"""What k8s_services answers, as data. Instants are nanoseconds since the epoch, 0 if not known."""

from typing import Literal

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import Gap

ServiceStatus = Literal["auto", "broken", "all"]


class ServiceRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One Service: what it offers, how many endpoints take traffic, what leads to it.

    `type` is the Service's, `headless`, or `missing` for one that only a route speaks of;
    `endpoints` is -1 where they may not be read. `severity` is 9 for a healthy one, `why` says
    what is wrong, `message` is the cluster's own.
    """

    namespace: str
    name: str
    type: str
    address: str = ""
    ports: tuple[str, ...] = ()
    ready: int = 0
    endpoints: int = 0
    routes: tuple[str, ...] = ()
    severity: int = 9
    why: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    message: str = ""
    created_ns: Nanoseconds = 0


class ServiceList(msgspec.Struct, frozen=True, omit_defaults=True):
    """Services, the broken first; `gateway` tells whether the Gateway API exists there."""

    now_ns: Nanoseconds
    scope: str
    status: str
    total: int
    broken: int
    rows: tuple[ServiceRow, ...]
    types: dict[str, int]
    gateway: bool = False
    later: int = 0
    cursor: str = ""
    changed: bool = False
    gaps: tuple[Gap, ...] = ()
