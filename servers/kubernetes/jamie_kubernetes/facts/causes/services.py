"""Why nothing answers at a Service, or not everywhere."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from jamie_base.text import count
from jamie_base.when import nanoseconds
from jamie_kubernetes.answers_diagnose import Confidence, Finding, key_of
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.network import ContainerPort, NetService, ServicePort
from jamie_kubernetes.facts.backing import NearMiss
from jamie_kubernetes.facts.causes.around import Around
from jamie_kubernetes.facts.causes.telling import named
from jamie_kubernetes.facts.causes.workloads import CONTROLLERS_KEYS
from jamie_kubernetes.facts.crowd import LabelSet
from jamie_kubernetes.facts.endpoints import EndpointTally, Places, ServiceKey
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.landscape import Landscape
from jamie_kubernetes.facts.services import PENDING_NS, selects_nothing
from jamie_kubernetes.facts.standing import word
from jamie_signals.similar import nearest


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


_BALANCER = (
    "SyncLoadBalancerFailed",
    "UpdateLoadBalancerFailed",
    "CreatingLoadBalancerFailed",
    "FailedBuildModel",
    "FailedDeployModel",
    "UnAvailableLoadBalancer",
)
"""Reasons by which cloud controllers tell that they cannot give a load balancer."""


@dataclass(frozen=True)
class Net:
    """What Services are judged by."""

    services: Mapping[ServiceKey, NetService]
    endpoints: EndpointTally | None
    land: Landscape
    around: Around
    nodes: Sequence[Host] = ()
    routed: frozenset[ServiceKey] = frozenset()
    seen: bool = True
    whole: bool = True
    down: set[ServiceKey] = field(default_factory=set[ServiceKey])
    """Services at which nothing answers, as they are found."""


def service_causes(one: NetService, net: Net) -> Iterator[Finding]:
    """Yield what is wrong with a Service."""
    born = one.metadata.creation_timestamp
    if one.metadata.deletion_timestamp or not net.around.is_past(nanoseconds(born) if born else 0):
        return
    if one.spec.type == "ExternalName":
        yield from _external(one, net)
        return

    yield from _balancer(one, net)
    places = net.endpoints.of(_key(one)) if net.endpoints else None
    if selects_nothing(one):
        yield from _unmade(one, places, net)
    elif net.seen:
        yield from _backed(one, places, net)


def resting(one: NetService, net: Net) -> str:
    """Name the workload behind a Service that has no pods because none are wanted."""
    if selects_nothing(one) or net.land.pods(one.metadata.namespace).picked(one.spec.selector):
        return ""

    moulds = net.land.templates(one.metadata.namespace).picked(one.spec.selector)
    names = [each.owner for each in moulds] if all(each.rests for each in moulds) else []
    return f"{named(names)} behind it rests on purpose" if names else ""


def _key(one: NetService) -> ServiceKey:
    return (one.metadata.namespace, one.metadata.name)


def _backed(one: NetService, places: Places | None, net: Net) -> Iterator[Finding]:
    pods = net.land.pods(one.metadata.namespace).picked(one.spec.selector)
    if not pods:
        yield from _podless(one, places, net)
    elif not any(each.ready for each in pods):
        yield from _unready(one, pods, net)
    elif places and not places.ready and any(each.settled for each in pods):
        net.down.add(_key(one))
        yield _unlisted(one, sum(each.ready for each in pods))
    else:
        yield from _ports(one, places, pods, net)
        if places:
            yield from _local(one, places, net)


def _podless(one: NetService, places: Places | None, net: Net) -> Iterator[Finding]:
    space, selector = one.metadata.namespace, one.spec.selector
    moulds = net.land.templates(space).picked(selector)
    wanted = [each.owner for each in moulds if not each.rests]
    if moulds and not wanted:
        return

    net.down.add(_key(one))
    if wanted:
        owners = tuple(key_of(space, owner) for owner in wanted)
        yield _finding(
            one,
            ServiceCause.NONE_READY,
            Harm.DOWN,
            f"none of its pods exists: {named(wanted)} has none",
            f"k8s_diagnose object={wanted[0]} namespace={space}",
            follows=owners,
        )
    elif places and places.ready and not places.by_hand:
        yield _finding(
            one,
            ServiceCause.STALE,
            Harm.BROKEN,
            f"{count('endpoint', places.ready)} of it lead to pods that are gone",
            "see whether kube-controller-manager runs: it keeps the endpoints",
            confidence="likely",
            follows=CONTROLLERS_KEYS,
        )
    else:
        yield _selects_nothing(one, net)


def _selects_nothing(one: NetService, net: Net) -> Finding:
    selector = one.spec.selector
    near = NearMiss()
    for labels, pods in net.land.pods(one.metadata.namespace).all:
        near.add(labels, selector, pods.total)
    almost = near.but_for or near.nearest(selector)
    pairs = ",".join(f"{name}={value}" for name, value in selector.items())
    return _finding(
        one,
        ServiceCause.NO_PODS,
        Harm.DOWN,
        f"its selector {pairs} matches no pod{f'; {almost}' if almost else ''}",
        f"correct spec.selector, or the labels of the pods it is for: k8s_get what=pods"
        f" namespace={one.metadata.namespace} group_by=metadata.labels",
    )


def _unready(one: NetService, pods: Sequence[LabelSet], net: Net) -> Iterator[Finding]:
    """Yield that none is ready, where that is so for long enough to be somebody's fault."""
    space = one.metadata.namespace
    keys = [key_of(space, each.owner) for each in pods]
    sick = tuple(dict.fromkeys(key for key in keys if net.around.sick(key)))
    if not sick or one.metadata.annotations.get(_UNREADY) == "true":
        return

    net.down.add(_key(one))
    total = sum(each.total for each in pods)
    since = min(
        (group.since_ns for key in sick for group in net.around.sick(key) if group.since_ns),
        default=0,
    )
    yield _finding(
        one,
        ServiceCause.NONE_READY,
        Harm.DOWN,
        f"none of its {count('pod', total)} is ready",
        f"k8s_diagnose object={pods[0].owner} namespace={space}",
        since_ns=since,
        follows=sick,
    )


_UNREADY = "service.alpha.kubernetes.io/tolerate-unready-endpoints"


def _unlisted(one: NetService, ready: int) -> Finding:
    return _finding(
        one,
        ServiceCause.UNLISTED,
        Harm.DOWN,
        f"{count('pod', ready)} of it {'is' if ready == 1 else 'are'} ready, and no endpoint names"
        " any",
        "see whether kube-controller-manager runs, and whether a person keeps its EndpointSlices:"
        f" k8s_get what=endpointslices namespace={one.metadata.namespace}",
        follows=CONTROLLERS_KEYS,
    )


def _ports(
    one: NetService, places: Places | None, pods: Sequence[LabelSet], net: Net
) -> Iterator[Finding]:
    declared = _declared(pods)
    sure = all(each.ports for pod in pods for each in pod.first.spec.containers)
    unnamed = [
        port
        for port in one.spec.ports
        if places and isinstance(port.target_port, str) and port.name not in places.ports
    ]
    undeclared = [
        port
        for port in one.spec.ports
        if isinstance(port.target_port, int) and not any(_listens(each, port) for each in declared)
    ]
    if unnamed:
        yield _unnamed(one, unnamed, declared, net)
    elif undeclared and sure:
        yield _undeclared(one, undeclared, declared)


def _declared(pods: Sequence[LabelSet]) -> list[ContainerPort]:
    boxes = (
        each
        for pod in pods
        for each in (*pod.first.spec.containers, *pod.first.spec.init_containers)
    )
    return [port for box in boxes for port in box.ports]


def _listens(declared: ContainerPort, port: ServicePort) -> bool:
    target = port.target_port or port.port
    return (declared.container_port, declared.protocol) == (target, port.protocol)


def _unnamed(
    one: NetService, lost: Sequence[ServicePort], declared: Sequence[ContainerPort], net: Net
) -> Finding:
    names = sorted({each.name for each in declared if each.name})
    wanted = str(lost[0].target_port)
    near = nearest(wanted, names, n=1)
    known = f"they have {', '.join(map(word, names[:4]))}" if names else "they name none"
    everything = len(lost) == len(one.spec.ports)
    if everything:
        net.down.add(_key(one))
    return _finding(
        one,
        ServiceCause.NO_PORT,
        Harm.DOWN if everything else Harm.BROKEN,
        f"its pods have no port named {word(wanted)} (for port {lost[0].port}); {known}",
        f"correct targetPort of port {lost[0].port}"
        f"{f': {near[0]}?' if near else ', or name the port in the pod template'}",
    )


def _undeclared(
    one: NetService, lost: Sequence[ServicePort], declared: Sequence[ContainerPort]
) -> Finding:
    shown = sorted({f"{each.container_port}/{each.protocol}" for each in declared})
    wrong = ", ".join(f"{port.target_port or port.port}/{word(port.protocol)}" for port in lost)
    return _finding(
        one,
        ServiceCause.WRONG_PORT,
        Harm.BROKEN,
        f"it sends to {wrong}, and its containers say that they listen to"
        f" {', '.join(shown[:5])} only",
        "correct targetPort; if they do listen there, declare it in the pod template",
        confidence="likely",
    )


def _local(one: NetService, places: Places, net: Net) -> Iterator[Finding]:
    """Yield nodes at which a Service that stays on its node has nobody to send to."""
    spec = one.spec
    inside = spec.internal_traffic_policy == "Local"
    # A load balancer's health checks leave out nodes without an endpoint; nobody checks a node
    # port.
    outside = spec.external_traffic_policy == "Local" and spec.type == "NodePort"
    if not places.nodes or not (inside or outside):
        return

    open_nodes = {each.metadata.name for each in net.nodes if _takes_pods(each)}
    without = sorted(open_nodes - places.nodes)
    if not without:
        return

    policy = "internalTrafficPolicy" if inside else "externalTrafficPolicy"
    yield _finding(
        one,
        ServiceCause.LOCAL,
        Harm.DEGRADED if inside else Harm.RISK,
        f"{policy} Local, and {count('node', len(without))} without an endpoint of it:"
        f" {named(without)}: what is sent there is dropped",
        f"run a pod on each node (DaemonSet), or set {policy}: Cluster",
    )


def _takes_pods(node: Host) -> bool:
    ready = any(each.type == "Ready" and each.status == "True" for each in node.status.conditions)
    return ready and not node.spec.unschedulable and not node.spec.taints


def _balancer(one: NetService, net: Net) -> Iterator[Finding]:
    if one.spec.type != "LoadBalancer":
        return

    space, name = one.metadata.namespace, one.metadata.name
    event = net.around.event(space, "Service", name, *_BALANCER)
    said = (event.message,) if event else ()
    born = one.metadata.creation_timestamp
    since = nanoseconds(born) if born else 0
    if not one.status.load_balancer.ingress and net.around.is_past(since, PENDING_NS):
        silent = "no cloud controller says why" if not event else "the cloud's words are below"
        yield _finding(
            one,
            ServiceCause.PENDING,
            Harm.BROKEN,
            f"its load balancer does not come; {silent}",
            "see whether a cloud-controller-manager or MetalLB runs, and its quota of addresses",
            since_ns=since,
            said=said,
        )
    elif one.status.load_balancer.ingress and event:
        yield _finding(
            one,
            ServiceCause.BALANCER_FAILED,
            Harm.DEGRADED,
            "its load balancer is not brought up to date",
            "do as the cloud's words below say",
            since_ns=event.first_ns,
            said=said,
        )


def _external(one: NetService, net: Net) -> Iterator[Finding]:
    name = one.spec.external_name.rstrip(".")
    why = _odd(name)
    inside = name.split(".")
    if not why and "svc" in inside[2:3]:
        target = (inside[1], inside[0])
        known = net.whole or target[0] == one.metadata.namespace
        if known and target not in net.services:
            why = f"there is no Service {target[1]} in namespace {target[0]}"
        elif target == _key(one):
            why = "it leads to itself"
    if why:
        net.down.add(_key(one))
        yield _finding(
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


def _unmade(one: NetService, places: Places | None, net: Net) -> Iterator[Finding]:
    if places is None or places.ready or _key(one) not in net.routed:
        return

    net.down.add(_key(one))
    yield _finding(
        one,
        ServiceCause.UNMADE,
        Harm.DOWN,
        "it has no selector, nobody made endpoints for it, and something routes to it",
        "give it a selector, or an EndpointSlice",
    )


def _finding(
    one: NetService,
    cause: ServiceCause,
    harm: Harm,
    summary: str,
    next_: str,
    *,
    confidence: Confidence = "certain",
    since_ns: int = 0,
    said: tuple[str, ...] = (),
    follows: tuple[str, ...] = (),
) -> Finding:
    return Finding(
        cause=cause,
        namespace=one.metadata.namespace,
        owner=f"svc/{one.metadata.name}",
        severity=harm,
        summary=summary,
        confidence=confidence,
        said=said,
        next=next_,
        since_ns=since_ns,
        follows=follows,
    )
