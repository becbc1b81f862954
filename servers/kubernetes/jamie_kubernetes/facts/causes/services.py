"""Why nothing answers at a Service, or not everywhere."""

from collections.abc import Iterator, Sequence

from jamie_base.text import count
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.network import NetService
from jamie_kubernetes.facts.backing import NearMiss
from jamie_kubernetes.facts.causes.outside import balancer_causes, external_causes
from jamie_kubernetes.facts.causes.service_ports import port_causes, unmatched
from jamie_kubernetes.facts.causes.serving import Net, ServiceCause, service_finding, service_key
from jamie_kubernetes.facts.causes.telling import named
from jamie_kubernetes.facts.causes.workloads import CONTROLLERS_KEYS
from jamie_kubernetes.facts.crowd import LabelSet
from jamie_kubernetes.facts.endpoints import SERVICE_LABEL, Places
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.images import image_named
from jamie_kubernetes.facts.nodes import is_ready
from jamie_kubernetes.facts.services import selects_nothing


def service_causes(one: NetService, net: Net) -> Iterator[Finding]:
    """Yield what is wrong with a Service."""
    if one.metadata.deletion_timestamp or not net.around.is_past(one.metadata.created_ns):
        return
    if one.spec.type == "ExternalName":
        yield from external_causes(one, net)
        return

    yield from balancer_causes(one, net)
    places = net.endpoints.of(service_key(one)) if net.endpoints else None
    if selects_nothing(one):
        yield from _unmade(one, places, net)
    elif net.around.sees(one.metadata.namespace):
        yield from _backed(one, places, net)


def resting(one: NetService, net: Net) -> str:
    """Name the workload behind a Service that has no pods because none are wanted."""
    space = one.metadata.namespace
    if selects_nothing(one) or not net.around.sees(space):
        return ""
    if net.land.pods(space).picked(one.spec.selector):
        return ""

    moulds = net.land.templates(space).picked(one.spec.selector)
    names = [each.owner for each in moulds] if all(each.rests for each in moulds) else []
    return f"{named(names)} behind it rests on purpose" if names else ""


def _backed(one: NetService, places: Places | None, net: Net) -> Iterator[Finding]:
    pods = net.land.pods(one.metadata.namespace).picked(one.spec.selector)
    if not pods:
        yield from _podless(one, places, net)
    elif not any(each.ready for each in pods):
        yield from _unready(one, pods, net)
    elif places and not places.ready and any(each.settled for each in pods):
        net.down.add(service_key(one))
        yield _unlisted(one, sum(each.ready for each in pods))
    else:
        yield from port_causes(one, places, pods, net)
        yield from _mixed(one, pods)
        if places:
            yield from _local(one, places, net)


def _podless(one: NetService, places: Places | None, net: Net) -> Iterator[Finding]:
    space, selector = one.metadata.namespace, one.spec.selector
    moulds = net.land.templates(space).picked(selector)
    wanted = [each.owner for each in moulds if not each.rests]
    if moulds and not wanted:
        return

    net.down.add(service_key(one))
    if wanted:
        owners = tuple(key_of(space, owner) for owner in wanted)
        yield service_finding(
            one,
            ServiceCause.NONE_READY,
            Harm.DOWN,
            f"none of its pods exists: {named(wanted)} has none",
            f"k8s_diagnose object={wanted[0]} namespace={space}",
            follows=owners,
        )
    elif places and places.ready and not places.by_hand:
        yield service_finding(
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
    pairs = _pairs(one)
    return service_finding(
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

    net.down.add(service_key(one))
    total = sum(each.total for each in pods)
    since = min(
        (group.since_ns for key in sick for group in net.around.sick(key) if group.since_ns),
        default=0,
    )
    yield service_finding(
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
    return service_finding(
        one,
        ServiceCause.UNLISTED,
        Harm.DOWN,
        f"{count('pod', ready)} of it {'is' if ready == 1 else 'are'} ready, and no endpoint names"
        " any",
        "see whether kube-controller-manager runs, and whether a person keeps its EndpointSlices:"
        f" k8s_get what=endpointslices namespace={one.metadata.namespace}",
        follows=CONTROLLERS_KEYS,
    )


def _mixed(one: NetService, pods: Sequence[LabelSet]) -> Iterator[Finding]:
    """Yield that a Service sends to pods of several workloads which are not the same program."""
    programs: dict[str, set[str]] = {}
    for each in pods:
        if each.ready and each.owner.startswith(_LASTING):
            images = {image_named(box.image).place for box in each.first.spec.containers}
            programs.setdefault(each.owner, set()).update(images)

    owners = sorted(programs)
    alike = [other for other in owners if programs[other] & programs[owners[0]]]
    # Who asks a headless one for addresses tells its pods apart.
    if one.spec.cluster_ip == "None" or len(alike) == len(owners):
        return

    space = one.metadata.namespace
    yield service_finding(
        one,
        ServiceCause.MIXED,
        Harm.RISK,
        f"it sends requests to {named(owners)} alike, which run different images",
        "give its selector a label that only the pods it is for have: k8s_get what=pods"
        f" namespace={space} group_by=metadata.labels",
        confidence="possible",
        evidence=(f"selector {_pairs(one)}",),
    )


_LASTING = ("deploy/", "sts/", "ds/")


def _pairs(one: NetService) -> str:
    return ",".join(f"{name}={value}" for name, value in one.spec.selector.items())


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
    yield service_finding(
        one,
        ServiceCause.LOCAL,
        Harm.DEGRADED if inside else Harm.RISK,
        f"{policy} Local, and {count('node', len(without))} without an endpoint of it:"
        f" {named(without)}: what is sent there is dropped",
        f"run a pod on each node (DaemonSet), or set {policy}: Cluster",
    )


def _takes_pods(node: Host) -> bool:
    return is_ready(node) and not node.spec.unschedulable and not node.spec.taints


def _unmade(one: NetService, places: Places | None, net: Net) -> Iterator[Finding]:
    """Yield why a Service that nobody picks pods for leads nowhere."""
    if places is None:
        return
    if places.ready:
        yield from unmatched(one, places, net)
        return

    key = service_key(one)
    strays = net.endpoints.strays(key) if net.endpoints else []
    if strays:
        net.down.add(key)
        yield service_finding(
            one,
            ServiceCause.UNMADE,
            Harm.DOWN,
            f"it has no selector and no endpoints: endpointslice/{strays[0]} lacks the label that"
            " would make it its own",
            f"kubectl -n {one.metadata.namespace} label endpointslice {strays[0]}"
            f" {SERVICE_LABEL}={one.metadata.name}",
        )
        return
    if key not in net.routed:
        return

    net.down.add(key)
    yield service_finding(
        one,
        ServiceCause.UNMADE,
        Harm.DOWN,
        "it has no selector, nobody made endpoints for it, and something routes to it",
        "give it a selector, or an EndpointSlice",
    )
