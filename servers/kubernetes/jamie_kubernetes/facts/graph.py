"""The edges around a workload: what leads to it, scales and guards it, and what it needs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum

import msgspec

from jamie_base.text import count
from jamie_kubernetes.answers import PodGroup
from jamie_kubernetes.answers_graph import Edge
from jamie_kubernetes.client.controllers import Autoscaler
from jamie_kubernetes.client.limits import Budget
from jamie_kubernetes.client.network import NetService
from jamie_kubernetes.client.policies import NetworkPolicy
from jamie_kubernetes.client.sending import Object, list_at, mapping_at, part, text_at
from jamie_kubernetes.facts.autoscalers import target_of
from jamie_kubernetes.facts.endpoints import EndpointTally
from jamie_kubernetes.facts.policies import Direction, Peer, isolating
from jamie_kubernetes.facts.routes import Edge as Route
from jamie_kubernetes.facts.routes import port_exists
from jamie_kubernetes.facts.selectors import selects, sends_to
from jamie_kubernetes.facts.services import type_of
from jamie_kubernetes.facts.standing import word
from jamie_kubernetes.facts.uses import Use, uses_of


class Role(IntEnum):
    """What an edge is, in the order traffic takes and needs follow."""

    ROUTES = 0
    SENDS = 1
    RUNS = 2
    SCALES = 3
    GUARDS = 4
    ISOLATES = 5
    USES = 6


class Hub(msgspec.Struct, frozen=True):
    """A workload as the middle of its graph; `name` is `deploy/web`, `kind` the kind's own."""

    name: str
    namespace: str
    kind: str
    whole: Object

    @property
    def template(self) -> Object:
        """Return what its pods are made from; a pod is its own."""
        if self.kind == "Pod":
            return self.whole
        if self.kind == "CronJob":
            return mapping_at(self.whole, "spec", "jobTemplate", "spec", "template")

        return mapping_at(self.whole, "spec", "template")

    @property
    def labels(self) -> dict[str, str]:
        """Return what its pods bear."""
        return {key: str(value) for key, value in self._worn.items()}

    @property
    def _worn(self) -> Object:
        return mapping_at(self.template, "metadata", "labels")

    @property
    def selector(self) -> dict[str, str]:
        """Return the labels its pods are found by; empty where they are found by owner alone."""
        wanted = mapping_at(self.whole, "spec", "selector", "matchLabels")
        return {key: str(value) for key, value in wanted.items()}

    @property
    def rests(self) -> bool:
        """Tell whether it has no pods on purpose."""
        return part(self.whole, "spec", "replicas") == 0

    @property
    def uses(self) -> list[Use]:
        """Return the ConfigMaps and Secrets it takes its configuration from."""
        return uses_of(self.template)

    @property
    def account(self) -> str:
        """Return the service account its pods run as; empty: the default one."""
        return text_at(self.template, "spec", "serviceAccountName")

    @property
    def claims(self) -> list[str]:
        """Return the claims its template names."""
        volumes = list_at(self.template, "spec", "volumes")
        names = (text_at(one, "persistentVolumeClaim", "claimName") for one in volumes)
        return [name for name in names if name]

    @property
    def claim_templates(self) -> list[str]:
        """Return the claims that a StatefulSet makes for each pod, by the name they begin with."""
        made = list_at(self.whole, "spec", "volumeClaimTemplates")
        return [
            f"{text_at(one, 'metadata', 'name')}-{text_at(self.whole, 'metadata', 'name')}-"
            for one in made
        ]


class Claim(msgspec.Struct, frozen=True):
    """A claim as it stands."""

    name: str
    phase: str
    volume: str


def route_edges(
    routes: Iterable[Route], services: Mapping[str, NetService], drawn: Sequence[str]
) -> Iterator[Edge]:
    """Yield what leads to the Services drawn (by name), or to none at all."""
    for one in routes:
        name = one.to[1]
        if name not in drawn:
            continue
        service = services.get(name)
        port = f"port {one.port}" if one.port else ""
        missing = "" if service else "does not exist"
        wrong = "" if service is None or port_exists(service, one.port) else f"has no {port}"
        yield Edge(
            f"{one.source} {one.what}".rstrip(),
            f"svc/{name}",
            Role.ROUTES.name.lower(),
            port,
            missing or wrong or one.wrong,
        )


def service_edges(
    services: Iterable[NetService], endpoints: EndpointTally | None, hub: Hub
) -> Iterator[Edge]:
    """Yield the Services that send to a workload's pods."""
    for one in services:
        if not sends_to(one.spec.selector, hub.labels):
            continue
        name = one.metadata.name
        places = endpoints.of((hub.namespace, name)) if endpoints else None
        ports = ",".join(
            str(each.port)
            if each.target_port in (0, each.port)
            else f"{each.port}>{each.target_port}"
            for each in one.spec.ports
        )
        ready = f", {places.ready} of {places.total} endpoints ready" if places else ""
        silent = endpoints is not None and not hub.rests and not (places and places.ready)
        broken = "no ready endpoint" if silent else ""
        yield _edge(Role.SENDS, f"svc/{name}", hub, f"{type_of(one)} {ports}{ready}", broken)


def pod_edges(hub: Hub, groups: Iterable[PodGroup]) -> Iterator[Edge]:
    """Yield a workload's pods, by state."""
    for one in groups:
        nodes = (
            f" on {', '.join(one.nodes)}"
            if one.nodes and one.node_count <= len(one.nodes)
            else (f" on {count('node', one.node_count)}" if one.node_count else "")
        )
        yield Edge(
            hub.name,
            f"pod/{one.pattern}",
            Role.RUNS.name.lower(),
            f"{count('pod', one.count)} {one.state} ({one.ready}){nodes}",
            one.cause,
        )


def scaler_edges(found: Iterable[Autoscaler], hub: Hub) -> Iterator[Edge]:
    """Yield what scales a workload."""
    for one in found:
        if target_of(one) != hub.name:
            continue
        bad = next(
            (
                each
                for each in one.status.conditions
                if each.status == "False" and each.type in ("ScalingActive", "AbleToScale")
            ),
            None,
        )
        spec, at = one.spec, one.status.current_replicas
        broken = f"{bad.type}=False ({word(bad.reason)})" if bad else ""
        about = f"{spec.min_replicas} to {spec.max_replicas}, at {at}"
        yield _edge(Role.SCALES, f"hpa/{one.metadata.name}", hub, about, broken)


def budget_edges(found: Iterable[Budget], hub: Hub) -> Iterator[Edge]:
    """Yield the disruption budgets that guard a workload's pods."""
    for one in found:
        if selects(one.spec.selector, hub.labels):
            left = one.status.disruptions_allowed
            about = f"{left} may go" if left else "none may go now"
            yield _edge(Role.GUARDS, f"pdb/{one.metadata.name}", hub, about, "")


def policy_edges(found: Sequence[NetworkPolicy], hub: Hub) -> Iterator[Edge]:
    """Yield the policies that isolate a workload's pods, with how much they let through."""
    peer = Peer(hub.namespace, hub.labels)
    ways: tuple[tuple[Direction, str], ...] = (("Ingress", "in"), ("Egress", "out"))
    for direction, way in ways:
        for one in isolating(found, peer, direction):
            rules = len(one.rules(direction))
            about = f"{way}: {count('rule', rules)}" if rules else f"{way}: nothing goes"
            yield _edge(Role.ISOLATES, f"netpol/{one.metadata.name}", hub, about, "")


def use_edges(hub: Hub, there: Mapping[tuple[str, str], bool | None]) -> Iterator[Edge]:
    """Yield what a workload takes its configuration from; `there` tells what exists."""
    for one in hub.uses:
        kind = "cm" if one.kind == "ConfigMap" else "secret"
        keys = f" {', '.join(one.keys[:4])}{'…' if len(one.keys) > 4 else ''}" if one.keys else ""
        exists = there.get((one.kind, one.name))
        missing = exists is False and not one.optional
        unknown = " (not allowed to look)" if exists is None else ""
        note = " (optional, not there)" if exists is False and one.optional else unknown
        yield Edge(
            hub.name,
            f"{kind}/{one.name}",
            Role.USES.name.lower(),
            f"{', '.join(one.how)}{keys}{note}",
            "does not exist" if missing else "",
        )


def claim_edges(hub: Hub, claims: Mapping[str, Claim] | None) -> Iterator[Edge]:
    """Yield the claims a workload uses, its own ones for each pod too."""
    if claims is None:
        return

    for name in hub.claims:
        yield _claim(hub, name, claims.get(name))
    for start in hub.claim_templates:
        for name, one in sorted(claims.items()):
            if name.startswith(start) and name[len(start) :].isdecimal():
                yield _claim(hub, name, one)


def account_edges(hub: Hub, *, exists: bool | None) -> Iterator[Edge]:
    """Yield the service account, where it is not the default one."""
    if hub.account:
        broken = "does not exist" if exists is False else ""
        yield Edge(hub.name, f"sa/{hub.account}", Role.USES.name.lower(), "", broken)


def _claim(hub: Hub, name: str, one: Claim | None) -> Edge:
    about = f"{one.phase} to pv/{one.volume}" if one and one.volume else one.phase if one else ""
    broken = "does not exist" if one is None else "" if one.phase == "Bound" else "not bound"
    return Edge(hub.name, f"pvc/{name}", Role.USES.name.lower(), about, broken)


def _edge(role: Role, source: str, hub: Hub, about: str, broken: str) -> Edge:
    return Edge(source, hub.name, role.name.lower(), about, broken)


def claims_of(items: Iterable[Object]) -> dict[str, Claim]:
    """Read claims by name."""
    found = (
        Claim(
            text_at(one, "metadata", "name"),
            word(text_at(one, "status", "phase")),
            text_at(one, "spec", "volumeName"),
        )
        for one in items
    )
    return {one.name: one for one in found}
