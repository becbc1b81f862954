"""Services: what they lead to, what leads to them, and why nothing answers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from pydantic import Field

from jamie_base.answer import paginate
from jamie_base.errors import BackendError, Denied, InvalidArgument, NotFound
from jamie_base.together import together
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers_services import ServiceList, ServiceRow, ServiceStatus
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.controllers import Controller
from jamie_kubernetes.client.gateways import Route
from jamie_kubernetes.client.network import EndpointSlice, Ingress, NetService, OpenPod
from jamie_kubernetes.client.objects import Event
from jamie_kubernetes.facts.backing import Backing, Resting
from jamie_kubernetes.facts.endpoints import SERVICE_LABEL, EndpointTally, ServiceKey
from jamie_kubernetes.facts.happenings import EVENT_WINDOW_NS, EventTally
from jamie_kubernetes.facts.routes import IngressTally, RouteTally
from jamie_kubernetes.facts.services import Reach, ServiceTally, explain, judge
from jamie_kubernetes.kinds import (
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    EVENTS,
    INGRESSES,
    PODS,
    SERVICES,
    STATEFUL_SETS,
    Kind,
)
from jamie_kubernetes.render.services import ROWS_BYTES, row_line, services
from jamie_kubernetes.tools.parts import Part, Parts, check_namespace
from jamie_kubernetes.tools.targets import Target, find
from jamie_kubernetes.tools.toolset import Backend, Cursor, Namespace, tools

_GATEWAY = "/apis/gateway.networking.k8s.io/v1"
ROUTES = (
    Kind("HTTPRoute", "httproutes", _GATEWAY),
    Kind("GRPCRoute", "grpcroutes", _GATEWAY),
)
ROWS = 60

Service = Annotated[str, Field(description="One service: api or svc/api.", max_length=300)]
Status = Annotated[ServiceStatus, Field(description="auto: broken; all when narrowed.")]


@dataclass(frozen=True)
class _Found:
    """What was asked for, while it comes in."""

    services: Part[ServiceTally]
    endpoints: Part[EndpointTally]
    ingresses: Part[IngressTally]
    routes: list[Part[RouteTally | None]]

    def rows(self, now_ns: Nanoseconds, target: Target | None) -> list[ServiceRow]:
        """Return a row for each Service, judged without its pods."""
        known = self.services.value.services if self.services.value else {}
        edges = [
            *(self.ingresses.value.edges if self.ingresses.value else ()),
            *(edge for part in self.routes if part.value for edge in part.value.edges),
        ]
        whole = target is None and self.services.value is not None
        return judge(known, self.endpoints.value, edges, now_ns, whole=whole)


@tools.reads(services)
async def k8s_services(
    cluster: Backend,
    namespace: Namespace = "",
    service: Service = "",
    status: Status = "auto",
    cursor: Cursor = "",
) -> ServiceList:
    """List services: ports, ready endpoints, Ingress and Gateway routes, faults."""
    now_ns = cluster.now_ns
    await check_namespace(cluster, namespace)
    target = await _named(cluster, service, namespace) if service else None
    chosen = status if status != "auto" else "all" if namespace or target else "broken"
    parts = Parts(cluster, target.namespace if target else namespace)
    found = _plan(parts, target)
    await parts.fill()
    parts.gaps()
    if found.services.error:
        raise found.services.error

    rows = await _explained(parts, found, target, now_ns)
    page = paginate(
        [row for row in rows if chosen == "all" or row.severity < Reach.NOTED],
        key=_rank,
        line=partial(row_line, now_ns=now_ns),
        limit=ROWS,
        cursor=cursor,
        query=repr((namespace, service, chosen)),
        budget=ROWS_BYTES,
    )
    return ServiceList(
        now_ns=now_ns,
        scope=_words(cluster, target, namespace),
        status=chosen,
        total=len(rows),
        broken=sum(row.severity < Reach.NOTED for row in rows),
        rows=page.rows,
        types=dict(Counter(row.type for row in rows).most_common()),
        gateway=any(part.value is not None for part in found.routes),
        later=page.hidden,
        cursor=page.cursor,
        changed=page.changed,
        gaps=parts.gaps(),
    )


async def _named(cluster: Cluster, text: str, namespace: str) -> Target:
    target = await find(cluster, text, namespace, (SERVICES,))
    if target.kind != SERVICES:
        raise InvalidArgument(f"{target} is no service; write svc/api, or its bare name.")

    return target


def _plan(parts: Parts, target: Target | None) -> _Found:
    cluster = parts.cluster
    name = target.name if target else ""

    async def listed(namespace: str) -> ServiceTally:
        chosen = Listing(SERVICES, namespace, fields=f"metadata.name={name}" if name else "")
        return await cluster.fold(chosen, NetService, ServiceTally)

    async def slices(namespace: str) -> EndpointTally:
        chosen = Listing(ENDPOINT_SLICES, namespace, f"{SERVICE_LABEL}={name}" if name else "")
        return await cluster.fold(chosen, EndpointSlice, EndpointTally)

    async def ingresses(namespace: str) -> IngressTally:
        return await cluster.fold(Listing(INGRESSES, namespace), Ingress, IngressTally)

    return _Found(
        services=parts.plan("services", parts.scoped("services", listed)),
        endpoints=parts.plan("endpointslices", parts.scoped("endpointslices", slices)),
        ingresses=parts.plan("ingresses", parts.scoped("ingresses", ingresses)),
        routes=[
            parts.plan(kind.plural, parts.scoped(kind.plural, partial(routes_of, cluster, kind)))
            for kind in ROUTES
        ],
    )


async def routes_of(cluster: Cluster, kind: Kind, namespace: str) -> RouteTally | None:
    """Return the routes of a kind, None where the Gateway API does not exist."""
    try:
        start = partial(RouteTally, kind.name.lower())
        return await cluster.fold(Listing(kind, namespace), Route, start)
    except NotFound:
        return None
    except Denied as exc:
        # Who may not list a kind is refused whether there is one or not.
        if isinstance(exc, Unauthorised) or await _is_offered(cluster, kind):
            raise
        return None


async def _is_offered(cluster: Cluster, kind: Kind) -> bool:
    try:
        known = await cluster.kinds()
    except BackendError:
        return True

    return bool(known.named(f"{kind.plural}.{kind.group}"))


async def _explained(
    parts: Parts, found: _Found, target: Target | None, now_ns: Nanoseconds
) -> list[ServiceRow]:
    """Ask the pods of Services that nothing answers for; of a namespace's Services, of all."""
    rows = found.rows(now_ns, target)
    known = found.services.value.services if found.services.value else {}
    asked = {
        key: known[key]
        for row in rows
        if (key := (row.namespace, row.name)) in known and known[key].spec.selector
        if parts.namespace or row.severity == Reach.NOBODY
    }
    if found.endpoints.value:
        rows = await _backed(parts, asked, rows, now_ns) if asked else rows

    return await _with_events(parts, rows, now_ns)


async def _backed(
    parts: Parts,
    asked: Mapping[ServiceKey, NetService],
    rows: list[ServiceRow],
    now_ns: Nanoseconds,
) -> list[ServiceRow]:
    spaces = {namespace for namespace, _ in asked}
    within = parts.namespace or (next(iter(spaces)) if len(spaces) == 1 else "")

    async def pods(namespace: str) -> Backing:
        start = partial(Backing, asked, now_ns)
        return await parts.cluster.fold(Listing(PODS, namespace or within), OpenPod, start)

    seen = await parts.ask("pods", parts.scoped("pods", pods))
    if seen.value is None:
        return rows

    backing = seen.value
    idle = {key: one for key, one in asked.items() if not backing.matched(key)}
    resting = await _resting(parts, idle, within) if idle else {}
    return [
        _told(row, asked[key], backing, resting.get(key, ""))
        if (key := (row.namespace, row.name)) in asked
        else row
        for row in rows
    ]


def _told(row: ServiceRow, one: NetService, backing: Backing, resting: str) -> ServiceRow:
    key = (row.namespace, row.name)
    if resting:
        return explain(row, Reach.NOTED, [f"{resting} is scaled to zero"])
    if not row.ready and not row.endpoints and backing.ready(key):
        late = f"{backing.ready(key)} pods are ready, but no endpoint names them yet"
        return explain(row, row.severity, [late])

    why = [*backing.why(key, one), *backing.nearest(key, one)] if not row.ready else []
    ports = backing.undeclared(key, one)
    worst = Reach.MISROUTED if backing.sure(key) else Reach.NOTED
    level = min(row.severity, worst) if ports else row.severity
    return explain(row, level, [*why, *ports], backing.message(key) if not row.ready else "")


async def _resting(
    parts: Parts, idle: Mapping[ServiceKey, NetService], within: str
) -> dict[ServiceKey, str]:
    async def read(kind: Kind, namespace: str) -> Resting:
        listing = Listing(kind, namespace or within)
        return await parts.cluster.fold(listing, Controller, partial(Resting, kind, idle))

    asked = [
        parts.plan(kind.plural, parts.scoped(kind.plural, partial(read, kind)))
        for kind in (DEPLOYMENTS, STATEFUL_SETS)
    ]
    await together(*(part.fill for part in asked))
    return {key: name for part in asked if part.value for key, name in part.value.found.items()}


async def _with_events(
    parts: Parts, rows: list[ServiceRow], now_ns: Nanoseconds
) -> list[ServiceRow]:
    """Add the cloud's words to the load balancers it does not give."""
    if not any(row.severity == Reach.PENDING for row in rows):
        return rows

    async def read(namespace: str) -> EventTally:
        fields = "type=Warning,involvedObject.kind=Service"
        start = partial(EventTally, now_ns - EVENT_WINDOW_NS)
        return await parts.cluster.fold(Listing(EVENTS, namespace, fields=fields), Event, start)

    said = await parts.ask("events", parts.scoped("events", read))
    groups = said.value.groups() if said.value else []
    words = {(one.namespace, one.owner): one.message for one in groups}
    return [
        explain(row, row.severity, (), words.get((row.namespace, f"svc/{row.name}"), ""))
        for row in rows
    ]


def _words(cluster: Cluster, target: Target | None, namespace: str) -> str:
    if target:
        return f"named {target.name} in namespace {target.namespace}"

    return f"in namespace {namespace}" if namespace else f"in {cluster.access.context}"


def _rank(row: ServiceRow) -> tuple[int, int, str, str]:
    return (row.severity, -len(row.routes), row.namespace, row.name)
