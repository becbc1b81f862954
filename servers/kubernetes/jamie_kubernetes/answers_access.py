"""What `k8s_access` answers, as data."""

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import Gap


class Grant(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who may do it, where, and by which binding and role; `note` narrows or warns.

    `namespace` is empty for the whole cluster.
    """

    subject: str
    namespace: str
    path: str
    note: str = ""


class Allowed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What may be done to which resources; `names` where only to some objects."""

    verbs: tuple[str, ...]
    resources: tuple[str, ...]
    names: tuple[str, ...] = ()
    path: str = ""


class Access(msgspec.Struct, frozen=True, omit_defaults=True):
    """An answer about permissions: a verdict in words, what is allowed, who may and why."""

    now_ns: Nanoseconds
    verdict: str
    why: tuple[str, ...] = ()
    allowed: tuple[Allowed, ...] = ()
    grants: tuple[Grant, ...] = ()
    left: int = 0
    cursor: str = ""
    changed: bool = False
    notes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
