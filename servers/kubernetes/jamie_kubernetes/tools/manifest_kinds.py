"""Which kind a manifest is of: by `apiVersion` and `kind`, as it is written."""

from collections.abc import Sequence

from msgspec import structs

from jamie_base.errors import InvalidArgument, NotFound, did_you_mean
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.discovery import FRESH_SECONDS, ApiKinds
from jamie_kubernetes.facts.manifests import Manifest
from jamie_kubernetes.kinds import ApiKind, Kind, kind_named
from jamie_signals.similar import nearest


async def manifest_kind(cluster: Cluster, manifest: Manifest, others: Sequence[Manifest]) -> Kind:
    """Find the kind of a manifest.

    Raises:
        InvalidArgument: One of the `others` defines it: that one has to be there first.
        NotFound: The cluster has no such kind.

    """
    root = _root(manifest)
    known = kind_named(manifest.kind)
    if known and (known.name, known.root) == (manifest.kind, root):
        return known

    kinds = await cluster.kinds()
    found = _found(kinds, manifest)
    if found is None:
        # It may be newer than what we know.
        kinds = await cluster.kinds(older_than=FRESH_SECONDS)
        found = _found(kinds, manifest)
    if found is None:
        _refuse_defined_here(manifest, others)
        raise NotFound(_unknown(cluster, kinds, manifest))

    # A version that the server does not prefer has the same names, and a path of its own.
    return found.kind if found.kind.root == root else structs.replace(found.kind, root=root)


def _root(manifest: Manifest) -> str:
    grouped = "/" in manifest.api_version

    return f"/apis/{manifest.api_version}" if grouped else f"/api/{manifest.api_version}"


def _group(manifest: Manifest) -> str:
    return manifest.api_version.rpartition("/")[0]


def _found(kinds: ApiKinds, manifest: Manifest) -> ApiKind | None:
    wanted = (manifest.kind, _group(manifest))

    return next((one for one in kinds.kinds if (one.kind.name, one.group) == wanted), None)


def _refuse_defined_here(manifest: Manifest, others: Sequence[Manifest]) -> None:
    for one in others:
        if one.defines(_group(manifest), manifest.kind):
            raise InvalidArgument(
                f"{one} defines the kind {manifest.kind} that {manifest} is of: apply the"
                " definition alone first, then the rest."
            )


def _unknown(cluster: Cluster, kinds: ApiKinds, manifest: Manifest) -> str:
    said = f"{cluster.access.context!r} has no {manifest.kind} of {manifest.api_version}"
    elsewhere = [one for one in kinds.kinds if one.kind.name == manifest.kind]
    if elsewhere:
        versions = [f"{one.group}/{one.version}" if one.group else one.version for one in elsewhere]
        return f"{said} ({manifest}); it has one of {', '.join(versions)}."

    near = nearest(manifest.kind, {one.kind.name for one in kinds.kinds})
    return f"{said} ({manifest}).{did_you_mean(near)}"
