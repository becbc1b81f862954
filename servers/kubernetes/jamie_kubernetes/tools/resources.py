"""Objects, their events and their logs as resources; objects can be subscribed to."""

from collections.abc import AsyncGenerator

import anyio
import msgspec

from jamie_base.errors import Denied, InvalidArgument
from jamie_base.resources import NONE, Resources, text_of
from jamie_kubernetes.answers import EventList, LogReport
from jamie_kubernetes.answers_get import Objects
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.cluster import Held
from jamie_kubernetes.client.versioned import VersionedNamed
from jamie_kubernetes.client.watching import watching
from jamie_kubernetes.kinds import NAME, PODS, SERVICES, Kind
from jamie_kubernetes.render.events import events
from jamie_kubernetes.render.get import objects
from jamie_kubernetes.render.logs import logs
from jamie_kubernetes.tools.events import k8s_events
from jamie_kubernetes.tools.get import k8s_get
from jamie_kubernetes.tools.logs import k8s_logs
from jamie_kubernetes.tools.naming import kind_of
from jamie_kubernetes.tools.targets import RUNS_PODS
from jamie_kubernetes.tools.toolset import Backend, Marks

OBJECT = "k8s://{context}/{namespace}/{kind}/{name}"

LOOK_SECONDS = 10.0
"""How often an object is looked at that may not be watched."""

GONE = "gone"


resources = Resources("k8s", chooser="context")


class Place(msgspec.Struct, frozen=True):
    """Where an object is, or would be."""

    kind: Kind
    namespace: str
    name: str


async def place_of(cluster: Cluster, namespace: str, kind: str, name: str) -> Place:
    """Find what the parts of a URI mean.

    Raises:
        InvalidArgument: They cannot be names, or the kind is in no namespace, or in one.
        NotFound: The cluster has no such kind.

    """
    space = text_of(namespace)
    for what, text in (("namespace", space or "x"), ("kind", kind), ("name", name)):
        if not NAME.fullmatch(text):
            raise InvalidArgument(
                f"{text[:80]!r} cannot be the {what} of a resource; write {OBJECT}, with {NONE} as"
                " the namespace of what is in none."
            )

    found, _ = await kind_of(cluster, kind)
    if found.namespaced and not space:
        raise InvalidArgument(
            f"{found.plural} are in namespaces: write the namespace instead of {NONE}."
        )
    if space and not found.namespaced:
        raise InvalidArgument(
            f"{found.plural} are in no namespace: write {NONE} instead of {space!r}."
        )

    return Place(found, space, name)


async def versions(
    cluster: Cluster, *, namespace: str, kind: str, name: str
) -> AsyncGenerator[str]:
    """Give the object's version, and each new one; what is not there has a version, too."""
    place = await place_of(cluster, namespace, kind, name)
    listing = Listing(place.kind, place.namespace, fields=f"metadata.name={name}", bare=True)
    held = Held[VersionedNamed]
    found, start = await cluster.snapshot(listing, VersionedNamed, held)
    # Some extensions ignore field selectors.
    yield next((_version(one) for one in found if one.metadata.name == name), GONE)

    try:
        async with watching(cluster, listing, VersionedNamed, start) as changes:
            async for change in changes:
                if change.object and change.object.metadata.name == name:
                    yield GONE if change.kind == "DELETED" else _version(change.object)
    except Denied:
        await anyio.sleep(LOOK_SECONDS)


@resources.reads(OBJECT, objects, title="A Kubernetes object", watch=versions)
async def k8s_object(
    cluster: Backend, marks: Marks, namespace: str, kind: str, name: str
) -> Objects:
    """Show one object as k8s_get does, Secrets as marks.

    `-` is the namespace of what is in none (k8s://lab/-/node/n1), and the default context. Can be
    subscribed to: it is told when the object changes, comes or goes.
    """
    place = await place_of(cluster, namespace, kind, name)

    return await k8s_get(cluster, marks, what=f"{kind}/{name}", namespace=place.namespace)


@resources.reads(f"{OBJECT}/events", events, title="Events of an object")
async def k8s_object_events(cluster: Backend, namespace: str, kind: str, name: str) -> EventList:
    """Show the last hour's events of an object and its children, as k8s_events does."""
    place = await place_of(cluster, namespace, kind, name)

    return await k8s_events(
        cluster, namespace=place.namespace, object=f"{kind}/{name}", warnings_only=False
    )


@resources.reads(f"{OBJECT}/logs", logs, title="Logs of a pod or workload")
async def k8s_object_logs(
    cluster: Backend, marks: Marks, namespace: str, kind: str, name: str
) -> LogReport:
    """Show the newest log lines of a pod, or of a workload's pods, as k8s_logs does."""
    place = await place_of(cluster, namespace, kind, name)
    if place.kind not in (PODS, SERVICES, *RUNS_PODS):
        raise InvalidArgument(f"{place.kind.plural} have no logs; pods and what runs them have.")

    return await k8s_logs(cluster, marks, name=f"{kind}/{name}", namespace=place.namespace)


def _version(one: VersionedNamed) -> str:
    return f"{one.metadata.uid}/{one.metadata.resource_version}"
