"""What stands around the workloads of a namespace, each kind read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import anyio

from jamie_base.errors import BackendError, NotFound
from jamie_base.together import pair, together
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers_graph import Edge
from jamie_kubernetes.client import Listing
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.cluster import METADATA_OF_ONE
from jamie_kubernetes.client.controllers import Autoscaler
from jamie_kubernetes.client.limits import Budget
from jamie_kubernetes.client.network import EndpointSlice, Ingress, NetService
from jamie_kubernetes.client.objects import Named, Pod
from jamie_kubernetes.client.policies import NetworkPolicy
from jamie_kubernetes.client.sending import Object
from jamie_kubernetes.facts.endpoints import EndpointTally
from jamie_kubernetes.facts.graph import (
    Hub,
    account_edges,
    budget_edges,
    claim_edges,
    claims_of,
    pod_edges,
    policy_edges,
    route_edges,
    scaler_edges,
    service_edges,
    use_edges,
)
from jamie_kubernetes.facts.grouping import PodTally, rank
from jamie_kubernetes.facts.owners import Owner
from jamie_kubernetes.facts.routes import Edge as RouteEdge
from jamie_kubernetes.facts.routes import IngressTally, RouteTally
from jamie_kubernetes.kinds import (
    AUTOSCALERS,
    BUDGETS,
    CLAIMS,
    CONFIG_MAPS,
    ENDPOINT_SLICES,
    INGRESSES,
    NETWORK_POLICIES,
    PODS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    Kind,
)
from jamie_kubernetes.tools.parts import Part, Parts
from jamie_kubernetes.tools.services import ROUTES, routes_of
from jamie_kubernetes.tools.targets import Target

AT_ONCE = 8
ObjectT = TypeVar("ObjectT")

_USED = {
    "ConfigMap": CONFIG_MAPS,
    "Secret": SECRETS,
    "ServiceAccount": SERVICE_ACCOUNTS,
}


@dataclass(frozen=True)
class Surroundings:
    """The objects of one namespace that may have to do with its workloads."""

    services: Part[list[NetService]]
    endpoints: Part[EndpointTally]
    ingresses: Part[IngressTally]
    routes: list[Part[RouteTally | None]]
    scalers: Part[list[Autoscaler]]
    budgets: Part[list[Budget]]
    policies: Part[list[NetworkPolicy]]
    claims: Part[list[Object]]

    @property
    def leading(self) -> list[RouteEdge]:
        """Return every route of the namespace."""
        found = [*(self.ingresses.value.edges if self.ingresses.value else ())]
        return [*found, *(edge for part in self.routes if part.value for edge in part.value.edges)]

    def loose(self, target: Target) -> list[Edge]:
        """Return the routes to and from an object that no workload is behind."""
        services = {one.metadata.name: one for one in self.services.value or ()}
        drawn = [edge.to[1] for edge in self.leading]
        return [
            edge
            for edge in route_edges(self.leading, services, drawn)
            if str(target) in (edge.source.partition(" ")[0], edge.target)
        ]


def plan(parts: Parts) -> Surroundings:
    """Plan to read everything around; `parts.fill` does it."""
    cluster, namespace = parts.cluster, parts.namespace

    def listed(kind: Kind, item: type[ObjectT]) -> Part[list[ObjectT]]:
        return parts.plan(kind.plural, partial(cluster.all, Listing(kind, namespace), item))

    return Surroundings(
        services=listed(SERVICES, NetService),
        endpoints=parts.plan(
            ENDPOINT_SLICES.plural,
            partial(
                cluster.fold, Listing(ENDPOINT_SLICES, namespace), EndpointSlice, EndpointTally
            ),
        ),
        ingresses=parts.plan(
            INGRESSES.plural,
            partial(cluster.fold, Listing(INGRESSES, namespace), Ingress, IngressTally),
        ),
        routes=[
            parts.plan(kind.plural, partial(routes_of, cluster, kind, namespace)) for kind in ROUTES
        ],
        scalers=listed(AUTOSCALERS, Autoscaler),
        budgets=listed(BUDGETS, Budget),
        policies=listed(NETWORK_POLICIES, NetworkPolicy),
        claims=listed(CLAIMS, Object),
    )


async def edges_of(parts: Parts, around: Surroundings, hub: Hub, now_ns: Nanoseconds) -> list[Edge]:
    """Return the edges around one workload."""
    known, runs = await pair(partial(_there, parts, hub), partial(_pods, parts, hub, now_ns))
    services = {one.metadata.name: one for one in around.services.value or ()}
    sends = [*service_edges(services.values(), around.endpoints.value, hub)]
    drawn = [edge.source.removeprefix("svc/") for edge in sends]
    claims = around.claims.value

    return [
        *route_edges(around.leading, services, drawn),
        *sends,
        *runs,
        *scaler_edges(around.scalers.value or (), hub),
        *budget_edges(around.budgets.value or (), hub),
        *policy_edges(around.policies.value or (), hub),
        *use_edges(hub, known),
        *account_edges(hub, exists=known.get(("ServiceAccount", hub.account))),
        *claim_edges(hub, None if claims is None else claims_of(claims)),
    ]


async def _there(parts: Parts, hub: Hub) -> Mapping[tuple[str, str], bool | None]:
    """Tell which of the objects a workload names exist; None where we may not know."""
    wanted = [(one.kind, one.name) for one in hub.uses]
    wanted += [("ServiceAccount", hub.account)] if hub.account else []
    found: dict[tuple[str, str], bool | None] = {}
    limit = anyio.CapacityLimiter(AT_ONCE)

    async def look(kind: str, name: str) -> None:
        path = _USED[kind].path(hub.namespace, name)
        async with limit:
            try:
                await parts.cluster.get(path, Named, accept=METADATA_OF_ONE)
            except Unauthorised:
                raise
            except BackendError as exc:
                found[kind, name] = False if isinstance(exc, NotFound) else None
            else:
                found[kind, name] = True

    await together(*(partial(look, kind, name) for kind, name in wanted))
    return found


async def _pods(parts: Parts, hub: Hub, now_ns: Nanoseconds) -> list[Edge]:
    """Return a workload's pods, grouped by state; a pod of nobody is none of its own."""
    if hub.kind == "Pod":
        return []

    owner = Owner(hub.kind, hub.name.partition("/")[2])
    chosen = ",".join(f"{key}={value}" for key, value in sorted(hub.selector.items()))

    async def read() -> PodTally:
        start = partial(PodTally, "all", now_ns, owner=owner)
        return await parts.cluster.fold(Listing(PODS, hub.namespace, chosen), Pod, start)

    tally = (await parts.ask("pods", read)).value
    if tally is None:
        return []

    tally.settle(())
    return [*pod_edges(hub, sorted(tally.groups(), key=rank))]
