"""What pods cannot reach, found among the Services there are: what is wrong there comes first."""

import re
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from jamie_base.text import join_words
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.network import NetService
from jamie_kubernetes.facts.causes.container_causes import ContainerCause
from jamie_kubernetes.facts.causes.dns import DnsCause
from jamie_kubernetes.facts.causes.networking import NetworkCause
from jamie_kubernetes.facts.crowd import Labels, LabelSet
from jamie_kubernetes.facts.findings import Harm
from jamie_signals.similar import nearest

TARGETS_FOLLOWED = 3
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LOCAL = re.compile(r"\.svc(\.|$)|^[^.]+\.[^.]+-[^.]+$")
"""What only names of Services in other namespaces look like: no domain ends in a hyphened word."""

_ADDRESS = re.compile(r"[\d.]+")
_DNS_CALL = "k8s_diagnose object=svc/kube-dns namespace=kube-system"
_POLICIES = (NetworkCause.NO_DNS, NetworkCause.DENIES_SERVICE, NetworkCause.WRONG_PORT)


class Served(msgspec.Struct, frozen=True):
    """What answers in a scope: its Services and what its living pods bear, by namespace."""

    services: Sequence[NetService]
    worn: Mapping[str, Mapping[Labels, LabelSet]]

    def behind(self, service: NetService) -> list[LabelSet]:
        """Return the pods that a Service sends to."""
        wanted = service.spec.selector.items()
        here = self.worn.get(service.metadata.namespace, {})
        return [found for labels, found in here.items() if wanted and wanted <= labels]

    def named(self, host: str, namespace: str) -> NetService | None:
        """Find the Service that a host name, as a pod of the namespace asks for it, or IP is."""
        if _ADDRESS.fullmatch(host):
            return next((one for one in self.services if one.spec.cluster_ip == host), None)

        places = _places(host, namespace)
        known = {(one.metadata.namespace, one.metadata.name): one for one in self.services}
        return next((known[place] for place in places if place in known), None)


def linked(findings: Sequence[Finding], served: Served) -> list[Finding]:
    """Let what cannot reach something follow from what is wrong with that."""
    nameless = [one.key for one in findings if one.cause == DnsCause.DOWN]

    def explained(one: Finding) -> Finding:
        found = _linked(one, findings, served)
        lost = one.cause == ContainerCause.UNRESOLVED
        return replace(found, follows=(*found.follows, *nameless)) if lost else found

    return [explained(one) if one.needs else one for one in findings]


def _linked(one: Finding, findings: Sequence[Finding], served: Served) -> Finding:
    for need in one.needs[:TARGETS_FOLLOWED]:
        host, _, port = need.partition(":")
        if service := served.named(host, one.namespace):
            return _through(one, service, port, findings, served)

    follows = (*one.follows, *_barred(one, "", findings))
    return replace(one, follows=follows) if follows != one.follows else _astray(one, served)


def _through(
    one: Finding,
    service: NetService,
    port: str,
    findings: Sequence[Finding],
    served: Served,
) -> Finding:
    """Say how the Service is that a finding's pods need, and follow what ails it."""
    home, name = service.metadata.namespace, f"svc/{service.metadata.name}"
    pods = served.behind(service)
    suspects = [key_of(home, name), *(key_of(home, each.owner) for each in pods)]
    ailing = {each.key for each in findings if each.severity < Harm.RISK} - {one.key}
    barred = _barred(one, suspects[0], findings)
    state, is_well = _state(service, port, pods)
    culprits = [key for key in dict.fromkeys(suspects) if key in ailing]
    if not is_well and suspects[0] not in {each.key for each in findings}:
        # Who asks for the Service alone is told of those that miss it.
        culprits.append(suspects[0])

    return replace(
        one,
        evidence=(f"{name} in {home} {state}", *one.evidence),
        next=_step(one, f"{home}/{name}", port, is_well=is_well),
        follows=(*one.follows, *culprits, *barred),
    )


def _step(one: Finding, service: str, port: str, *, is_well: bool) -> str:
    home, _, name = service.partition("/")
    if not is_well:
        return f"k8s_diagnose object={name} namespace={home}"
    if one.cause == ContainerCause.UNRESOLVED:
        return f"{name} is there: look at the DNS that does not answer for it: {_DNS_CALL}"

    way = f"k8s_graph object={one.owner} namespace={one.namespace} to={service}:{port}"
    return way if port else one.next


def _state(service: NetService, port: str, pods: Sequence[LabelSet]) -> tuple[str, bool]:
    """Say whether a Service answers at a port, as far as its pods tell."""
    ports = [str(each.port) for each in service.spec.ports]
    if not service.spec.selector:
        return "has no selector: its endpoints are made by hand", False
    if not pods:
        labels = ",".join(f"{key}={value}" for key, value in service.spec.selector.items())
        return f"selects no pod ({labels})", False

    ready, total = sum(each.ready for each in pods), sum(each.total for each in pods)
    stands = f"has {ready} of {total} pods ready"
    # Headless ones are reached at whatever port their pods listen on.
    if port and port not in ports and service.spec.cluster_ip != "None":
        return f"{stands}, and no port {port}: it has {join_words(ports[:4])}", False

    return stands, ready > 0


def _barred(one: Finding, service: str, findings: Sequence[Finding]) -> list[str]:
    """Return the policies that keep a finding's pods from others, or others from a Service."""
    concerned = {one.key, service} - {""}
    return [
        each.key
        for each in findings
        if each.cause in _POLICIES and concerned & {*each.affects} and each.key != one.key
    ]


def _astray(one: Finding, served: Served) -> Finding:
    """Name the Services like one that does not exist, and other namespaces that have it."""
    host = one.needs[0].partition(":")[0]
    first = host.partition(".")[0]
    if away := _elsewhere(host, one.namespace, served):
        home, name = away
        return replace(one, next=f"k8s_diagnose object=svc/{name} namespace={home}")

    here = [each for each in served.services if each.metadata.namespace == one.namespace]
    if (
        _ADDRESS.fullmatch(host)
        or not here
        or (one.namespace, first) not in _places(host, one.namespace)
    ):
        return one

    near = nearest(first, [each.metadata.name for each in here])
    known = f"; there is {join_words([f'svc/{name}' for name in near])}" if near else ""
    told = (*one.evidence, f"no svc/{first} in {one.namespace}{known}")
    homes = [each.metadata.namespace for each in served.services if each.metadata.name == first]
    if not homes:
        return replace(one, evidence=told)

    others = f"namespace {join_words(sorted(homes)[:TARGETS_FOLLOWED])} has svc/{first}"
    return replace(one, evidence=(*told, others), next=f"use the name {first}.{sorted(homes)[0]}")


def _elsewhere(host: str, own: str, served: Served) -> tuple[str, str] | None:
    """Tell of which namespace a name says that it is, where nothing is known of that one."""
    if _ADDRESS.fullmatch(host) or not _LOCAL.search(host):
        return None

    known = {each.metadata.namespace for each in served.services}
    places = [place for place in _places(host, own)[:1] if place[0] not in {own, *known}]
    return places[0] if places else None


def _places(host: str, namespace: str) -> list[tuple[str, str]]:
    """Return which Services a name may mean, as namespace and name: `db`, `db.data.svc`."""
    parts = host.removesuffix(".").removesuffix(".cluster.local").removesuffix(".svc").split(".")
    if not all(map(_NAME.fullmatch, parts)):
        return []

    match parts:
        case [name]:
            return [(namespace, name)]
        case [first, second]:
            # `kafka-0.kafka` is a pod behind a headless Service of this namespace.
            return [(second, first), (namespace, second)]
        case [_, name, home]:
            return [(home, name)]
        case _:
            return []
