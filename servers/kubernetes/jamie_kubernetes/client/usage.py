"""What pods and nodes use now, by the metrics API."""

import msgspec

from jamie_kubernetes.client.objects import Meta


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class ContainerUsage(_Wire, frozen=True):
    """CPU and memory of a container, as quantities."""

    name: str
    usage: dict[str, str] = {}


class PodUsage(_Wire, frozen=True):
    """What a pod uses now, by the metrics API."""

    metadata: Meta
    containers: tuple[ContainerUsage, ...] = ()


class NodeUsage(_Wire, frozen=True):
    """What a node uses now, by the metrics API."""

    metadata: Meta
    usage: dict[str, str] = {}
