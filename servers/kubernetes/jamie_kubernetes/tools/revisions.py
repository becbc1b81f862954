"""The revisions of a workload that can be gone back to, and what its pods were then."""

from collections.abc import Sequence

from jamie_base.errors import InvalidArgument, NotFound
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.objects import Named
from jamie_kubernetes.client.revisions import ControllerRevision, ReplicaSet
from jamie_kubernetes.facts.revisions import Revision, of_controller_revisions, of_replica_sets
from jamie_kubernetes.kinds import CONTROLLER_REVISIONS, DEPLOYMENTS, REPLICA_SETS
from jamie_kubernetes.tools.pairs import check_known
from jamie_kubernetes.tools.targets import Target, selector_of


async def revision_of(cluster: Cluster, target: Target, number: int) -> Revision:
    """Return a revision by number, or for 0 the one before the current.

    Raises:
        NotFound: There is no such revision; those that exist are named.
        InvalidArgument: It is the current one.

    """
    found = await revisions_of(cluster, target)
    if len(found) < 2:
        raise NotFound(f"{target.full} has no earlier revision to go back to.")

    current, *earlier = found
    if number == current.number:
        raise InvalidArgument(f"{target.full} is at revision {number} already.")

    return numbered(earlier, number, target.full) if number else earlier[0]


def numbered(revisions: Sequence[Revision], number: int, whose: str) -> Revision:
    """Return the revision of a number.

    Raises:
        NotFound: There is no such revision; those that exist are named.

    """
    check_known([one.number for one in revisions], number, whose)
    return next(one for one in revisions if one.number == number)


async def revisions_of(cluster: Cluster, target: Target) -> list[Revision]:
    """List the revisions, the current one first."""
    uid = (await cluster.get(target.path, Named)).metadata.uid
    return await read_revisions(cluster, target, uid, await selector_of(cluster, target))


async def read_revisions(cluster: Cluster, target: Target, uid: str, labels: str) -> list[Revision]:
    """List the revisions of a workload whose uid and selector are known, the current one first."""
    if target.kind == DEPLOYMENTS:
        sets = await cluster.all(Listing(REPLICA_SETS, target.namespace, labels), ReplicaSet)
        return of_replica_sets(sets, uid)

    listing = Listing(CONTROLLER_REVISIONS, target.namespace, labels)
    kept = await cluster.all(listing, ControllerRevision)
    return of_controller_revisions(kept, uid, target.kind)
