"""The revisions of a workload that can be gone back to, and what its pods were then."""

import msgspec

from jamie_base.errors import InvalidArgument, NotFound
from jamie_base.text import join_words
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.sending import Object, list_at, mapping_at, part, text_at
from jamie_kubernetes.kinds import CONTROLLER_REVISIONS, DEPLOYMENTS, REPLICA_SETS
from jamie_kubernetes.tools.targets import Target, selector_of

_REVISION = "deployment.kubernetes.io/revision"
_HASH = "pod-template-hash"


class Revision(msgspec.Struct, frozen=True):
    """A revision and its pod template."""

    number: int
    template: Object


async def revision_of(cluster: Cluster, target: Target, number: int) -> Revision:
    """Return a revision by number, or for 0 the one before the current.

    Raises:
        NotFound: There is no such revision; those that exist are named.
        InvalidArgument: It is the current one.

    """
    found = await _revisions(cluster, target)
    if len(found) < 2:
        raise NotFound(f"{target.full} has no earlier revision to go back to.")

    current, *earlier = found
    if number == current.number:
        raise InvalidArgument(f"{target.full} is at revision {number} already.")

    wanted = [one for one in earlier if number in (0, one.number)]
    if not wanted:
        known = join_words([str(one.number) for one in earlier[:20]])
        raise NotFound(f"{target.full} has no revision {number}; there are {known}.")

    return wanted[0]


async def _revisions(cluster: Cluster, target: Target) -> list[Revision]:
    """List the revisions, the current one first."""
    kind = REPLICA_SETS if target.kind == DEPLOYMENTS else CONTROLLER_REVISIONS
    uid = text_at(await cluster.get(target.path, Object), "metadata", "uid")
    labels = await selector_of(cluster, target)
    items = await cluster.all(Listing(kind, target.namespace, labels), Object)
    ours = [one for one in items if _owner_uid(one) == uid]
    read = _of_replica_set if kind == REPLICA_SETS else _of_controller_revision
    found = [revision for one in ours if (revision := read(one))]

    return sorted(found, key=lambda one: one.number, reverse=True)


def _owner_uid(one: Object) -> str:
    owners = list_at(one, "metadata", "ownerReferences")
    return next((text_at(ref, "uid") for ref in owners if ref.get("controller")), "")


def _of_replica_set(one: Object) -> Revision | None:
    number = mapping_at(one, "metadata", "annotations").get(_REVISION)
    if not isinstance(number, str) or not number.isdigit():
        return None

    template = mapping_at(one, "spec", "template")
    about = mapping_at(template, "metadata")
    labels = {key: value for key, value in mapping_at(about, "labels").items() if key != _HASH}

    return Revision(int(number), {**template, "metadata": {**about, "labels": labels}})


def _of_controller_revision(one: Object) -> Revision | None:
    number = part(one, "revision")
    template = mapping_at(one, "data", "spec", "template")
    if not isinstance(number, int) or not template:
        return None

    return Revision(number, {key: value for key, value in template.items() if key != "$patch"})
