"""What keeps pods from each other: NetworkPolicies, judged against the pods there are."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property

import msgspec

from jamie_base.text import count, join_words
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.network import NetService, ServicePort
from jamie_kubernetes.client.objects import LabelSelector
from jamie_kubernetes.client.policies import NetworkPolicy, PolicyPeer, PolicyRule
from jamie_kubernetes.facts.causes.around import changed_ns
from jamie_kubernetes.facts.causes.telling import ago
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.neighbours import SYSTEM, Neighbours
from jamie_kubernetes.facts.policies import Gate, Peer, is_meant, isolating, may_reach, opens
from jamie_kubernetes.facts.selectors import sends_to
from jamie_signals.similar import nearest

OWNERS_KEPT = 12
LISTED = 3
MAKING_NS = 60 * 1_000_000_000
"""Within that, a change belongs to the making."""

_DNS_GATES = (Gate(53, "UDP"), Gate(53, "TCP"))


class NetworkCause(StrEnum):
    """Causes between pods."""

    NO_DNS = "netpol-blocks-dns"
    DENIES_SERVICE = "netpol-denies-service"
    WRONG_PORT = "netpol-wrong-port"
    NOBODY = "netpol-allows-nobody"


@dataclass(frozen=True)
class Net:
    """All that an offline look at the network needs; `whole` if every namespace's pods are in."""

    policies: Sequence[NetworkPolicy]
    pods: Sequence[Neighbours]
    services: Sequence[NetService]
    routed: frozenset[str]
    whole: bool
    now_ns: Nanoseconds

    def of(self, namespace: str) -> Sequence[NetworkPolicy]:
        """Return the policies of a namespace."""
        return self._policies.get(namespace, ())

    def inside(self, namespace: str) -> Sequence[Neighbours]:
        """Return the pods of a namespace."""
        return self._pods.get(namespace, ())

    @cached_property
    def _policies(self) -> Mapping[str, Sequence[NetworkPolicy]]:
        found: dict[str, list[NetworkPolicy]] = defaultdict(list)
        for one in self.policies:
            found[one.metadata.namespace].append(one)

        return found

    @cached_property
    def _pods(self) -> Mapping[str, Sequence[Neighbours]]:
        found: dict[str, list[Neighbours]] = defaultdict(list)
        for one in self.pods:
            found[one.peer.namespace].append(one)

        return found


def policy_findings(net: Net) -> Iterator[Finding]:
    """Judge every policy against the pods and Services there are."""
    yield from _without_dns(net)
    for service in net.services:
        yield from _denied(net, service)
    if net.whole:
        yield from _for_nobody(net)


def _without_dns(net: Net) -> Iterator[Finding]:
    """Find pods that may not ask for names; told once for each set of policies."""
    servers = [one for one in net.pods if one.is_dns]
    if not servers:
        return

    policies: dict[tuple[str, ...], Sequence[NetworkPolicy]] = {}
    cut: dict[tuple[str, ...], list[Neighbours]] = defaultdict(list)
    for one in net.pods:
        found = isolating(net.of(one.peer.namespace), one.peer, "Egress")
        if found and not _asks([*net.of(one.peer.namespace), *net.of(SYSTEM)], one, servers):
            key = (one.peer.namespace, *_names(found))
            policies[key] = found
            cut[key].append(one)

    for key, pods in cut.items():
        yield _no_dns(policies[key], pods, net.now_ns)


def _asks(
    policies: Sequence[NetworkPolicy], one: Neighbours, servers: Sequence[Neighbours]
) -> bool:
    return any(
        may_reach(policies, one.peer, server.peer, gate).allowed is not False
        for server in servers
        for gate in _DNS_GATES
    )


def _no_dns(
    found: Sequence[NetworkPolicy], pods: Sequence[Neighbours], now_ns: Nanoseconds
) -> Finding:
    names = _names(found)
    hurt = any(one.ready < one.total for one in pods)
    owners = list(dict.fromkeys(one.key for one in pods))
    return Finding(
        cause=NetworkCause.NO_DNS,
        namespace=found[0].metadata.namespace,
        owner=f"netpol/{names[0]}",
        severity=Harm.BROKEN if hurt else Harm.RISK,
        confidence="likely",
        summary=f"{_listed(names)} {_do(names, 'let')}"
        f" {count('pod', sum(one.total for one in pods))} send nothing to the cluster's DNS: names"
        " do not resolve there",
        evidence=(f"no egress rule covers port 53 of {SYSTEM}", _dated(found, now_ns)),
        next="add an egress rule to the DNS pods at port 53, UDP and TCP",
        affects=tuple(owners[:OWNERS_KEPT]),
    )


def _denied(net: Net, service: NetService) -> Iterator[Finding]:
    """Find a Service whose pods nobody may connect to, at any of its ports."""
    home, selector = service.metadata.namespace, service.spec.selector
    behind = [one for one in net.inside(home) if sends_to(selector, one.peer.labels)]
    if not behind or not any(one.ready for one in behind):
        return

    peer = behind[0].peer
    found = isolating(net.of(home), peer, "Ingress")
    rules = [rule for one in found for rule in one.rules("Ingress")]
    ports = [port for port in service.spec.ports if not _opened(rules, port, peer)]
    if not found or not ports or len(ports) < len(service.spec.ports):
        return

    told = _denial(service, found, ports, has_rules=bool(rules), routed=net.routed)
    yield msgspec.structs.replace(told, evidence=(_dated(found, net.now_ns),))


def _opened(rules: Iterable[PolicyRule], port: ServicePort, peer: Peer) -> bool:
    gate = Gate(port.target_port or port.port, port.protocol)
    return any(opens(rule, gate, peer) for rule in rules)


def _denial(
    service: NetService,
    found: Sequence[NetworkPolicy],
    ports: Sequence[ServicePort],
    *,
    has_rules: bool,
    routed: frozenset[str],
) -> Finding:
    name, home = service.metadata.name, service.metadata.namespace
    names = _names(found)
    at = join_words([str(port.target_port or port.port) for port in ports[:4]])
    open_at = _open_at(found)
    outside = key_of(home, f"svc/{name}") in routed or service.spec.type != "ClusterIP"
    said = (
        f"{_listed(names)} {_do(names, 'open')} port {join_words(open_at[:4])}, but the pods of"
        f" svc/{name} listen at {at}"
        if has_rules and open_at
        else f"{_listed(names)} {_do(names, 'let')} nobody connect to the pods of svc/{name}"
        f" (port {at})"
    )
    return Finding(
        cause=NetworkCause.WRONG_PORT if has_rules and open_at else NetworkCause.DENIES_SERVICE,
        namespace=home,
        owner=f"netpol/{names[0]}",
        severity=Harm.BROKEN if outside or has_rules else Harm.DEGRADED,
        confidence="certain" if has_rules else "likely",
        summary=said,
        next=f"open port {at} in netpol/{names[0]} for those who should connect",
        affects=(key_of(home, f"svc/{name}"),),
    )


def _open_at(found: Sequence[NetworkPolicy]) -> list[str]:
    """Return the ports that policies open at all."""
    ports = [
        port.port for one in found for rule in one.rules("Ingress") for port in rule.ports or ()
    ]
    return sorted({str(port) for port in ports if port is not None})


def _for_nobody(net: Net) -> Iterator[Finding]:
    """Find rules whose peers match no pod at all, where a near label tells a slip."""
    worn = frozenset(f"{key}={value}" for one in net.pods for key, value in one.peer.labels.items())

    @cache
    def nearest_worn(pair: str) -> str:
        # Policies of many namespaces are often made from one template, and pairs are many.
        return next(iter(nearest(pair, worn, n=1)), "")

    for policy in net.policies:
        for direction in ("Ingress", "Egress"):
            for rule in policy.rules(direction):
                lost = _slip(net, policy, rule.peers, worn)
                if lost and (near := nearest_worn(lost)):
                    yield _nobody(policy, direction, lost, near, net.now_ns)


def _slip(
    net: Net, policy: NetworkPolicy, peers: Sequence[PolicyPeer], worn: frozenset[str]
) -> str:
    """Return a label that no pod bears and for which a rule is for none; empty: no slip."""
    lost: list[str] = []
    others: list[PolicyPeer] = []
    for each in peers:
        unworn = [pair for pair in _plain(each.pod_selector) if pair not in worn]
        lost += unworn
        others += [] if unworn else [each]
    home = policy.metadata.namespace
    if not lost or any(
        is_meant(each, one.peer, home) is not False for each in others for one in net.pods
    ):
        return ""

    return lost[0]


def _plain(selector: LabelSelector | None) -> list[str]:
    return [f"{key}={value}" for key, value in selector.match_labels.items()] if selector else []


def _nobody(
    policy: NetworkPolicy, direction: str, lost: str, near: str, now_ns: Nanoseconds
) -> Finding:
    way = "in" if direction == "Ingress" else "out"
    return Finding(
        cause=NetworkCause.NOBODY,
        namespace=policy.metadata.namespace,
        owner=f"netpol/{policy.metadata.name}",
        severity=Harm.DEGRADED,
        confidence="likely",
        summary=f"a rule for traffic {way} is for no pod there is: {lost}; there are pods with"
        f" {near}",
        evidence=(_dated([policy], now_ns),),
        next=f"correct the selector of netpol/{policy.metadata.name}",
    )


def _names(found: Sequence[NetworkPolicy]) -> list[str]:
    return [one.metadata.name for one in found]


def _dated(found: Sequence[NetworkPolicy], now_ns: Nanoseconds) -> str:
    """Say how old policies are: trouble that began lately often began with one of them."""
    return "; ".join(_age(one, now_ns) for one in found[:LISTED])


def _age(one: NetworkPolicy, now_ns: Nanoseconds) -> str:
    made, changed = one.metadata.created_ns, changed_ns(one.metadata)
    again = f", changed {ago(changed, now_ns)}" if changed - made > MAKING_NS else ""
    return f"netpol/{one.metadata.name} made {ago(made, now_ns)}{again}"


def _listed(names: Sequence[str]) -> str:
    return join_words([f"netpol/{name}" for name in names[:LISTED]])


def _do(names: Sequence[str], verb: str) -> str:
    return verb if len(names) > 1 else f"{verb}s"
