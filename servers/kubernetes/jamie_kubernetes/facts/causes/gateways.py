"""Why Gateways do not do what they are for."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import partial

from jamie_base.when import nanoseconds
from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.client.gateways import Gateway, GatewayClass
from jamie_kubernetes.client.objects import Condition, Meta
from jamie_kubernetes.facts.causes.around import YOUNG_NS
from jamie_kubernetes.facts.causes.telling import named
from jamie_kubernetes.facts.controllers import moment
from jamie_kubernetes.facts.findings import Harm, finding_about, told_by
from jamie_kubernetes.facts.standing import word
from jamie_signals.similar import nearest

_gateway = partial(finding_about, "Gateway")

WAITING_NS = 300 * 1_000_000_000
"""How long a controller may take to look at something."""


class GatewayCause(StrEnum):
    """Why a Gateway or route does not do what it is for."""

    CLASS_REFUSED = "gateway-class-not-accepted"
    NO_CLASS = "gateway-class-missing"
    REFUSED = "gateway-not-accepted"
    NOT_PROGRAMMED = "gateway-not-programmed"
    LISTENER = "gateway-listener-broken"
    CERTIFICATE = "gateway-certificate-invalid"
    NO_GRANT = "reference-not-granted"
    NO_PARENT = "route-parent-missing"
    ROUTE_REFUSED = "route-not-accepted"
    UNRESOLVED = "route-backend-unresolved"
    DOWN = "route-backend-down"


_LISTENER = {
    "PortUnavailable": "its port cannot be had",
    "UnsupportedProtocol": "its protocol is not supported",
    "ProtocolConflict": "another listener has its port with another protocol",
    "HostnameConflict": "another listener has its host name and port",
    "InvalidRouteKinds": "it allows kinds of routes there are none of",
    "NoReadyListeners": "none of its listeners is ready",
}


def class_cause(one: GatewayClass, now_ns: int) -> Finding | None:
    """Judge a GatewayClass."""
    bad = false_now(one.status.conditions, "Accepted", now_ns)
    if bad is None:
        return None

    return finding_about(
        "GatewayClass",
        one,
        GatewayCause.CLASS_REFUSED,
        Harm.BROKEN,
        f"no controller accepts it ({word(bad.reason)}): does"
        f" {word(one.spec.controller_name)} run?",
        "look at the controller's pods and log; check spec.controllerName and parametersRef",
        **told_by(bad),
    )


def gateway_causes(
    one: Gateway, classes: Mapping[str, GatewayClass] | None, now_ns: int
) -> Iterator[Finding]:
    """Yield what is wrong with a Gateway and its listeners."""
    if is_new(one.metadata, now_ns):
        return

    name, conditions = one.spec.gateway_class_name, one.status.conditions
    if classes is not None and name not in classes:
        near = nearest(name, sorted(classes), n=1) or sorted(classes)[:1]
        offered = f"; there is {near[0]}" if near else "; there is none"
        yield _gateway(
            one,
            GatewayCause.NO_CLASS,
            Harm.DOWN,
            f"its class {word(name)} does not exist{offered}",
            "correct spec.gatewayClassName, or install the controller that brings the class",
        )
        return

    listeners = list(_listeners(one, now_ns))
    if refused := false_now(conditions, "Accepted", now_ns):
        if refused.reason != "ListenersNotValid" or not listeners:
            yield _unaccepted(one, refused)
    elif (idle := false_now(conditions, "Programmed", now_ns)) and not listeners:
        yield _unprogrammed(one, idle)
    yield from listeners


def false_now(conditions: Sequence[Condition], kind: str, now_ns: int) -> Condition | None:
    """Find a condition that does not hold; what is not known yet may take a while."""
    for one in conditions:
        if one.type == kind and one.status == "False":
            return one
        if one.type == kind and one.status == "Unknown" and now_ns - moment(one) > WAITING_NS:
            return one

    return None


def is_new(about: Meta, now_ns: int) -> bool:
    """Tell whether something is just made, or on its way out."""
    born = about.creation_timestamp
    young = born is not None and now_ns - nanoseconds(born) < YOUNG_NS
    return young or about.deletion_timestamp is not None


def _unaccepted(one: Gateway, refused: Condition) -> Finding:
    return _gateway(
        one,
        GatewayCause.REFUSED,
        Harm.DOWN,
        f"its controller does not accept it: {why(refused, _LISTENER)}",
        f"k8s_get what=gateway/{one.metadata.name} namespace={one.metadata.namespace} output=yaml",
        **told_by(refused),
        follows=(f"GatewayClass/{one.spec.gateway_class_name}",),
    )


def _unprogrammed(one: Gateway, idle: Condition) -> Finding:
    known = {
        "AddressNotAssigned": "it got no address",
        "AddressNotUsable": "its address cannot be used",
        "NoResources": "its controller lacks resources for it",
        "Pending": "its controller has not finished",
        **_LISTENER,
    }
    return _gateway(
        one,
        GatewayCause.NOT_PROGRAMMED,
        Harm.BROKEN,
        f"it is accepted and not at work: {why(idle, known)}",
        "look at the Service or load balancer its controller made for it, and at the"
        " controller's log",
        **told_by(idle),
        follows=(f"GatewayClass/{one.spec.gateway_class_name}",),
    )


def _listeners(one: Gateway, now_ns: int) -> Iterator[Finding]:
    for each in one.status.listeners:
        name = word(each.name)
        conflicted = next(
            (bad for bad in each.conditions if (bad.type, bad.status) == ("Conflicted", "True")),
            None,
        )
        refs = false_now(each.conditions, "ResolvedRefs", now_ns)
        bad = conflicted or false_now(each.conditions, "Accepted", now_ns)
        if refs:
            yield _unresolved_listener(one, name, refs)
        elif bad := bad or false_now(each.conditions, "Programmed", now_ns):
            yield _gateway(
                one,
                GatewayCause.LISTENER,
                Harm.BROKEN,
                f"its listener {name} does not work: {why(bad, _LISTENER)}",
                f"correct spec.listeners[name={name}]",
                **told_by(bad),
            )


def _unresolved_listener(one: Gateway, name: str, refs: Condition) -> Finding:
    spec = next((each for each in one.spec.listeners if each.name == name), None)
    secrets = [f"{each.namespace or one.metadata.namespace}/{each.name}"
               for each in (spec.tls.certificate_refs if spec else ())]  # fmt: skip
    if refs.reason == "RefNotPermitted":
        return _gateway(
            one,
            GatewayCause.NO_GRANT,
            Harm.BROKEN,
            f"its listener {name} may not use {named(secrets) or 'what it refers to'}: no"
            " ReferenceGrant allows it",
            "make a ReferenceGrant in the namespace of the certificate, from kind Gateway to kind"
            " Secret",
            **told_by(refs),
        )

    return _gateway(
        one,
        GatewayCause.CERTIFICATE
        if refs.reason == "InvalidCertificateRef"
        else (GatewayCause.LISTENER),
        Harm.BROKEN,
        f"its listener {name} has no certificate to use: {named(secrets) or 'none given'}"
        if refs.reason == "InvalidCertificateRef"
        else f"its listener {name} does not work: {why(refs, _LISTENER)}",
        "the Secret has to exist, be of type kubernetes.io/tls and hold a pair that fits",
        **told_by(refs),
        follows=tuple(
            f"{space}/Certificate/{name}" for space, _, name in (s.partition("/") for s in secrets)
        ),
    )


def why(condition: Condition, known: Mapping[str, str]) -> str:
    """Say what a condition's reason means, where it is known."""
    reason = word(condition.reason)
    said = known.get(condition.reason)
    return f"{said} ({reason})" if said else reason or f"{word(condition.type)}=False"
