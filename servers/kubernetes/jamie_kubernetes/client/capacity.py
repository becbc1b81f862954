"""Nodes and pods as far as what they offer, ask for and use."""

from datetime import datetime

import msgspec

from jamie_kubernetes.client.objects import Condition, Meta


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


Quantities = dict[str, str]


class Taint(_Wire, frozen=True):
    """What keeps pods away from a node; only taints that drive them away have a time."""

    key: str = ""
    value: str = ""
    effect: str = ""
    time_added: datetime | None = None

    def __str__(self) -> str:
        return f"{self.key}{f'={self.value}' if self.value else ''}:{self.effect}"


class HostSpec(_Wire, frozen=True):
    """What a node should be."""

    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()


class HostInfo(_Wire, frozen=True):
    """What runs on a node beneath the pods."""

    kubelet_version: str = ""
    os_image: str = ""
    kernel_version: str = ""
    container_runtime_version: str = ""
    architecture: str = ""


class HostStatus(_Wire, frozen=True):
    """What a node is and offers."""

    conditions: tuple[Condition, ...] = ()
    capacity: Quantities = {}
    allocatable: Quantities = {}
    node_info: HostInfo = HostInfo()


class HostMeta(Meta, frozen=True, rename="camel"):
    """What a node has as every object, and what holds it when it is deleted."""

    finalizers: tuple[str, ...] = ()


class Host(_Wire, frozen=True):
    """A node with what it offers."""

    metadata: HostMeta
    spec: HostSpec = HostSpec()
    status: HostStatus = HostStatus()


class Resources(_Wire, frozen=True):
    """What is asked for, and what is the most."""

    requests: Quantities = {}
    limits: Quantities = {}


class SizedContainer(_Wire, frozen=True):
    """A container with what it asks for."""

    name: str
    restart_policy: str = ""
    resources: Resources = Resources()


class SizedPodSpec(_Wire, frozen=True):
    """What a pod asks for."""

    node_name: str = ""
    containers: tuple[SizedContainer, ...] = ()
    init_containers: tuple[SizedContainer, ...] = ()
    overhead: Quantities = {}
    resources: Resources = Resources()


class SizedPodStatus(_Wire, frozen=True):
    """Whether a pod takes up room."""

    phase: str = ""


class SizedPod(_Wire, frozen=True):
    """A pod with what it asks for."""

    metadata: Meta
    spec: SizedPodSpec = SizedPodSpec()
    status: SizedPodStatus = SizedPodStatus()

    @property
    def ended(self) -> bool:
        """Tell whether it has given its room back."""
        return self.status.phase in ("Succeeded", "Failed")
