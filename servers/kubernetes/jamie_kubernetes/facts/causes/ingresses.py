"""Why Ingresses do not lead where they should."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.network import Ingress, NetService
from jamie_kubernetes.facts.causes.ingress_classes import (
    Classes,
    IngressCause,
    class_causes,
    ingress_finding,
)
from jamie_kubernetes.facts.causes.serving import Net
from jamie_kubernetes.facts.causes.telling import named
from jamie_kubernetes.facts.endpoints import ServiceKey
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.routes import Edge, ingress_edges, port_exists
from jamie_kubernetes.facts.standing import word
from jamie_signals.similar import nearest

_HOST_PATH = re.compile(r"[\w.*:/()$?+|-]{1,120}", re.ASCII)
_CANARY = ("nginx.ingress.kubernetes.io/canary", "nginx.org/mergeable-ingress-type")
_ALB_TARGET = "alb.ingress.kubernetes.io/target-type"
_NEG = "cloud.google.com/neg"
_ALB, _GCE = "ingress.k8s.aws/alb", "k8s.io/ingress-gce"


def ingress_causes(one: Ingress, net: Net, classes: Classes | None) -> Iterator[Finding]:
    """Yield what is wrong with an Ingress; without `classes` nothing is said of those."""
    if one.metadata.deletion_timestamp or not net.around.is_past(one.metadata.created_ns):
        return
    if classes is not None:
        yield from class_causes(one, classes, net.around)

    edges = list(ingress_edges(one))
    known = [edge for edge in edges if net.whole or edge.to[0] == one.metadata.namespace]
    lost = [edge for edge in known if edge.to not in net.services]
    if lost:
        yield _lost(one, lost, edges, net.services)
    there = [(edge, net.services[edge.to]) for edge in known if edge.to in net.services]
    yield from _ports(one, there, edges)
    if classes is not None:
        yield from _types(one, there, classes.controller(one))
    down = [edge for edge, _ in there if edge.to in net.down]
    if down:
        yield _down(one, down, edges)


def collisions(ingresses: Sequence[Ingress], classes: Classes) -> Iterator[Finding]:
    """Yield the younger of two Ingresses of one class that claim the same host and path."""
    claims: dict[tuple[str, str], list[tuple[Ingress, Edge]]] = defaultdict(list)
    for one in sorted(ingresses, key=_seniority):
        if not any(note in one.metadata.annotations for note in _CANARY):
            for edge in ingress_edges(one):
                claims[classes.of(one), edge.what].append((one, edge))

    told: set[tuple[str, str]] = set()
    for (_, what), found in claims.items():
        first, elsewhere = found[0]
        for one, edge in found[1:]:
            pair = (_name(first), _name(one))
            same = (edge.to, edge.port) == (elsewhere.to, elsewhere.port)
            if what != "default" and one is not first and not same and pair not in told:
                told.add(pair)
                yield _collides(one, first, what)


def _lost(
    one: Ingress, lost: Sequence[Edge], edges: Sequence[Edge], services: Mapping[ServiceKey, object]
) -> Finding:
    names = [*dict.fromkeys(edge.to[1] for edge in lost)]
    here = [name for space, name in services if space == one.metadata.namespace]
    near = nearest(names[0], here, n=1)
    return ingress_finding(
        one,
        IngressCause.NO_BACKEND,
        _harm(lost, edges),
        f"it sends {_whats(lost)} to svc/{named(names)}, which does not exist",
        f"correct the backend{f': svc/{near[0]}?' if near else ', or make the Service'}",
    )


def _ports(
    one: Ingress, there: Sequence[tuple[Edge, NetService]], edges: Sequence[Edge]
) -> Iterator[Finding]:
    wrong = [
        (edge, service)
        for edge, service in there
        if service.spec.type != "ExternalName" and not port_exists(service, edge.port)
    ]
    if not wrong:
        return

    edge, service = wrong[0]
    has = ", ".join(
        f"{each.port}{f' ({word(each.name)})' if each.name else ''}" for each in service.spec.ports
    )
    yield ingress_finding(
        one,
        IngressCause.NO_PORT,
        _harm([each for each, _ in wrong], edges),
        f"it sends {_whats([each for each, _ in wrong])} to port {word(str(edge.port))} of"
        f" svc/{service.metadata.name}, which has {has}",
        "correct the backend's port; it is the Service's, not the container's",
    )


def _types(
    one: Ingress, there: Sequence[tuple[Edge, NetService]], controller: str
) -> Iterator[Finding]:
    """Yield a Service that the cloud's load balancer cannot reach by a port of the nodes."""
    ip_targets = one.metadata.annotations.get(_ALB_TARGET) == "ip"
    for _, service in there:
        notes = service.metadata.annotations
        by_pod = ip_targets if controller == _ALB else _NEG in notes
        if controller in (_ALB, _GCE) and service.spec.type == "ClusterIP" and not by_pod:
            yield ingress_finding(
                one,
                IngressCause.WRONG_TYPE,
                Harm.BROKEN,
                f"its load balancer reaches nodes, and svc/{service.metadata.name} is of type"
                " ClusterIP, which has no port there",
                f"make the Service a NodePort, or set {_ALB_TARGET}: ip"
                if controller == _ALB
                else f"make the Service a NodePort, or annotate it with {_NEG}",
                confidence="likely",
            )
            return


def _down(one: Ingress, down: Sequence[Edge], edges: Sequence[Edge]) -> Finding:
    keys = [*dict.fromkeys(key_of(edge.to[0], f"svc/{edge.to[1]}") for edge in down)]
    return ingress_finding(
        one,
        IngressCause.DOWN,
        _harm(down, edges),
        f"nothing answers behind {_whats(down)}",
        f"k8s_diagnose object=svc/{down[0].to[1]} namespace={down[0].to[0]}",
        follows=tuple(keys),
    )


def _collides(one: Ingress, first: Ingress, what: str) -> Finding:
    here = one.metadata.namespace
    return ingress_finding(
        one,
        IngressCause.COLLIDES,
        Harm.DEGRADED,
        f"it claims {_plain(what)}, which ing/{first.metadata.name}"
        f"{'' if first.metadata.namespace == here else f' of {first.metadata.namespace}'} had"
        " before: only one of them gets the requests",
        "give one of them another host or path, or put both into one Ingress",
        affects=(key_of(first.metadata.namespace, f"ing/{first.metadata.name}"),),
    )


def _seniority(one: Ingress) -> tuple[int, str, str]:
    return (one.metadata.created_ns, one.metadata.namespace, one.metadata.name)


def _name(one: Ingress) -> str:
    return f"{one.metadata.namespace}/{one.metadata.name}"


def _harm(bad: Sequence[Edge], edges: Sequence[Edge]) -> Harm:
    return Harm.DOWN if len(bad) == len(edges) else Harm.BROKEN


def _whats(edges: Sequence[Edge]) -> str:
    return named([*dict.fromkeys(_plain(edge.what) for edge in edges)])


def _plain(what: str) -> str:
    # A path may be anything, a sentence too.
    return what if _HOST_PATH.fullmatch(what) else "(odd path)"
