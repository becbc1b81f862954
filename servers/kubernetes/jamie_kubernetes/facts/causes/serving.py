"""What Services are judged by, and the causes they may have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.network import NetService
from jamie_kubernetes.facts.causes.around import Around
from jamie_kubernetes.facts.endpoints import EndpointTally, ServiceKey
from jamie_kubernetes.facts.findings import finding_about
from jamie_kubernetes.facts.landscape import Landscape

service_finding = partial(finding_about, "svc")


class ServiceCause(StrEnum):
    """Why a Service does not do what it is for."""

    NO_PODS = "service-selects-nothing"
    NONE_READY = "service-none-ready"
    NO_PORT = "service-port-unresolved"
    WRONG_PORT = "service-port-not-declared"
    PENDING = "load-balancer-pending"
    BALANCER_FAILED = "load-balancer-sync-failed"
    EXTERNAL_NAME = "external-name-odd"
    UNLISTED = "endpoints-missing"
    STALE = "endpoints-stale"
    UNMADE = "endpoints-not-made"
    LOCAL = "local-policy-gaps"
    MIXED = "service-mixes-workloads"


@dataclass(frozen=True)
class Net:
    """What Services are judged by."""

    services: Mapping[ServiceKey, NetService]
    endpoints: EndpointTally | None
    land: Landscape
    around: Around
    nodes: Sequence[Host] = ()
    routed: frozenset[ServiceKey] = frozenset()
    whole: bool = True
    down: set[ServiceKey] = field(default_factory=set[ServiceKey])
    """Services at which nothing answers, as they are found."""


def service_key(one: NetService) -> ServiceKey:
    """Return namespace and name."""
    return (one.metadata.namespace, one.metadata.name)
