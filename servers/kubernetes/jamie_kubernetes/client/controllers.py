"""Workloads as the API holds them: what runs pods, when Jobs run, and what scales them."""

from datetime import datetime

import msgspec

from jamie_kubernetes.client.affinity import NodeAffinity
from jamie_kubernetes.client.capacity import Resources
from jamie_kubernetes.client.limits import Toleration
from jamie_kubernetes.client.managed import ManagedFields
from jamie_kubernetes.client.network import ContainerPort
from jamie_kubernetes.client.objects import Condition, LabelSelector, Meta, Pod, PodSpec
from jamie_kubernetes.client.volumes import Volume


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class ControllerMeta(Meta, frozen=True, rename="camel"):
    """What every object has, and who manages its fields."""

    managed_fields: tuple[ManagedFields, ...] = ()


class TemplateContainer(_Wire, frozen=True):
    """A container of a template."""

    name: str
    image: str = ""
    ports: tuple[ContainerPort, ...] = ()
    resources: Resources = Resources()


class TemplateSpec(_Wire, frozen=True):
    """What the pods of a template should be."""

    containers: tuple[TemplateContainer, ...] = ()
    node_selector: dict[str, str] = {}
    tolerations: tuple[Toleration, ...] = ()
    affinity: dict[str, object] | None = None
    volumes: tuple[Volume, ...] = ()


class Template(_Wire, frozen=True):
    """What pods are made from."""

    metadata: Meta = Meta()
    spec: TemplateSpec = TemplateSpec()

    @property
    def images(self) -> tuple[str, ...]:
        """Return the images of its containers, each once."""
        return tuple(dict.fromkeys(one.image for one in self.spec.containers))


class RollingUpdate(_Wire, frozen=True):
    """How far an update goes at once: numbers or percentages; StatefulSets stop at a partition."""

    partition: int = 0
    max_surge: int | str | None = None
    max_unavailable: int | str | None = None


class Strategy(_Wire, frozen=True):
    """How pods are replaced."""

    type: str = ""
    rolling_update: RollingUpdate | None = None


class Ordinals(_Wire, frozen=True):
    """Which number the first pod of a StatefulSet bears."""

    start: int = 0


class ClaimTemplateSpec(_Wire, frozen=True):
    """How much storage the claims of a StatefulSet's pods ask for."""

    resources: Resources = Resources()


class ClaimTemplate(_Wire, frozen=True):
    """What the claims of a StatefulSet's pods are made from."""

    metadata: Meta
    spec: ClaimTemplateSpec = ClaimTemplateSpec()


class ControllerSpec(_Wire, frozen=True):
    """What a Deployment, StatefulSet, DaemonSet or Job should be; each kind fills its own."""

    replicas: int = 1
    paused: bool = False
    suspend: bool = False
    parallelism: int | None = None
    completions: int | None = None
    backoff_limit: int | None = None
    backoff_limit_per_index: int | None = None
    max_failed_indexes: int | None = None
    active_deadline_seconds: int | None = None
    managed_by: str = ""
    pod_management_policy: str = ""
    service_name: str = ""
    ordinals: Ordinals = Ordinals()
    selector: LabelSelector | None = None
    strategy: Strategy = Strategy()
    update_strategy: Strategy = Strategy()
    min_ready_seconds: int = 0
    template: Template = Template()
    volume_claim_templates: tuple[ClaimTemplate, ...] = ()


class ControllerStatus(_Wire, frozen=True):
    """What it is; each kind fills its own."""

    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    updated_number_scheduled: int = 0
    number_ready: int = 0
    number_available: int = 0
    number_misscheduled: int = 0
    update_revision: str = ""
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    failed_indexes: str = ""
    terminating: int = 0
    start_time: datetime | None = None
    completion_time: datetime | None = None
    conditions: tuple[Condition, ...] = ()


class Controller(_Wire, frozen=True):
    """A Deployment, StatefulSet, DaemonSet or Job."""

    metadata: ControllerMeta
    spec: ControllerSpec = ControllerSpec()
    status: ControllerStatus = ControllerStatus()

    def condition(self, kind: str, status: str = "True") -> Condition | None:
        """Return the condition of this type if it has this status."""
        found = (one for one in self.status.conditions if one.type == kind and one.status == status)
        return next(found, None)


class JobTemplateSpec(_Wire, frozen=True):
    """What the Jobs of a CronJob should be."""

    template: Template = Template()


class JobTemplate(_Wire, frozen=True):
    """What Jobs are made from."""

    spec: JobTemplateSpec = JobTemplateSpec()


class CronJobSpec(_Wire, frozen=True):
    """When Jobs are made."""

    schedule: str = ""
    time_zone: str = ""
    suspend: bool = False
    concurrency_policy: str = ""
    starting_deadline_seconds: int | None = None
    job_template: JobTemplate = JobTemplate()


class RunningJob(_Wire, frozen=True):
    """A Job that runs now."""

    name: str = ""


class CronJobStatus(_Wire, frozen=True):
    """When Jobs were made."""

    active: tuple[RunningJob, ...] = ()
    last_schedule_time: datetime | None = None
    last_successful_time: datetime | None = None


class CronJob(_Wire, frozen=True):
    """A CronJob."""

    metadata: ControllerMeta
    spec: CronJobSpec = CronJobSpec()
    status: CronJobStatus = CronJobStatus()


class ScaleTarget(_Wire, frozen=True):
    """What is scaled."""

    kind: str = ""
    name: str = ""


class MetricValue(_Wire, frozen=True):
    """How much of a metric is aimed at, or there is."""

    average_utilization: int | None = None
    value: str = ""


class ResourceMetric(_Wire, frozen=True):
    """A metric about a resource; a specification has a target, a status the current value."""

    name: str = ""
    target: MetricValue = MetricValue()
    current: MetricValue = MetricValue()


class Metric(_Wire, frozen=True):
    """What replicas follow, of one of several types."""

    type: str = ""
    resource: ResourceMetric | None = None
    container_resource: ResourceMetric | None = None


class AutoscalerSpec(_Wire, frozen=True):
    """Between what, what for, and by what."""

    scale_target_ref: ScaleTarget = ScaleTarget()
    min_replicas: int = 1
    max_replicas: int = 1
    metrics: tuple[Metric, ...] = ()


class AutoscalerStatus(_Wire, frozen=True):
    """How it scaled."""

    current_replicas: int = 0
    desired_replicas: int = 0
    last_scale_time: datetime | None = None
    current_metrics: tuple[Metric, ...] | None = None
    conditions: tuple[Condition, ...] = ()


class Autoscaler(_Wire, frozen=True):
    """A HorizontalPodAutoscaler."""

    metadata: Meta
    spec: AutoscalerSpec = AutoscalerSpec()
    status: AutoscalerStatus = AutoscalerStatus()


class Affinity(_Wire, frozen=True):
    """Where a pod wants to run."""

    node_affinity: NodeAffinity | None = None


class BoundPodSpec(PodSpec, frozen=True, rename="camel"):
    """A pod's specification with the node that a DaemonSet wants it on."""

    affinity: Affinity | None = None

    @property
    def node(self) -> str:
        """Return the node it is on, or the one it is bound for."""
        return self.node_name or next(iter(self._wanted()), "")

    def _wanted(self) -> list[str]:
        rule = self.affinity.node_affinity if self.affinity else None
        terms = rule.required.node_selector_terms if rule and rule.required else ()
        fields = (field for term in terms for field in term.match_fields)

        return [name for one in fields if one.key == "metadata.name" for name in one.values]


class BoundPod(Pod, frozen=True, rename="camel"):
    """A pod, with the node it is bound for."""

    spec: BoundPodSpec = BoundPodSpec()
