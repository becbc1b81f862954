"""Services, and what leads to them: Ingresses and the Gateway API."""

from collections.abc import Sequence
from functools import partial

from jamie_base.together import pair, together
from jamie_kubernetes.answers_diagnose import key_of
from jamie_kubernetes.client.gateways import Gateway, GatewayClass, Route
from jamie_kubernetes.client.network import EndpointSlice, Ingress, IngressClass, NetService
from jamie_kubernetes.client.secrets import TlsSecret
from jamie_kubernetes.facts.causes.gateway_routes import Trunk, route_causes
from jamie_kubernetes.facts.causes.gateways import class_cause, gateway_causes
from jamie_kubernetes.facts.causes.ingress_certificates import (
    TLS_TYPE,
    certificate_causes,
    secret_cause,
    secrets_of,
)
from jamie_kubernetes.facts.causes.ingress_classes import Classes, addressless
from jamie_kubernetes.facts.causes.ingresses import collisions, ingress_causes
from jamie_kubernetes.facts.causes.services import resting, service_causes
from jamie_kubernetes.facts.causes.serving import Net
from jamie_kubernetes.facts.certificates import certificate_in
from jamie_kubernetes.facts.endpoints import EndpointTally
from jamie_kubernetes.facts.routes import ingress_edges, route_edges
from jamie_kubernetes.kinds import (
    ENDPOINT_SLICES,
    INGRESS_CLASSES,
    INGRESSES,
    SECRETS,
    SERVICES,
    Kind,
)
from jamie_kubernetes.tools.diagnosing.places import landscape, surroundings
from jamie_kubernetes.tools.diagnosing.round import Report, Round

GATEWAY_API = "gateway.networking.k8s.io"
ROUTES = ("httproutes", "grpcroutes", "tlsroutes", "tcproutes", "udproutes")
SECRETS_READ = 40

Routes = Sequence[tuple[Kind, Sequence[Route]]]


async def examine(round_: Round, report: Report) -> None:
    """Report Services that nobody answers for, then the ways that lead to them."""
    routes, ingresses = await pair(
        partial(_routes, round_), partial(round_.listed, INGRESSES, Ingress)
    )
    net = await _net(round_, routes, ingresses or ())
    if net is None:
        return

    for one in net.services.values():
        for told in service_causes(one, net):
            report(told)
        if why := resting(one, net):
            key = key_of(one.metadata.namespace, f"svc/{one.metadata.name}")
            round_.intentions[key] = why
    await _ingresses(round_, report, net, ingresses or ())
    await _gateways(round_, report, net, routes)


async def _net(round_: Round, routes: Routes, ingresses: Sequence[Ingress]) -> Net | None:
    services, endpoints = await pair(
        partial(round_.listed, SERVICES, NetService),
        partial(round_.folded, ENDPOINT_SLICES, EndpointSlice, EndpointTally),
    )
    if services is None:
        return None

    limited = round_.cluster.fence.spaces.limited
    edges = [edge for one in ingresses for edge in ingress_edges(one)]
    edges += [
        edge
        for kind, found in routes
        for one in found
        for edge in route_edges(one, kind.name.lower())
    ]
    return Net(
        services={(one.metadata.namespace, one.metadata.name): one for one in services},
        endpoints=endpoints,
        land=await landscape(round_),
        around=await surroundings(round_),
        nodes=await round_.nodes() or (),
        routed=frozenset(edge.to for edge in edges),
        whole=not (round_.namespace or limited or "services" in round_.parts.narrowed),
    )


async def _routes(round_: Round) -> Routes:
    kinds = [await round_.offered(plural, GATEWAY_API) for plural in ROUTES]
    there = [kind for kind in kinds if kind]
    found = await together(*(partial(round_.listed, kind, Route) for kind in there))
    return [(kind, routes or ()) for kind, routes in zip(there, found, strict=True)]


async def _ingresses(round_: Round, report: Report, net: Net, ingresses: Sequence[Ingress]) -> None:
    if not ingresses:
        return

    found = await round_.listed(INGRESS_CLASSES, IngressClass)
    classes = None if found is None else Classes(found, ingresses)
    for one in ingresses:
        for told in ingress_causes(one, net, classes):
            report(told)
    if classes:
        around = net.around
        for told in (*collisions(ingresses, classes), *addressless(ingresses, classes, around)):
            report(told)
    await _secrets(round_, report, ingresses)


async def _secrets(round_: Round, report: Report, ingresses: Sequence[Ingress]) -> None:
    """Look at the Secrets with certificates: that they exist, of what type, how long they last."""
    wanted = [(one, name) for one in ingresses for name in secrets_of(one)]
    for one, name in wanted[:SECRETS_READ]:
        kind = await round_.secret_type(one.metadata.namespace, name)
        if kind == TLS_TYPE:
            await _certificate(round_, report, one, name)
        elif kind is not None and (told := secret_cause(one, name, kind)):
            report(told)


async def _certificate(round_: Round, report: Report, one: Ingress, name: str) -> None:
    secret = await round_.one(SECRETS, one.metadata.namespace, name, TlsSecret)
    certificate = certificate_in(secret.data.certificate) if secret else None
    if certificate:
        for told in certificate_causes(one, name, certificate, round_.now_ns):
            report(told)


async def _gateways(round_: Round, report: Report, net: Net, routes: Routes) -> None:
    kinds = [await round_.offered(each, GATEWAY_API) for each in ("gateways", "gatewayclasses")]
    gateways, classes = kinds
    if gateways is None:
        return

    found = await round_.listed(gateways, Gateway) or []
    known = await round_.listed(classes, GatewayClass) if classes else None
    for one in known or ():
        if told := class_cause(one, round_.now_ns):
            report(told)

    named = None if known is None else {one.metadata.name: one for one in known}
    for one in found:
        for told in gateway_causes(one, named, round_.now_ns):
            report(told)

    trunk = Trunk({(one.metadata.namespace, one.metadata.name): one for one in found}, net.whole)
    for kind, several in routes:
        for one in several:
            for told in route_causes(kind.name, one, trunk, net):
                report(told)
