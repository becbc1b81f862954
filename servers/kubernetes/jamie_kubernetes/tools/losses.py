"""What a deletion takes with it, asked of the cluster before it is agreed to."""

from collections.abc import Sequence
from functools import partial

from jamie_base.errors import NotFound
from jamie_base.text import count
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.limits import Budget
from jamie_kubernetes.client.objects import Named
from jamie_kubernetes.client.sending import Object, list_at, mapping_at, text_at
from jamie_kubernetes.client.volumes import ClaimingPod
from jamie_kubernetes.facts.removals import (
    MISSED,
    content_line,
    fate_lines,
    heir_lines,
    missed_lines,
    pod_lines,
    unseen_line,
)
from jamie_kubernetes.kinds import (
    BUDGETS,
    CLAIMS,
    DAEMON_SETS,
    DEPLOYMENTS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICA_SETS,
    STATEFUL_SETS,
    VOLUMES,
    Kind,
)
from jamie_kubernetes.tools.callers import caller_lines
from jamie_kubernetes.tools.dependents import census, search
from jamie_kubernetes.tools.hubs import all_hubs_of
from jamie_kubernetes.tools.parts import Part, Parts, why_of
from jamie_kubernetes.tools.removing import Removal

_SERVING = (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, REPLICA_SETS)
_DEFINITIONS = "customresourcedefinitions"
_SHOWN = 3


async def losses(cluster: Cluster, removal: Removal, whole: Object) -> list[str]:
    """Say what goes with an object, what stays, and who makes it again."""
    target = removal.target
    parts = Parts(cluster, target.namespace)
    work = partial(_special, cluster, removal, whole)
    special = parts.plan(f"what {target.kind.name} means", work)
    heirs = parts.plan("what it owns", partial(_heirs, cluster, removal, whole))
    await parts.fill()

    return [
        *fate_lines(whole),
        *(heirs.value or []),
        *(special.value or []),
        *unseen_line(_why(part) for part in parts.parts if part.error),
    ]


async def _heirs(cluster: Cluster, removal: Removal, whole: Object) -> list[str]:
    if removal.target.kind in (NAMESPACES, NODES):
        # What is in a namespace or on a node is counted, not owned.
        return []

    found = await search(cluster, removal.target, text_at(whole, "metadata", "uid"))
    return [*heir_lines(found.heirs, removal.propagation), *unseen_line(found.unseen)]


async def _special(cluster: Cluster, removal: Removal, whole: Object) -> list[str]:
    target = removal.target
    if target.kind == PODS:
        budgets = await _budgets(cluster, target.namespace)
        return pod_lines(whole, budgets, force=removal.force)
    if target.kind == NAMESPACES:
        found = await census(cluster, target.name)
        return [content_line(found.kinds), *unseen_line(found.unseen)]
    if target.kind == NODES:
        return await _on_node(cluster, target.name)
    if target.kind in _SERVING:
        return await _workload(cluster, removal, whole)
    if target.kind == CLAIMS:
        return [
            *await _volume(cluster, whole),
            *await _users(cluster, target.namespace, target.name),
        ]
    if target.kind == VOLUMES:
        return _claimed(whole)
    if target.kind in MISSED:
        return missed_lines([hub.name for hub in await all_hubs_of(cluster, target)], target.kind)
    if target.kind.plural == _DEFINITIONS:
        return await _instances(cluster, whole)

    return []


async def _budgets(cluster: Cluster, namespace: str) -> list[Budget]:
    try:
        return await cluster.all(Listing(BUDGETS, namespace), Budget)
    except NotFound:
        # A server without that API has no budgets.
        return []


async def _on_node(cluster: Cluster, name: str) -> list[str]:
    pods = await cluster.all(Listing(PODS, fields=f"spec.nodeName={name}", bare=True), Named)
    again = "A kubelet that still runs adds the node again."
    if not pods:
        return ["No pod runs on it.", again]

    return [
        f"{count('pod', len(pods))} on it will be removed with it; k8s_node action=drain moves them"
        " first.",
        again,
    ]


async def _workload(cluster: Cluster, removal: Removal, whole: Object) -> list[str]:
    space = removal.target.namespace
    kept = await _kept_claims(cluster, space, whole)
    if removal.propagation == "orphan":
        return kept

    labels = mapping_at(whole, "spec", "template", "metadata", "labels")
    return [*await caller_lines(cluster, space, labels), *kept]


async def _kept_claims(cluster: Cluster, namespace: str, whole: Object) -> list[str]:
    policy = text_at(whole, "spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted")
    name = text_at(whole, "metadata", "name")
    templates = list_at(whole, "spec", "volumeClaimTemplates")
    prefixes = tuple(f"{text_at(one, 'metadata', 'name')}-{name}-" for one in templates)
    if policy == "Delete" or not prefixes:
        return []

    claims = await cluster.all(Listing(CLAIMS, namespace, bare=True), Named)
    kept = [one for one in claims if one.metadata.name.startswith(prefixes)]
    return [f"{count('volume claim', len(kept))} of it stay, with their data."] if kept else []


async def _volume(cluster: Cluster, claim: Object) -> list[str]:
    name = text_at(claim, "spec", "volumeName")
    if not name:
        return ["It is bound to no volume."]

    volume = await cluster.get(VOLUMES.path("", name), Object)
    if text_at(volume, "spec", "persistentVolumeReclaimPolicy") == "Delete":
        return [f"Its volume {name} is deleted with it (reclaim policy Delete): the data is lost."]

    return [f"Its volume {name} stays with the data, released; somebody has to reclaim it."]


async def _users(cluster: Cluster, namespace: str, claim: str) -> list[str]:
    found = await cluster.fold(Listing(PODS, namespace), ClaimingPod, partial(_Users, claim))
    if not found.names:
        return []

    shown = ", ".join(found.names[:_SHOWN])
    return [f"Used by {count('pod', len(found.names))} ({shown}): it stays until they are gone."]


def _claimed(volume: Object) -> list[str]:
    claim = "/".join(text_at(volume, "spec", "claimRef", key) for key in ("namespace", "name"))

    return [f"Bound to the claim {claim}: it stays until that is gone."] if claim != "/" else []


async def _instances(cluster: Cluster, definition: Object) -> list[str]:
    versions = list_at(definition, "spec", "versions")
    stored = next((one for one in versions if one.get("storage")), Object())
    group, plural = (
        text_at(definition, "spec", "group"),
        text_at(definition, "spec", "names", "plural"),
    )
    kind = Kind(
        text_at(definition, "spec", "names", "kind"),
        plural,
        f"/apis/{group}/{text_at(stored, 'name')}",
    )
    number = await cluster.count(Listing(kind))

    return [f"Every {kind.name} in the cluster goes with it: {count('object', number)}."]


def _why(part: Part[object]) -> str:
    return f"{part.name} ({why_of(part.error)})" if part.error else part.name


class _Users:
    """Keeps the names of the pods that use a claim."""

    def __init__(self, claim: str) -> None:
        self._claim = claim
        self.names: list[str] = []

    def add(self, page: Sequence[ClaimingPod]) -> None:
        self.names += [one.metadata.name for one in page if self._claim in one.claims]
