"""Services judged: what they offer, and why nothing answers."""

from collections.abc import Mapping, Sequence
from enum import IntEnum

import msgspec

from jamie_base.text import count
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers_services import ServiceRow
from jamie_kubernetes.client.network import NetService, ServicePort
from jamie_kubernetes.facts.ailments import lasted
from jamie_kubernetes.facts.endpoints import EndpointTally, Places, ServiceKey
from jamie_kubernetes.facts.routes import Edge, port_exists
from jamie_kubernetes.facts.standing import word

PENDING_NS = 120 * 1_000_000_000
ROUTES_KEPT = 20


class Reach(IntEnum):
    """How badly a Service is reached, worst first; from NOTED on nothing is wrong."""

    NOBODY = 0
    MISROUTED = 1
    PENDING = 2
    PARTLY = 3
    NOTED = 7
    WELL = 9


class ServiceTally:
    """Keeps Services as they come; there are few of them beside pods."""

    def __init__(self) -> None:
        self.services: dict[ServiceKey, NetService] = {}

    def add(self, page: Sequence[NetService]) -> None:
        """Take one page."""
        self.services |= {(one.metadata.namespace, one.metadata.name): one for one in page}


def judge(
    services: Mapping[ServiceKey, NetService],
    endpoints: EndpointTally | None,
    edges: Sequence[Edge],
    now_ns: Nanoseconds,
    *,
    whole: bool,
) -> list[ServiceRow]:
    """Return a row for each Service, and, if we saw `whole` namespaces, for those only routed to.

    Without `endpoints` (not allowed) nothing is said of them.
    """
    leading: dict[ServiceKey, list[Edge]] = {}
    for edge in edges:
        leading.setdefault(edge.to, []).append(edge)

    rows = [
        _row(one, endpoints.of(key) if endpoints else None, leading.get(key, []), now_ns)
        for key, one in services.items()
    ]
    lost = [key for key in leading if key not in services] if whole else []
    return [*rows, *(_missing(key, leading[key]) for key in lost)]


def selects_nothing(one: NetService) -> bool:
    """Tell whether nobody but a person makes its endpoints."""
    return not one.spec.selector


def _row(
    one: NetService, places: Places | None, edges: Sequence[Edge], now_ns: Nanoseconds
) -> ServiceRow:
    troubles = [*_reach(one, places), *_pending(one, now_ns), *_misrouted(one, edges)]
    return ServiceRow(
        namespace=one.metadata.namespace,
        name=one.metadata.name,
        type=type_of(one),
        address=_address(one),
        ports=tuple(_port(port) for port in one.spec.ports),
        ready=places.ready if places else 0,
        endpoints=places.total if places else -1,
        routes=tuple(dict.fromkeys(map(str, edges)))[:ROUTES_KEPT],
        severity=min((level for level, _ in troubles), default=Reach.WELL),
        why=tuple(said for _, said in troubles if said),
        notes=tuple(_notes(one)),
        created_ns=one.metadata.created_ns,
    )


def type_of(one: NetService) -> str:
    """Return its type, `headless` for one without an address."""
    kind = word(one.spec.type)
    return "headless" if kind == "ClusterIP" and one.spec.cluster_ip == "None" else kind


def _reach(one: NetService, places: Places | None) -> list[tuple[Reach, str]]:
    if places is None or one.spec.type == "ExternalName":
        return []
    if not places.total:
        level = Reach.NOTED if selects_nothing(one) else Reach.NOBODY
        made = "no selector, and nobody made endpoints for it"
        return [(level, made if selects_nothing(one) else "")]

    lost = [
        (Reach.NOBODY, f"no pod has a port named {word(str(port.target_port))} (port {port.port})")
        for port in one.spec.ports
        if port.name not in places.ports and isinstance(port.target_port, str)
    ]
    if not places.ready:
        return [(Reach.NOBODY, ""), *lost]

    waiting = places.total - places.ready
    partly = [(Reach.PARTLY, f"{count('endpoint', waiting)} not ready")] if waiting else []
    return [*lost, *partly]


def _pending(one: NetService, now_ns: Nanoseconds) -> list[tuple[Reach, str]]:
    since = one.metadata.created_ns
    late = now_ns - since > PENDING_NS
    if one.spec.type != "LoadBalancer" or one.status.load_balancer.ingress or not late:
        return []

    return [(Reach.PENDING, f"load balancer pending for {lasted(since, now_ns)}")]


def _misrouted(one: NetService, edges: Sequence[Edge]) -> list[tuple[Reach, str]]:
    gone = [
        f"{edge.source} sends to port {edge.port}, which it does not have"
        for edge in edges
        if not port_exists(one, edge.port)
    ]
    refused = [f"{edge.source}: {edge.wrong}" for edge in edges if edge.wrong]
    return [(Reach.MISROUTED, said) for said in dict.fromkeys([*gone, *refused])]


def _missing(key: ServiceKey, edges: Sequence[Edge]) -> ServiceRow:
    sources = list(dict.fromkeys(edge.source for edge in edges))
    return ServiceRow(
        namespace=key[0],
        name=key[1],
        type="missing",
        routes=tuple(dict.fromkeys(map(str, edges)))[:ROUTES_KEPT],
        severity=Reach.NOBODY,
        why=(f"does not exist, but {', '.join(sources[:3])} sends to it",),
    )


def explain(row: ServiceRow, level: int, why: Sequence[str], message: str = "") -> ServiceRow:
    """Add to a row what its pods say."""
    return msgspec.structs.replace(
        row,
        severity=level,
        why=tuple(dict.fromkeys((*why, *row.why))),
        message=row.message or message,
    )


def _address(one: NetService) -> str:
    spec = one.spec
    if spec.type == "ExternalName":
        return spec.external_name
    outside = [each.ip or each.hostname for each in one.status.load_balancer.ingress]
    if outside or spec.external_ips:
        return ",".join([*outside, *spec.external_ips][:2])

    return "" if spec.cluster_ip == "None" else spec.cluster_ip


def _port(port: ServicePort) -> str:
    node = f":{port.node_port}" if port.node_port else ""
    kind = "" if port.protocol == "TCP" else f"/{word(port.protocol)}"
    target = port.target_port if port.target_port not in (0, port.port) else ""

    return f"{port.port}{node}{kind}" + (f">{target}" if target else "")


def _notes(one: NetService) -> list[str]:
    spec = one.spec
    return [
        *(["sessionAffinity ClientIP"] if spec.session_affinity == "ClientIP" else []),
        *(["internalTrafficPolicy Local"] if spec.internal_traffic_policy == "Local" else []),
        *(["externalTrafficPolicy Local"] if spec.external_traffic_policy == "Local" else []),
    ]
