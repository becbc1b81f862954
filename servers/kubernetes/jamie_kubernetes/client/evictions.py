"""Pods as far as evicting them: who they are, what they take, what they would lose."""

from jamie_kubernetes.client.limits import NeedyPod, NeedySpec
from jamie_kubernetes.client.network import NotedMeta
from jamie_kubernetes.client.objects import Meta
from jamie_kubernetes.client.volumes import Volume

_MIRROR = "kubernetes.io/config.mirror"


class GuestSpec(NeedySpec, frozen=True, rename="camel"):
    """What a pod takes, and what it stores where."""

    volumes: tuple[Volume, ...] = ()


class Guest(NeedyPod, frozen=True, rename="camel"):
    """A pod of a node."""

    metadata: NotedMeta = NotedMeta()
    spec: GuestSpec = GuestSpec()

    @property
    def full(self) -> str:
        """Return its name with its namespace."""
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def ended(self) -> bool:
        """Tell whether its work is over."""
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def controller(self) -> str:
        """Return the kind of what controls it; empty where nobody does."""
        found = (one.kind for one in self.metadata.owner_references if one.controller)
        return next(found, "")

    @property
    def stays(self) -> bool:
        """Tell whether its node keeps it, whatever happens: a DaemonSet's or a static pod."""
        return self.controller in ("DaemonSet", "Node") or _MIRROR in self.metadata.annotations

    @property
    def keeps_data(self) -> bool:
        """Tell whether it holds data that goes with it."""
        return any(one.empty_dir is not None for one in self.spec.volumes)


class Neighbour(NeedyPod, frozen=True, rename="camel"):
    """A pod of the cluster, as far as what it takes and whose it is."""

    metadata: Meta = Meta()
