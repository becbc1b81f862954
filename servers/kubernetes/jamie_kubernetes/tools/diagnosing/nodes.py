"""Nodes: how they stand, what happened to them, and who is on them."""

from collections.abc import Sequence
from functools import partial

import msgspec

from jamie_base.errors import BackendError, NotFound
from jamie_base.together import pair, together
from jamie_base.when import Nanoseconds, nanoseconds
from jamie_kubernetes.client import Listing
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.control import Lease
from jamie_kubernetes.client.objects import Event, Pod
from jamie_kubernetes.facts.causes.node_causes import Around
from jamie_kubernetes.facts.causes.node_groups import full_finding, told_together
from jamie_kubernetes.facts.causes.nodes import node_findings
from jamie_kubernetes.facts.causes.tenants import Tenants
from jamie_kubernetes.facts.event_index import EventIndex
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.happenings import EVENT_WINDOW_NS
from jamie_kubernetes.facts.nodes import BAD, is_ready
from jamie_kubernetes.facts.room import Taken
from jamie_kubernetes.kinds import EVENTS, LEASES, PODS
from jamie_kubernetes.tools.diagnosing.round import Report, Round

NODES_LOOKED_INTO = 10
"""On how many sick nodes the pods are read, to tell whom they hurt."""

_LEASE_SPACE = "kube-node-lease"
# Events about what is in no namespace are kept in this one.
_EVENT_SPACE = "default"


class _Known(msgspec.Struct, frozen=True):
    """What was read about all nodes."""

    version: str
    taken: Taken | None
    events: EventIndex
    renewed: dict[str, Nanoseconds]
    tenants: dict[str, Tenants]


async def examine(round_: Round, report: Report) -> None:
    """Report nodes with trouble; about a namespace, only those its pods are on."""
    hosts = await round_.nodes()
    if not hosts:
        return

    survey = await round_.pods()
    taken = survey.crowd.taken if survey else None
    ours = [one for one in hosts if _is_ours(round_, one, taken)]
    known = await _known(round_, ours, taken)
    found = [
        one
        for host in ours
        for one in node_findings(host, _around(round_, host, known))
        if not round_.namespace or one.severity < Harm.RISK
    ]
    for one in told_together(found, hosts):
        report(one)
    if taken and not round_.namespace and (full := full_finding(hosts, taken)):
        report(full)


def _is_ours(round_: Round, host: Host, taken: Taken | None) -> bool:
    return not round_.namespace or bool(taken and taken.of(host.metadata.name).pods)


async def _known(round_: Round, hosts: Sequence[Host], taken: Taken | None) -> _Known:
    sick = [one.metadata.name for one in hosts if _is_sick(one)][:NODES_LOOKED_INTO]
    (version, events), (renewed, tenants) = await pair(
        partial(pair, partial(_version, round_), partial(_events, round_)),
        partial(pair, partial(_leases, round_), partial(_all_tenants, round_, sick)),
    )
    return _Known(version, taken, events, renewed, tenants)


def _around(round_: Round, host: Host, known: _Known) -> Around:
    name = host.metadata.name
    tenants = known.tenants.get(name)
    happened = known.events.about("", "Node", name)
    return Around(
        now_ns=round_.now_ns,
        api_version=known.version,
        pods=tenants.pods if tenants else known.taken.of(name).pods if known.taken else 0,
        counted=tenants is not None or known.taken is not None,
        unready=tenants.unready if tenants else 0,
        owners=tenants.owners if tenants else (),
        warnings=[one for one in happened if one.type == "Warning"],
        notes=[one for one in happened if one.type != "Warning"],
        renewed_ns=known.renewed.get(name, 0),
    )


def _is_sick(host: Host) -> bool:
    bad = any(one.status == "True" and BAD.search(one.type) for one in host.status.conditions)
    return bad or not is_ready(host)


async def _version(round_: Round) -> str:
    try:
        return await round_.cluster.version()
    except Unauthorised:
        raise
    except BackendError:
        return ""


async def _events(round_: Round) -> EventIndex:
    def start() -> EventIndex:
        return EventIndex(round_.now_ns - EVENT_WINDOW_NS)

    try:
        listing = Listing(EVENTS, _EVENT_SPACE, fields="involvedObject.kind=Node")
        return await round_.cluster.fold(listing, Event, start)
    except Unauthorised:
        raise
    except BackendError as exc:
        round_.unread("events of nodes", exc)
        return start()


async def _leases(round_: Round) -> dict[str, Nanoseconds]:
    if round_.namespace:
        return {}

    try:
        leases = await round_.cluster.all(Listing(LEASES, _LEASE_SPACE), Lease)
    except Unauthorised:
        raise
    except NotFound:
        return {}
    except BackendError as exc:
        round_.unread("leases of nodes", exc)
        return {}

    return {
        one.metadata.name: nanoseconds(one.spec.renew_time) for one in leases if one.spec.renew_time
    }


async def _all_tenants(round_: Round, nodes: Sequence[str]) -> dict[str, Tenants]:
    found = await together(*(partial(_tenants, round_, one) for one in nodes))
    return {name: one for name, one in zip(nodes, found, strict=True) if one is not None}


async def _tenants(round_: Round, node: str) -> Tenants | None:
    listing = Listing(PODS, round_.namespace, fields=f"spec.nodeName={node}")
    try:
        return await round_.cluster.fold(listing, Pod, Tenants)
    except Unauthorised:
        raise
    except BackendError:
        return None
