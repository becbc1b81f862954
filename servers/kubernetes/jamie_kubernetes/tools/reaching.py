"""May one workload reach another: NetworkPolicies asked offline."""

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from jamie_base.errors import BackendError, InvalidArgument
from jamie_base.together import pair, together
from jamie_kubernetes.answers_graph import Reach
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.control import Space
from jamie_kubernetes.client.network import ContainerPort, NetService
from jamie_kubernetes.client.policies import NetworkPolicy
from jamie_kubernetes.client.sending import list_at
from jamie_kubernetes.facts.graph import Hub
from jamie_kubernetes.facts.policies import Gate, Peer, Verdict, may_reach
from jamie_kubernetes.kinds import NAMESPACES, NETWORK_POLICIES, PODS, SERVICES
from jamie_kubernetes.tools.anything import object_named
from jamie_kubernetes.tools.hubs import hubs_of
from jamie_kubernetes.tools.parts import Parts, check_namespace
from jamie_kubernetes.tools.targets import RUNS_PODS, Target

MOST = 5


async def reaches(parts: Parts, hubs: Sequence[Hub], to: str) -> tuple[Reach, ...]:
    """Tell whether workloads may reach `[NAMESPACE/]KIND/NAME[:PORT]`.

    Raises:
        InvalidArgument: It is not of that form, or nothing listens there.
        NotFound: It does not exist; the nearest names are offered.

    """
    cluster = parts.cluster
    home, name, port = _read(to)
    where = home or parts.namespace
    await check_namespace(cluster, where)
    target = await object_named(cluster, name, where, (SERVICES, *RUNS_PODS, PODS))
    ends = await hubs_of(parts, target)
    if not ends:
        raise InvalidArgument(f"No workload is behind {target.full}: nothing can be reached there.")

    gates = await _gates(cluster, target, port)
    spaces = {one.namespace for one in (*hubs, ends[0])}
    part = f"whether it may reach {target.full} (NetworkPolicies)"
    policies, labels = await pair(
        partial(parts.ask, part, partial(_policies, cluster, spaces)),
        partial(_labels, cluster, spaces),
    )
    if policies.value is None:
        return ()

    end = _peer(ends[0], labels)
    return tuple(
        _told(one, target, gate, may_reach(policies.value, _peer(one, labels), end, gate))
        for one in hubs[:MOST]
        for gate in gates or _listening(end)
    )


def _read(to: str) -> tuple[str, str, str]:
    """Read namespace, object and port."""
    path, _, port = to.strip().partition(":")
    parts = path.split("/")
    if len(parts) > 3 or not all(parts):
        raise InvalidArgument(
            f"{to[:80]!r} is nothing to reach; write svc/db, data/svc/db or deploy/db:5432."
        )

    home = parts[0] if len(parts) == 3 else ""
    return home, "/".join(parts[-2:]), port


async def _gates(cluster: Cluster, target: Target, port: str) -> list[Gate]:
    """Return the ports that are meant: a Service's are those of its pods."""
    if target.kind != SERVICES:
        return [Gate(int(port) if port.isdecimal() else port)] if port else []

    ports = (await cluster.get(target.path, NetService)).spec.ports
    chosen = [one for one in ports if port in ("", str(one.port), one.name)]
    if not chosen:
        known = ", ".join(str(one.port) for one in ports[:8]) or "none"
        raise InvalidArgument(f"{target} has no port {port!r}; it has {known}.")

    return [Gate(one.target_port or one.port, one.protocol) for one in chosen]


def _listening(peer: Peer) -> list[Gate]:
    """Return the ports that pods declare, or one of no number where they declare none."""
    return [Gate(one.container_port, one.protocol) for one in peer.ports] or [Gate(0)]


def _peer(hub: Hub, labels: Mapping[str, Mapping[str, str]]) -> Peer:
    containers = [list_at(one, "ports") for one in list_at(hub.template, "spec", "containers")]
    ports = msgspec.convert([port for each in containers for port in each], list[ContainerPort])
    return Peer(hub.namespace, hub.labels, labels.get(hub.namespace), tuple(ports))


def _told(hub: Hub, target: Target, gate: Gate, verdict: Verdict) -> Reach:
    port = "" if gate.port == 0 else f"{gate.port}{'' if gate.protocol == 'TCP' else '/UDP'}"
    return Reach(hub.name, target.full, port, verdict.allowed, verdict.why)


async def _policies(cluster: Cluster, namespaces: set[str]) -> list[NetworkPolicy]:
    found = await together(
        *(
            partial(cluster.all, Listing(NETWORK_POLICIES, one), NetworkPolicy)
            for one in sorted(namespaces)
        )
    )
    return [one for each in found for one in each]


async def _labels(cluster: Cluster, namespaces: set[str]) -> dict[str, Mapping[str, str]]:
    """Return the labels of the namespaces we may see."""
    found: dict[str, Mapping[str, str]] = {}
    for one in namespaces:
        try:
            space = await cluster.get(NAMESPACES.path("", one), Space)
        except Unauthorised:
            raise
        except BackendError:
            continue
        found[one] = space.metadata.labels

    return found
