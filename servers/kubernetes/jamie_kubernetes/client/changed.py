"""Objects as far as they tell when they changed: workloads, nodes, autoscalers."""

from datetime import datetime

import msgspec

from jamie_kubernetes.client.capacity import HostSpec
from jamie_kubernetes.client.controllers import ScaleTarget, Template
from jamie_kubernetes.client.managed import ManagedMeta
from jamie_kubernetes.client.objects import Condition, LabelSelector


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class UpdatedCondition(Condition, frozen=True, rename="camel"):
    """A condition of a Deployment, which also tells when its reason last changed."""

    last_update_time: datetime | None = None


class ChangedSpec(_Wire, frozen=True):
    """What a workload should be."""

    replicas: int = 1
    selector: LabelSelector = LabelSelector()
    template: Template = Template()


class ChangedStatus(_Wire, frozen=True):
    """How a workload is."""

    conditions: tuple[UpdatedCondition, ...] = ()


class ChangedWorkload(_Wire, frozen=True):
    """A Deployment, StatefulSet or DaemonSet."""

    metadata: ManagedMeta
    spec: ChangedSpec = ChangedSpec()
    status: ChangedStatus = ChangedStatus()


class ChangedNode(_Wire, frozen=True):
    """A node."""

    metadata: ManagedMeta
    spec: HostSpec = HostSpec()
    status: ChangedStatus = ChangedStatus()


class ScalerSpec(_Wire, frozen=True):
    """What is scaled."""

    scale_target_ref: ScaleTarget = ScaleTarget()


class ScalerStatus(_Wire, frozen=True):
    """When it last scaled, and to how many."""

    desired_replicas: int = 0
    last_scale_time: datetime | None = None


class ChangedScaler(_Wire, frozen=True):
    """A HorizontalPodAutoscaler."""

    metadata: ManagedMeta
    spec: ScalerSpec = ScalerSpec()
    status: ScalerStatus = ScalerStatus()
