"""Why routes of the Gateway API do not lead where they should."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.gateways import Gateway, ParentRef, Route
from jamie_kubernetes.client.objects import Condition
from jamie_kubernetes.facts.causes.gateways import (
    GatewayCause,
    false_now,
    is_new,
    why,
)
from jamie_kubernetes.facts.causes.serving import Net
from jamie_kubernetes.facts.causes.telling import named
from jamie_kubernetes.facts.findings import Harm, finding_about, told_by
from jamie_kubernetes.facts.routes import Edge, port_exists, route_edges
from jamie_signals.similar import nearest


class Trunk(msgspec.Struct, frozen=True):
    """What routes hang on: the Gateways by namespace and name, and whether we saw all."""

    gateways: Mapping[tuple[str, str], Gateway]
    whole: bool


_PARENT = {
    "NoMatchingParent": "no listener of its parent has that name or port",
    "NotAllowedByListeners": "its parent's listeners allow no routes from its namespace or kind",
    "NoMatchingListenerHostname": "no listener of its parent has a host name that fits its own",
    "UnsupportedValue": "it asks for something its controller does not support",
    "IncompatibleFilters": "its filters exclude each other",
    "Pending": "its controller has not looked at it",
}
_REFS = {
    "BackendNotFound": "a backend does not exist",
    "InvalidKind": "a backend is of a kind that is no backend",
    "UnsupportedProtocol": "a backend speaks a protocol that the route does not",
}


def route_causes(kind: str, one: Route, trunk: Trunk, net: Net) -> Iterator[Finding]:
    """Yield what is wrong with a route of a kind: `HTTPRoute`."""
    now_ns = net.around.now_ns
    if is_new(one.metadata, now_ns):
        return

    parents = [
        each
        for each in one.spec.parent_refs
        if each.kind == "Gateway" and _is_lost(each, one, trunk)
    ]
    if parents:
        yield _parentless(kind, one, parents, trunk)
        return

    said = [each for parent in one.status.parents for each in parent.conditions]
    refused, refs = false_now(said, "Accepted", now_ns), false_now(said, "ResolvedRefs", now_ns)
    if refused:
        yield _refused(kind, one, refused)
    if refs:
        yield _unresolved(kind, one, refs)
    else:
        yield from _backends(kind, one, net)


def _is_lost(ref: ParentRef, one: Route, trunk: Trunk) -> bool:
    place = (ref.namespace or one.metadata.namespace, ref.name)
    seen = trunk.whole or place[0] == one.metadata.namespace
    return seen and place not in trunk.gateways


def _parentless(kind: str, one: Route, lost: Sequence[ParentRef], trunk: Trunk) -> Finding:
    gone = [
        key_of(each.namespace or one.metadata.namespace, f"gateway/{each.name}") for each in lost
    ]
    names = [name for _, name in trunk.gateways]
    near = nearest(lost[0].name, names, n=1)
    every = len(lost) == len(one.spec.parent_refs)
    return finding_about(
        kind,
        one,
        GatewayCause.NO_PARENT,
        Harm.DOWN if every else Harm.BROKEN,
        f"what it hangs on does not exist: {named(gone)}",
        f"correct spec.parentRefs{f': {near[0]}?' if near else ', or make the Gateway'}",
    )


def _refused(kind: str, one: Route, refused: Condition) -> Finding:
    parents = tuple(
        key_of(each.namespace or one.metadata.namespace, f"Gateway/{each.name}")
        for each in one.spec.parent_refs
    )
    return finding_about(
        kind,
        one,
        GatewayCause.ROUTE_REFUSED,
        Harm.DOWN,
        f"its Gateway does not accept it: {why(refused, _PARENT)}",
        "compare spec.parentRefs (sectionName, port) and hostnames with the Gateway's listeners"
        " and their allowedRoutes",
        **told_by(refused),
        follows=parents if refused.reason == "Pending" else (),
    )


def _unresolved(kind: str, one: Route, refs: Condition) -> Finding:
    backends = [
        *dict.fromkeys(key_of(edge.to[0], f"svc/{edge.to[1]}") for edge in _edges(kind, one))
    ]
    if refs.reason == "RefNotPermitted":
        foreign = [each for each in backends if not each.startswith(f"{one.metadata.namespace}/")]
        return finding_about(
            kind,
            one,
            GatewayCause.NO_GRANT,
            Harm.BROKEN,
            f"it may not send to {named(foreign) or 'a backend of another namespace'}: no"
            " ReferenceGrant allows it",
            f"make a ReferenceGrant in the namespace of the Service, from kind {kind} to kind"
            " Service",
            **told_by(refs),
        )

    return finding_about(
        kind,
        one,
        GatewayCause.UNRESOLVED,
        Harm.BROKEN,
        f"{why(refs, _REFS)}: it sends to {named(backends)}",
        "correct backendRefs (name, namespace, port)",
        **told_by(refs),
    )


def _backends(kind: str, one: Route, net: Net) -> Iterator[Finding]:
    """Yield what the Services behind a route lack, whatever its controller makes of it."""
    edges = [
        edge for edge in _edges(kind, one) if net.whole or edge.to[0] == one.metadata.namespace
    ]
    lost = [edge for edge in edges if edge.to not in net.services]
    portless = [
        edge
        for edge in edges
        if edge.to in net.services and not port_exists(net.services[edge.to], edge.port)
    ]
    down = [edge for edge in edges if edge.to in net.down]
    if lost or portless:
        edge = (lost or portless)[0]
        key = key_of(edge.to[0], f"svc/{edge.to[1]}")
        yield finding_about(
            kind,
            one,
            GatewayCause.UNRESOLVED,
            Harm.DOWN if len(lost) + len(portless) == len(edges) else Harm.BROKEN,
            f"it sends to {key}, which does not exist"
            if lost
            else f"it sends to port {edge.port} of {key}, which it does not have",
            "correct backendRefs (name, namespace, port)",
        )
    if down:
        keys = tuple(dict.fromkeys(key_of(edge.to[0], f"svc/{edge.to[1]}") for edge in down))
        yield finding_about(
            kind,
            one,
            GatewayCause.DOWN,
            Harm.DOWN if len(down) == len(edges) else Harm.BROKEN,
            f"nothing answers behind it: {named(keys)}",
            f"k8s_diagnose object=svc/{down[0].to[1]} namespace={down[0].to[0]}",
            follows=keys,
        )


def _edges(kind: str, one: Route) -> list[Edge]:
    return list(route_edges(one, kind.lower()))
