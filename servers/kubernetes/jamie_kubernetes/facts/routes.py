"""What leads to Services: Ingresses and the routes of the Gateway API."""

from collections.abc import Iterator, Sequence

import msgspec

from jamie_kubernetes.client.gateways import Route
from jamie_kubernetes.client.network import Ingress, IngressBackend, NetService
from jamie_kubernetes.facts.endpoints import ServiceKey
from jamie_kubernetes.facts.standing import word

HOSTS_SHOWN = 2


class Edge(msgspec.Struct, frozen=True):
    """A route to a Service: from what (`ing/shop`), for what, to which port; `wrong`: refused."""

    to: ServiceKey
    source: str
    what: str
    port: int | str = 0
    wrong: str = ""

    def __str__(self) -> str:
        return f"{self.source} {self.what}".rstrip()


class IngressTally:
    """Keeps what every Ingress sends where."""

    def __init__(self) -> None:
        self.edges: list[Edge] = []

    def add(self, page: Sequence[Ingress]) -> None:
        """Take one page."""
        self.edges += [edge for one in page for edge in ingress_edges(one)]


class RouteTally:
    """Keeps what every route of a kind sends where."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self.edges: list[Edge] = []

    def add(self, page: Sequence[Route]) -> None:
        """Take one page."""
        self.edges += [edge for one in page for edge in route_edges(one, self._kind)]


def port_exists(service: NetService, port: int | str) -> bool:
    """Tell whether a Service has the port a route sends to, by number or name."""
    return not port or any(port in (one.port, one.name) for one in service.spec.ports)


def ingress_edges(one: Ingress) -> Iterator[Edge]:
    """Yield where an Ingress sends."""
    source, space = f"ing/{one.metadata.name}", one.metadata.namespace
    if edge := _to(one.spec.default_backend, source, space, "default"):
        yield edge
    for rule in one.spec.rules or ():
        for path in rule.http.paths if rule.http else ():
            what = f"{rule.host or '*'}{path.path}"
            if edge := _to(path.backend, source, space, what):
                yield edge


def _to(backend: IngressBackend | None, source: str, space: str, what: str) -> Edge | None:
    if backend is None or backend.service is None:
        return None

    port = backend.service.port
    return Edge((space, backend.service.name), source, what, port.number or port.name)


def route_edges(one: Route, kind: str) -> Iterator[Edge]:
    """Yield where a route sends."""
    hosts = ",".join(one.spec.hostnames[:HOSTS_SHOWN]) or "*"
    wrong = _refusal(one)
    for rule in one.spec.rules:
        for ref in rule.backend_refs:
            if ref.kind == "Service":
                to = (ref.namespace or one.metadata.namespace, ref.name)
                yield Edge(to, f"{kind}/{one.metadata.name}", hosts, ref.port or 0, wrong)


def _refusal(one: Route) -> str:
    for parent in one.status.parents:
        for each in parent.conditions:
            if each.status == "False" and each.type in ("Accepted", "ResolvedRefs"):
                return f"{each.type}=False {word(each.reason)}"

    return ""
