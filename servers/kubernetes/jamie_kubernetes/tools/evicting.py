"""Asking the API server to evict pods: what it may refuse is named, and tried again."""

from collections.abc import Mapping, Sequence

import anyio
import msgspec

from jamie_base.errors import BackendError, Denied, NotFound
from jamie_base.text import shorten
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.api_server import Conflict
from jamie_kubernetes.client.evictions import Guest
from jamie_kubernetes.client.sending import Object, Sending
from jamie_kubernetes.kinds import PODS

AT_ONCE = 8
"""Evictions that are asked for at the same time."""

_WORDS_CELLS = 240


class Evicted(msgspec.Struct, frozen=True):
    """One pod to be evicted: the one that was agreed to, and no other of its name."""

    namespace: str
    name: str
    uid: str

    @property
    def full(self) -> str:
        """Return its name with its namespace."""
        return f"{self.namespace}/{self.name}"

    @property
    def sending(self) -> Sending:
        """Return the request that evicts it."""
        about: Object = {"name": self.name, "namespace": self.namespace}
        content: Object = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": about,
            "deleteOptions": {"preconditions": {"uid": self.uid}},
        }
        path = PODS.path(self.namespace, self.name, "eviction")

        return Sending("POST", path, content, conditional=False)


def to_evict(pods: Sequence[Guest]) -> list[Evicted]:
    """Return the evictions of these pods."""
    return [Evicted(one.metadata.namespace, one.metadata.name, one.metadata.uid) for one in pods]


async def evict_all(cluster: Cluster, pods: Sequence[Evicted]) -> Mapping[str, str]:
    """Ask for each eviction once; return why those were refused that were, by pod."""
    refused: dict[str, str] = {}
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def evict(one: Evicted) -> None:
        async with limiter:
            if why := await _evict(cluster, one):
                refused[one.full] = why

    async with anyio.create_task_group() as group:
        for pod in pods:
            group.start_soon(evict, pod)

    return refused


async def check_allowed(cluster: Cluster, pods: Sequence[Evicted]) -> None:
    """Rehearse one eviction in each namespace, to know beforehand where it is not allowed.

    Raises:
        Denied: There is such a namespace.

    """
    firsts = {one.namespace: one for one in reversed(pods)}
    for one in firsts.values():
        try:
            await cluster.send(one.sending, one.sending.body("", "", ""), rehearse=True)
        except Denied:
            raise
        except BackendError:
            # A budget says no today, or its pod is gone: nothing that a plan could not say.
            continue


async def _evict(cluster: Cluster, one: Evicted) -> str:
    try:
        await cluster.send(one.sending, one.sending.body("", "", ""))
    except (NotFound, Conflict):
        # It is gone already; another of its name is not ours to evict.
        return ""
    except BackendError as exc:
        return _brief(exc)

    return ""


def _brief(error: BackendError) -> str:
    said = str(error).partition(" answered ")[2] or str(error)

    return shorten(" ".join(said.split()).rstrip("."), _WORDS_CELLS)
