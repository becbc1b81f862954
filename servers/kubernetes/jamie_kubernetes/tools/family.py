"""An object and what it made: a Deployment's ReplicaSets and Pods, a CronJob's Jobs and theirs."""

from collections.abc import Sequence

import msgspec

from jamie_base.errors import Denied
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.objects import Event, Meta, Named
from jamie_kubernetes.facts.owners import Owner, owner_by_name, owner_of
from jamie_kubernetes.kinds import (
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    REPLICA_SETS,
    STATEFUL_SETS,
    Kind,
    kind_named,
)
from jamie_kubernetes.tools.targets import Target, find

CHILDREN: dict[Kind, tuple[Kind, ...]] = {
    DEPLOYMENTS: (REPLICA_SETS, PODS),
    REPLICA_SETS: (PODS,),
    STATEFUL_SETS: (PODS,),
    DAEMON_SETS: (PODS,),
    JOBS: (PODS,),
    CRON_JOBS: (JOBS, PODS),
}

BARE = (PODS, DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, JOBS, CRON_JOBS)
"""Kinds a bare name is tried as, in order."""

Member = tuple[str, str]
"""Kind and name, the kind in small letters."""


class Family(msgspec.Struct, frozen=True):
    """An object and its children; without an object, everything in the namespace."""

    object: str
    namespace: str
    owner: Owner | None = None
    members: frozenset[Member] = frozenset()

    def includes(self, event: Event) -> bool:
        """Tell whether an event is about the object or a child, also one that is gone."""
        about = event.involved_object
        if (about.kind.lower(), about.name) in self.members:
            return True
        if self.owner is None:
            return False

        # The pods of all but Deployments and CronJobs tell their owner's name, not its kind.
        return owner_by_name(about) in (self.owner, Owner("", self.owner.name))


class _Children:
    """Keeps the names of what an owner made."""

    def __init__(self, kind: Kind, owner: Owner) -> None:
        self._kind = kind.name.lower()
        self._owner = owner
        self.names: set[Member] = set()

    def add(self, page: Sequence[Named]) -> None:
        self.names |= {
            (self._kind, one.metadata.name) for one in page if self._is_child(one.metadata)
        }

    def _is_child(self, meta: Meta) -> bool:
        direct = any(
            (ref.kind, ref.name) == (self._owner.kind, self._owner.name)
            for ref in meta.owner_references
        )
        return direct or owner_of(meta) == self._owner


async def family_of(cluster: Cluster, text: str, namespace: str) -> Family:
    """Find an object and its children; of a kind we do not know, its events are taken by name.

    Raises:
        NotFound: It does not exist; the nearest names are offered.
        InvalidArgument: It is no name, or in several namespaces.

    """
    kind_text, slash, name = text.strip().rpartition("/")
    if slash and kind_named(kind_text) is None:
        kind = kind_text.partition(".")[0].lower()
        members = {(kind, name), (kind.removesuffix("s"), name), (kind.removesuffix("es"), name)}
        return Family(text.strip(), namespace, members=frozenset(members))

    target = await find(cluster, text, namespace, BARE)
    members = {(target.kind.name.lower(), target.name)}
    for kind in CHILDREN.get(target.kind, ()):
        members |= await _children(cluster, target, kind)

    return Family(
        str(target),
        target.namespace,
        owner=target.owner if target.kind in CHILDREN else None,
        members=frozenset(members),
    )


async def _children(cluster: Cluster, target: Target, kind: Kind) -> set[Member]:
    listing = Listing(kind, target.namespace)
    try:
        found = await cluster.fold(listing, Named, lambda: _Children(kind, target.owner))
    except Denied:
        # Their events are still found by the names Kubernetes generates.
        return set()

    return found.names
