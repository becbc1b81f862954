"""API groups as the server lists them: all at once, or one by one on old servers."""

from collections.abc import Iterator

import msgspec

from jamie_kubernetes.kinds import ApiKind, Kind, known_kind

_TYPE = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"
AGGREGATED = f"{_TYPE.format('v2')},{_TYPE.format('v2beta1')},application/json"
"""Asks for every group in one answer; servers that cannot ignore it."""


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class ResponseKind(_Wire, frozen=True):
    """The kind of the objects a resource holds."""

    kind: str = ""


class Subresource(_Wire, frozen=True):
    """What hangs below an object: `log`, `scale`."""

    subresource: str = ""


class Resource(_Wire, frozen=True):
    """One resource of a version."""

    resource: str
    response_kind: ResponseKind | None = None
    scope: str = ""
    singular_resource: str = ""
    verbs: tuple[str, ...] = ()
    short_names: tuple[str, ...] = ()
    subresources: tuple[Subresource, ...] = ()


class Version(_Wire, frozen=True):
    """One version of a group; `freshness` is Stale where an extension does not answer."""

    version: str
    resources: tuple[Resource, ...] = ()
    freshness: str = ""


class GroupMeta(_Wire, frozen=True):
    """The name of a group; empty for the core."""

    name: str = ""


class Group(_Wire, frozen=True):
    """A group, its versions in order of preference."""

    metadata: GroupMeta
    versions: tuple[Version, ...] = ()


class GroupVersion(_Wire, frozen=True):
    """A version as old servers list it."""

    group_version: str
    version: str

    @property
    def root(self) -> str:
        """Return where its resources are."""
        return f"/apis/{self.group_version}" if "/" in self.group_version else "/api/v1"

    @property
    def group(self) -> str:
        """Return its group, empty for the core."""
        return self.group_version.rpartition("/")[0]


class OldGroup(_Wire, frozen=True):
    """A group as old servers list it."""

    versions: tuple[GroupVersion, ...] = ()
    preferred_version: GroupVersion | None = None

    @property
    def ordered(self) -> list[GroupVersion]:
        """Return its versions, the preferred first."""
        return sorted(self.versions, key=lambda one: one != self.preferred_version)


class Root(_Wire, frozen=True):
    """What `/api` or `/apis` answers, in either form."""

    kind: str = ""
    items: tuple[Group, ...] | None = None
    groups: tuple[OldGroup, ...] = ()
    versions: tuple[str, ...] = ()


class OldResource(_Wire, frozen=True):
    """One resource, or `resource/subresource`."""

    name: str
    kind: str = ""
    singular_name: str = ""
    namespaced: bool = False
    verbs: tuple[str, ...] = ()
    short_names: tuple[str, ...] = ()


class OldResources(_Wire, frozen=True):
    """The resources of one version, as old servers list them."""

    resources: tuple[OldResource, ...] = ()


def from_group(group: Group) -> Iterator[ApiKind]:
    """Yield the kinds of a group, each in the version the server prefers."""
    seen: set[str] = set()
    for version in group.versions:
        for one in version.resources:
            if one.resource not in seen:
                seen.add(one.resource)
                yield _kind(group.metadata.name, version.version, one)


def from_old(version: GroupVersion, listed: OldResources) -> Iterator[ApiKind]:
    """Yield the kinds of a version."""
    below: dict[str, list[Subresource]] = {}
    for one in listed.resources:
        plural, slash, sub = one.name.partition("/")
        if slash:
            below.setdefault(plural, []).append(Subresource(sub))

    for one in listed.resources:
        if "/" not in one.name:
            resource = Resource(
                resource=one.name,
                response_kind=ResponseKind(one.kind),
                scope="Namespaced" if one.namespaced else "Cluster",
                singular_resource=one.singular_name,
                verbs=one.verbs,
                short_names=one.short_names,
                subresources=tuple(below.get(one.name, ())),
            )
            yield _kind(version.group, version.version, resource)


def _kind(group: str, version: str, one: Resource) -> ApiKind:
    kind = Kind(
        name=one.response_kind.kind if one.response_kind else one.resource,
        plural=one.resource,
        root=f"/apis/{group}/{version}" if group else f"/api/{version}",
        namespaced=one.scope != "Cluster",
        shorts=one.short_names,
    )
    return ApiKind(
        kind=known_kind(kind) or kind,
        group=group,
        version=version,
        singular=one.singular_resource,
        shorts=one.short_names,
        verbs=one.verbs,
        subresources=tuple(each.subresource for each in one.subresources),
    )
