"""Names as kubectl takes them: `deploy/web`, `po/x`, or a bare name."""

from collections.abc import Sequence

import msgspec

from jamie_base.errors import BackendError, Denied, InvalidArgument, NotFound, did_you_mean
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.names import read_names
from jamie_kubernetes.client.objects import LabelSelector, Named, Service, Workload
from jamie_kubernetes.facts.owners import Owner
from jamie_kubernetes.kinds import (
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    JOBS,
    NAME,
    REPLICA_SETS,
    SERVICES,
    STATEFUL_SETS,
    Kind,
    kind_named,
    kind_names,
)
from jamie_kubernetes.tools.parts import alternatives
from jamie_signals.similar import nearest

RUNS_PODS = (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, JOBS, CRON_JOBS, REPLICA_SETS)
"""Kinds whose pods we find by owner, in the order in which a bare name is tried."""

_OPERATORS = {"In": "in", "NotIn": "notin"}


class Target(msgspec.Struct, frozen=True):
    """An object that exists: its kind, namespace and name."""

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.short}/{self.name}"

    @property
    def full(self) -> str:
        """Return how we print it where its namespace matters: `shop/deploy/web`."""
        return f"{self.namespace}/{self}" if self.namespace else str(self)

    @property
    def path(self) -> str:
        """Return its path in the API."""
        return self.kind.path(self.namespace, self.name)

    @property
    def owner(self) -> Owner:
        """Return how its pods name it."""
        return Owner(self.kind.name, self.name)


def split(text: str) -> tuple[Kind | None, str]:
    """Read `kind/name` or a bare name.

    Raises:
        InvalidArgument: The kind is not one we know, or the name cannot be one.

    """
    kind_text, slash, name = text.strip().rpartition("/")
    if not NAME.fullmatch(name):
        raise InvalidArgument(f"{text!r} is not a name; write deploy/web, pod/web-0 or web-0.")
    if not slash:
        return None, name

    kind = kind_named(kind_text)
    if kind is None:
        near = did_you_mean(nearest(kind_text, kind_names(), n=2))
        raise InvalidArgument(
            f"{kind_text!r} is not a kind we know here.{near} k8s_get and k8s_patch take any kind."
        )

    return kind, name


async def find(cluster: Cluster, text: str, namespace: str, kinds: Sequence[Kind]) -> Target:
    """Find the object a caller names, of one of the `kinds` when they do not say.

    Without a namespace our own is looked at first, then all.

    Raises:
        InvalidArgument: The name is in several namespaces.
        NotFound: There is none; the nearest names are offered.

    """
    kind, name = split(text)

    return await locate(cluster, (kind,) if kind else tuple(kinds), name, namespace)


async def locate(cluster: Cluster, kinds: Sequence[Kind], name: str, namespace: str) -> Target:
    """Find the object of a name that is of one of the kinds, tried in order.

    Raises:
        InvalidArgument: The name is in several namespaces.
        NotFound: There is none; the nearest names are offered.
        OffLimits: The kind, or the namespace, is not in reach.

    """
    in_reach = [one for one in kinds if cluster.fence.has(one)] or kinds
    for one in in_reach:
        places = await _places(cluster, one, name, namespace)
        if len(places) > 1:
            raise InvalidArgument(
                f"{one.short}/{name} is in {len(places)} namespaces:"
                f" {', '.join(places[:12])}; say which with namespace."
            )
        if places:
            return Target(one, places[0], name)

    kept_out = [one.plural for one in kinds if one not in in_reach]
    barred = f" Not looked at, off limits here: {', '.join(kept_out)}." if kept_out else ""
    raise NotFound(f"{await _missing(cluster, in_reach, name, namespace)}{barred}")


async def selector_of(cluster: Cluster, target: Target) -> str:
    """Return the label selector that finds the pods of a workload or Service; empty: none does.

    Raises:
        InvalidArgument: A Service without a selector.

    """
    path = target.kind.path(target.namespace, target.name)
    if target.kind == SERVICES:
        chosen = (await cluster.get(path, Service)).spec.selector
        if not chosen:
            raise InvalidArgument(f"{target} has no selector, so no pods of its own.")
        return joined(LabelSelector(match_labels=chosen))
    if target.kind == CRON_JOBS:
        return ""

    return joined((await cluster.get(path, Workload)).spec.selector)


def joined(selector: LabelSelector) -> str:
    """Write a selector as the API takes it in a query."""
    parts = [f"{key}={value}" for key, value in selector.match_labels.items()]
    for one in selector.match_expressions:
        match one.operator:
            case "Exists":
                parts.append(one.key)
            case "DoesNotExist":
                parts.append(f"!{one.key}")
            case _:
                parts.append(f"{one.key} {_OPERATORS[one.operator]} ({','.join(one.values)})")

    return ",".join(parts)


async def _places(cluster: Cluster, kind: Kind, name: str, namespace: str) -> list[str]:
    """Return the namespaces that have an object of this name; our own alone if it is there."""
    if namespace or not kind.namespaced:
        place = namespace if kind.namespaced else ""
        return [place] if await _exists(cluster, kind, name, place) else []

    own = cluster.namespace
    try:
        found = await cluster.all(Listing(kind, fields=f"metadata.name={name}"), Named)
    except Denied as exc:
        if isinstance(exc, Unauthorised):
            raise
        return [own] if await _exists(cluster, kind, name, own) else []

    # Some extensions ignore field selectors.
    places = sorted(one.metadata.namespace for one in found if one.metadata.name == name)
    return [own] if own in places else places


async def _exists(cluster: Cluster, kind: Kind, name: str, namespace: str) -> bool:
    try:
        await cluster.get(kind.path(namespace, name), Named)
    except NotFound:
        return False

    return True


async def _missing(cluster: Cluster, kinds: Sequence[Kind], name: str, namespace: str) -> str:
    where = f" in namespace {namespace!r}" if namespace else " in any namespace we may see"
    where = where if any(one.namespaced for one in kinds) else ""
    what = f"{kinds[0].short}/{name}" if len(kinds) == 1 else f"pod or workload {name!r}"
    found = {kind: await _names(cluster, kind, namespace) for kind in kinds}
    near = nearest(name, {one for names in found.values() for one in names})
    if len(kinds) == 1 or not near:
        offer = alternatives(name, [one for names in found.values() for one in names])
        return f"There is no {what}{where}.{offer}"

    full = [f"{kind.short}/{one}" for one in near for kind in kinds if one in found[kind]]
    return f"There is no {what}{where}.{did_you_mean(full[:3])}"


async def _names(cluster: Cluster, kind: Kind, namespace: str) -> list[str]:
    try:
        return await read_names(cluster, Listing(kind, namespace))
    except BackendError:
        return []
