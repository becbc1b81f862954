"""What arguments of prompts and variables of resources may be: names the cluster has."""

from collections.abc import Iterable, Mapping
from functools import partial

from jamie_base.completions import Completer, Given
from jamie_base.errors import Denied
from jamie_base.resources import text_of
from jamie_base.together import together
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.names import read_names
from jamie_kubernetes.client.objects import Pod
from jamie_kubernetes.facts.containers import containers_in
from jamie_kubernetes.kinds import (
    KINDS,
    NAMESPACES,
    PODS,
    ROLLED,
    SERVICES,
    Kind,
)
from jamie_kubernetes.tools.naming import kind_of


async def _namespaces(cluster: Cluster, given: Given) -> Iterable[str]:
    try:
        return await read_names(cluster, Listing(NAMESPACES))
    except Denied:
        return (cluster.namespace,)


async def _kinds(cluster: Cluster, given: Given) -> Iterable[str]:
    known = [name for kind in KINDS for name in (kind.short, kind.plural)]
    found = (await cluster.kinds()).kinds

    return [*known, *(one.kind.plural for one in found), *(one.full for one in found if one.group)]


async def _names(cluster: Cluster, given: Given) -> Iterable[str]:
    kind, _ = await kind_of(cluster, given.get("kind", ""))

    return await _of_kind(cluster, kind, given)


async def _pods(cluster: Cluster, given: Given) -> Iterable[str]:
    return await _of_kind(cluster, PODS, given)


async def _services(cluster: Cluster, given: Given) -> Iterable[str]:
    return await _of_kind(cluster, SERVICES, given)


async def _workloads(cluster: Cluster, given: Given) -> Iterable[str]:
    found = await together(*(partial(_of_kind, cluster, kind, given) for kind in ROLLED))

    return [
        f"{kind.short}/{name}" for kind, names in zip(ROLLED, found, strict=True) for name in names
    ]


async def _containers(cluster: Cluster, given: Given) -> Iterable[str]:
    name = given.get("pod", "").rpartition("/")[2]
    listing = Listing(PODS, text_of(given.get("namespace", "")), fields=f"metadata.name={name}")

    return containers_in(await cluster.all(listing, Pod)) if name else ()


async def _of_kind(cluster: Cluster, kind: Kind, given: Given) -> Iterable[str]:
    """Return the names in the namespace given; where all may not be seen, in our own."""
    namespace = text_of(given.get("namespace", ""))
    try:
        return await read_names(cluster, Listing(kind, namespace))
    except Denied:
        if namespace or not kind.namespaced:
            raise
        return await read_names(cluster, Listing(kind, cluster.namespace))


completers: Mapping[str, Completer] = {
    "namespace": _namespaces,
    "kind": _kinds,
    "name": _names,
    "pod": _pods,
    "service": _services,
    "workload": _workloads,
    "container": _containers,
}
