"""The workloads an object belongs to: those it leads to, scales, guards, or is used by."""

from collections.abc import Iterable, Sequence
from functools import partial

from jamie_base.errors import InvalidArgument
from jamie_base.together import together
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.controllers import Autoscaler
from jamie_kubernetes.client.limits import Budget
from jamie_kubernetes.client.network import Ingress
from jamie_kubernetes.client.objects import Named, Service
from jamie_kubernetes.client.policies import NetworkPolicy
from jamie_kubernetes.client.sending import Object, list_at, text_at
from jamie_kubernetes.facts.graph import Hub
from jamie_kubernetes.facts.owners import owner_of
from jamie_kubernetes.facts.routes import IngressTally
from jamie_kubernetes.facts.selectors import selects, sends_to
from jamie_kubernetes.kinds import (
    AUTOSCALERS,
    BUDGETS,
    CLAIMS,
    CONFIG_MAPS,
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    INGRESSES,
    JOBS,
    NETWORK_POLICIES,
    PODS,
    REPLICA_SETS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    STATEFUL_SETS,
    Kind,
    kind_named,
)
from jamie_kubernetes.tools.parts import Parts
from jamie_kubernetes.tools.targets import Target

HUBS = (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, CRON_JOBS, JOBS)
"""Kinds in the middle of a graph, besides pods of nobody."""

BARE = (*HUBS, SERVICES, INGRESSES, PODS, AUTOSCALERS, CONFIG_MAPS, SECRETS, CLAIMS)
"""Kinds a bare name is tried as, in order."""


async def hubs_of(parts: Parts, target: Target) -> list[Hub]:
    """Return the workloads in the middle of an object's graph; kinds we may not list are gaps.

    Raises:
        InvalidArgument: Objects of this kind have no such graph.

    """
    cluster, kind = parts.cluster, target.kind
    if kind in HUBS:
        return [await _hub(cluster, target)]
    if kind in (PODS, REPLICA_SETS):
        return [await _owner(cluster, target)]
    if kind == AUTOSCALERS:
        return await _scaled(cluster, target)

    every = await _every(parts, target.namespace)
    if kind in (CONFIG_MAPS, SECRETS):
        return [one for one in every if (kind.name, target.name) in _used(one)]
    if kind == CLAIMS:
        return [one for one in every if _claims(one, target.name)]
    if kind == SERVICE_ACCOUNTS:
        return [one for one in every if (one.account or "default") == target.name]

    return await _chosen(cluster, target, every)


async def all_hubs_of(cluster: Cluster, target: Target) -> list[Hub]:
    """Return the workloads in the middle of an object's graph, all of them.

    Raises:
        BackendError: One of the kinds they may be of cannot be listed.

    """
    parts = Parts(cluster, target.namespace)
    hubs = await hubs_of(parts, target)
    for part in parts.parts:
        if part.error:
            raise part.error

    return hubs


async def _chosen(cluster: Cluster, target: Target, every: Sequence[Hub]) -> list[Hub]:
    """Return those whose pods the object selects, itself or through Services."""
    if target.kind == SERVICES:
        return await _behind(cluster, target.namespace, [target.name], every)
    if target.kind == INGRESSES:
        tally = IngressTally()
        tally.add([await cluster.get(target.path, Ingress)])
        return await _behind(cluster, target.namespace, [one.to[1] for one in tally.edges], every)
    if target.kind == BUDGETS:
        chosen = (await cluster.get(target.path, Budget)).spec.selector
        return [one for one in every if selects(chosen, one.labels)]
    if target.kind == NETWORK_POLICIES:
        picked = (await cluster.get(target.path, NetworkPolicy)).spec.pod_selector
        return [one for one in every if selects(picked, one.labels)]

    raise InvalidArgument(
        f"{target} has no such graph; ask for a workload, pod, service, ingress, autoscaler,"
        " budget, network policy, configmap, secret, claim or service account."
    )


async def _behind(
    cluster: Cluster, namespace: str, names: Iterable[str], every: Sequence[Hub]
) -> list[Hub]:
    services = await cluster.all(Listing(SERVICES, namespace), Service)
    wanted = {*names}
    chosen = [one.spec.selector for one in services if one.metadata.name in wanted]
    return [one for one in every if any(sends_to(each, one.labels) for each in chosen)]


async def _hub(cluster: Cluster, target: Target) -> Hub:
    whole = await cluster.get(target.path, Object)
    return Hub(str(target), target.namespace, target.kind.name, whole)


async def _owner(cluster: Cluster, target: Target) -> Hub:
    """Return the workload of a pod or ReplicaSet; a pod of nobody is its own."""
    meta = (await cluster.get(target.path, Named)).metadata
    owner = owner_of(meta)
    kind = kind_named(owner.kind) if owner else None
    if owner is None or kind not in HUBS:
        return await _hub(cluster, target)

    return await _hub(cluster, Target(kind, target.namespace, owner.name))


async def _scaled(cluster: Cluster, target: Target) -> list[Hub]:
    ref = (await cluster.get(target.path, Autoscaler)).spec.scale_target_ref
    kind = kind_named(ref.kind)
    if kind not in HUBS:
        raise InvalidArgument(f"{target} scales {ref.kind[:60]}/{ref.name}, which is not drawn.")

    return [await _hub(cluster, Target(kind, target.namespace, ref.name))]


async def _every(parts: Parts, namespace: str) -> list[Hub]:
    """Read every workload of a namespace, Jobs of CronJobs aside."""

    async def read(kind: Kind) -> list[Hub]:
        found = await parts.cluster.all(Listing(kind, namespace), Object)
        return [
            Hub(f"{kind.short}/{text_at(one, 'metadata', 'name')}", namespace, kind.name, one)
            for one in found
            if not (kind == JOBS and list_at(one, "metadata", "ownerReferences"))
        ]

    kinds = await together(*(partial(parts.ask, kind.plural, partial(read, kind)) for kind in HUBS))
    return [one for part in kinds for one in part.value or ()]


def _used(one: Hub) -> set[tuple[str, str]]:
    return {(use.kind, use.name) for use in one.uses}


def _claims(one: Hub, name: str) -> bool:
    starts = one.claim_templates
    return name in one.claims or any(
        name.startswith(start) and name[len(start) :].isdecimal() for start in starts
    )
