"""What k8s_graph answers, as data."""

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import Gap


class Edge(msgspec.Struct, frozen=True, omit_defaults=True):
    """One object that leads to, scales, guards or uses another.

    `source` and `target` are `svc/web`; `role` is what kind of edge it is; `about` what is known of
    it; `broken` why it does not hold (empty: it does).
    """

    source: str
    target: str
    role: str
    about: str = ""
    broken: str = ""


class Reach(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether NetworkPolicies let the object reach another at a port; None: it cannot be told."""

    source: str
    target: str
    port: str
    allowed: bool | None
    why: str


class Graph(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an object hangs on and what hangs on it, in the order traffic takes.

    `left` counts workloads that share the object and are not drawn.
    """

    now_ns: Nanoseconds
    scope: str
    edges: tuple[Edge, ...]
    objects: int
    broken: int
    reach: tuple[Reach, ...] = ()
    later: int = 0
    cursor: str = ""
    changed: bool = False
    left: int = 0
    gaps: tuple[Gap, ...] = ()
