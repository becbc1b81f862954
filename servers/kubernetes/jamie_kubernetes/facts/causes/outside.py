"""Services that lead outside: load balancers the cloud gives, and names of elsewhere."""

import ipaddress
from collections.abc import Iterator

from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.client.network import NetService
from jamie_kubernetes.facts.causes.serving import Net, ServiceCause, service_finding, service_key
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.services import PENDING_NS

_BALANCER = (
    "SyncLoadBalancerFailed",
    "UpdateLoadBalancerFailed",
    "CreatingLoadBalancerFailed",
    "FailedBuildModel",
    "FailedDeployModel",
    "UnAvailableLoadBalancer",
)
"""Reasons by which cloud controllers tell that they cannot give a load balancer."""


def balancer_causes(one: NetService, net: Net) -> Iterator[Finding]:
    """Yield a load balancer that does not come, or is not kept up."""
    if one.spec.type != "LoadBalancer":
        return

    space, name = one.metadata.namespace, one.metadata.name
    event = net.around.event(space, "Service", name, *_BALANCER)
    said = (event.message,) if event else ()
    since = one.metadata.created_ns
    if not one.status.load_balancer.ingress and net.around.is_past(since, PENDING_NS):
        silent = "no cloud controller says why" if not event else "the cloud's words are below"
        yield service_finding(
            one,
            ServiceCause.PENDING,
            Harm.BROKEN,
            f"its load balancer does not come; {silent}",
            "see whether a cloud-controller-manager or MetalLB runs, and its quota of addresses",
            since_ns=since,
            said=said,
        )
    elif one.status.load_balancer.ingress and event:
        yield service_finding(
            one,
            ServiceCause.BALANCER_FAILED,
            Harm.DEGRADED,
            "its load balancer is not brought up to date",
            "do as the cloud's words below say",
            since_ns=event.first_ns,
            said=said,
        )


def external_causes(one: NetService, net: Net) -> Iterator[Finding]:
    """Yield an external name that leads nowhere."""
    name = one.spec.external_name.rstrip(".")
    why = _odd(name)
    inside = name.split(".")
    if not why and "svc" in inside[2:3]:
        target = (inside[1], inside[0])
        known = net.whole or target[0] == one.metadata.namespace
        if known and target not in net.services:
            why = f"there is no Service {target[1]} in namespace {target[0]}"
        elif target == service_key(one):
            why = "it leads to itself"
    if why:
        net.down.add(service_key(one))
        yield service_finding(
            one,
            ServiceCause.EXTERNAL_NAME,
            Harm.DOWN,
            f"its externalName cannot work: {why}",
            "set spec.externalName to a host name; for an address make a Service without selector"
            " and an EndpointSlice",
        )


def _odd(name: str) -> str:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return "it is empty" if not name else ""

    return "it is an address, and DNS cannot name one as an alias"
