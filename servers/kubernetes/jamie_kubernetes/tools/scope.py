"""Which pods a caller means: a namespace, a workload, a selector, a node."""

from collections.abc import Sequence

import msgspec

from jamie_base.errors import Denied, NotFound
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.objects import Named, Pod
from jamie_kubernetes.facts.owners import Owner, owner_of
from jamie_kubernetes.kinds import NODES, PODS, REPLICA_SETS, SERVICES, Kind
from jamie_kubernetes.tools.parts import alternatives, check_namespace
from jamie_kubernetes.tools.targets import RUNS_PODS, Target, find, selector_of, split


class Scope(msgspec.Struct, frozen=True):
    """Which pods are meant, in the API's terms and in words."""

    words: str
    namespace: str = ""
    labels: str = ""
    fields: str = ""
    owner: Owner | None = None

    @property
    def listing(self) -> Listing:
        """Return the list to read."""
        return Listing(PODS, self.namespace, self.labels, self.fields)

    @property
    def is_one_pod(self) -> bool:
        """Tell whether it is a pod, by its name."""
        return self.fields.startswith("metadata.name=")

    @property
    def is_cluster(self) -> bool:
        """Tell whether nothing narrows it."""
        return not (self.namespace or self.labels or self.fields)


async def scope_of(
    cluster: Cluster,
    namespace: str,
    workload: str = "",
    selector: str = "",
    node: str = "",
    *,
    kinds: Sequence[Kind] = RUNS_PODS,
) -> Scope:
    """Find what the arguments name; a bare `workload` is of the first of the `kinds` that has it.

    Raises:
        NotFound: The namespace, workload or node does not exist; the nearest names are offered.
        InvalidArgument: A name is no name, or is in several namespaces.

    """
    await check_namespace(cluster, namespace)
    base = Scope("", namespace)
    if workload:
        base = await _of_target(cluster, await find(cluster, workload, namespace, kinds))
    on = await node_named(cluster, node) if node else ""
    said = [
        base.words,
        f"matching {selector.strip()}" if selector.strip() else "",
        f"on node {on}" if on else "",
        f"in namespace {base.namespace}" if base.namespace else f"in {cluster.access.context}",
    ]
    return Scope(
        words=" ".join(part for part in said if part),
        namespace=base.namespace,
        labels=_joined(base.labels, selector.strip()),
        fields=_joined(base.fields, f"spec.nodeName={on}" if on else ""),
        owner=base.owner,
    )


def _joined(*selectors: str) -> str:
    return ",".join(part for part in selectors if part)


async def pods_of(cluster: Cluster, scope: Scope) -> list[Pod]:
    """Read the pods meant; for scopes that are not a whole cluster."""

    def start() -> _Kept:
        return _Kept(scope.owner)

    return (await cluster.fold(scope.listing, Pod, start)).pods


class _Kept:
    """Keeps the pods of one owner."""

    def __init__(self, owner: Owner | None) -> None:
        self._owner = owner
        self.pods: list[Pod] = []

    def add(self, page: Sequence[Pod]) -> None:
        self.pods += [one for one in page if self._owner in (None, owner_of(one.metadata))]


async def _of_target(cluster: Cluster, target: Target) -> Scope:
    if target.kind == PODS:
        return Scope(f"of {target}", target.namespace, fields=f"metadata.name={target.name}")

    by_owner = target.kind not in (REPLICA_SETS, SERVICES)
    return Scope(
        words=f"of {target}",
        namespace=target.namespace,
        labels=await selector_of(cluster, target),
        owner=target.owner if by_owner else None,
    )


async def node_named(cluster: Cluster, text: str) -> str:
    """Return the name of a node that exists, as far as we may see.

    Raises:
        NotFound: There is none; the nearest names are offered.

    """
    _, name = split(text)
    try:
        await cluster.get(NODES.path("", name), Named)
    except NotFound as exc:
        found = await cluster.all(Listing(NODES), Named)
        names = [one.metadata.name for one in found]
        raise NotFound(f"There is no node {name!r}.{alternatives(name, names)}") from exc
    except Denied as exc:
        if isinstance(exc, Unauthorised):
            raise

    return name
