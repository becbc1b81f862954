"""NetworkPolicies evaluated offline: may A reach B, and which policy decides.

A pod that no policy isolates in a direction is open in it; else one rule of one of those policies
has to let the traffic through. Addresses (`ipBlock`) are not resolved: one of everywhere lets all
through, any other leaves the answer open.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from jamie_kubernetes.client.network import ContainerPort
from jamie_kubernetes.client.policies import NetworkPolicy, PolicyPeer, PolicyPort, PolicyRule
from jamie_kubernetes.facts.selectors import selects

Direction = Literal["Ingress", "Egress"]

_EVERYWHERE = ("0.0.0.0/0", "::/0")  # compared with, not listened on


class Peer(msgspec.Struct, frozen=True):
    """Pods alike: their namespace with its labels (None: not known), their own, their ports."""

    namespace: str
    labels: Mapping[str, str]
    space: Mapping[str, str] | None = None
    ports: tuple[ContainerPort, ...] = ()


class Gate(msgspec.Struct, frozen=True):
    """A port as traffic meets it: a number, or the name it has at the pod that listens."""

    port: int | str
    protocol: str = "TCP"


class Verdict(msgspec.Struct, frozen=True):
    """Whether traffic goes through; None: it hangs on addresses or labels we do not know.

    `by` names the policies that decided, `why` says how, for a person.
    """

    allowed: bool | None
    why: str
    by: tuple[str, ...] = ()


def isolating(
    policies: Iterable[NetworkPolicy], peer: Peer, direction: Direction
) -> list[NetworkPolicy]:
    """Return the policies that isolate pods in a direction."""
    return [
        one
        for one in policies
        if one.metadata.namespace == peer.namespace
        and one.isolates(direction)
        and selects(one.spec.pod_selector, peer.labels)
    ]


def may_reach(policies: Sequence[NetworkPolicy], source: Peer, target: Peer, gate: Gate) -> Verdict:
    """Tell whether one pod may reach another at a port, and what decides."""
    ways: tuple[tuple[Direction, Peer, Peer], ...] = (
        ("Egress", source, target),
        ("Ingress", target, source),
    )
    verdicts = [_passes(policies, way, one, other, gate, target) for way, one, other in ways]

    return next(
        (one for wanted in (False, None) for one in verdicts if one.allowed is wanted),
        _both(verdicts),
    )


def _both(verdicts: Sequence[Verdict]) -> Verdict:
    by = tuple(name for one in verdicts for name in one.by)
    return Verdict(True, "; ".join(one.why for one in verdicts), by)


def _passes(
    policies: Sequence[NetworkPolicy],
    direction: Direction,
    isolated: Peer,
    other: Peer,
    gate: Gate,
    listener: Peer,
) -> Verdict:
    way = "out" if direction == "Egress" else "in"
    found = isolating(policies, isolated, direction)
    if not found:
        return Verdict(True, f"nothing isolates {isolated.namespace} pods for traffic {way}")

    names = tuple(f"netpol/{one.metadata.name}" for one in found)
    open_ones = list[str]()
    for one in found:
        match _lets(one, direction, other, gate, listener):
            case True:
                return Verdict(True, f"netpol/{one.metadata.name} lets it {way}", names)
            case None:
                open_ones.append(f"netpol/{one.metadata.name}")
            case False:
                continue

    if open_ones:
        why = f"{', '.join(open_ones)} may let it {way}: that hangs on addresses or unseen labels"
        return Verdict(None, why, names)

    return Verdict(False, f"no rule of {', '.join(names[:4])} lets it {way}", names)


def _lets(
    policy: NetworkPolicy, direction: Direction, other: Peer, gate: Gate, listener: Peer
) -> bool | None:
    unsure = False
    for rule in policy.rules(direction):
        if not opens(rule, gate, listener):
            continue
        known = _meant(rule, other, policy.metadata.namespace)
        if known:
            return True
        unsure |= known is None

    return None if unsure else False


def opens(rule: PolicyRule, gate: Gate, listener: Peer) -> bool:
    """Tell whether a rule is about a port of the pod that listens."""
    if not rule.ports:
        return True

    number = _number(gate, listener)
    return any(_covers(one, gate, number, listener) for one in rule.ports)


def _covers(rule: PolicyPort, gate: Gate, number: int | None, listener: Peer) -> bool:
    if rule.protocol != gate.protocol:
        return False
    if rule.port is None:
        return True
    if isinstance(rule.port, str):
        return rule.port == gate.port or number == _number(Gate(rule.port, rule.protocol), listener)
    if number is None:
        return False

    return rule.port <= number <= (rule.end_port or rule.port)


def _number(gate: Gate, listener: Peer) -> int | None:
    if isinstance(gate.port, int):
        return gate.port

    found = (one.container_port for one in listener.ports if one.name == gate.port)
    return next(found, None)


def _meant(rule: PolicyRule, other: Peer, home: str) -> bool | None:
    if not rule.peers:
        return True

    known = [is_meant(one, other, home) for one in rule.peers]
    return True if True in known else None if None in known else False


def is_meant(peer: PolicyPeer, other: Peer, home: str) -> bool | None:
    """Tell whether a rule of a policy in `home` is about some pods; None: it cannot be told."""
    if peer.ip_block:
        return True if peer.ip_block.cidr in _EVERYWHERE else None
    if peer.pod_selector is not None and not selects(peer.pod_selector, other.labels):
        return False
    if peer.namespace_selector is None:
        return other.namespace == home
    if other.space is None:
        return None

    return selects(peer.namespace_selector, other.space)
