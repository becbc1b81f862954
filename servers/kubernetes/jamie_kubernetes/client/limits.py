"""What limits a change: disruption budgets, quotas, and what nodes have left."""

import msgspec

from jamie_kubernetes.client.capacity import Resources, SizedPodStatus
from jamie_kubernetes.client.objects import Condition, LabelSelector, Meta


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class BudgetSpec(_Wire, frozen=True):
    """What a PodDisruptionBudget asks: a number or a percentage, one of the two."""

    min_available: int | str | None = None
    max_unavailable: int | str | None = None
    selector: LabelSelector | None = None


class BudgetStatus(_Wire, frozen=True):
    """What it allows now."""

    disruptions_allowed: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0
    expected_pods: int = 0
    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()


class Budget(_Wire, frozen=True):
    """A PodDisruptionBudget."""

    metadata: Meta
    spec: BudgetSpec = BudgetSpec()
    status: BudgetStatus = BudgetStatus()


class QuotaSpec(_Wire, frozen=True):
    """Which pods a quota counts; without scopes all of them."""

    scopes: tuple[str, ...] = ()
    scope_selector: dict[str, object] | None = None


class QuotaStatus(_Wire, frozen=True):
    """What a namespace may use and what it uses, by resource."""

    hard: dict[str, str] = {}
    used: dict[str, str] = {}


class Quota(_Wire, frozen=True):
    """A ResourceQuota."""

    metadata: Meta
    spec: QuotaSpec = QuotaSpec()
    status: QuotaStatus = QuotaStatus()

    @property
    def scoped(self) -> bool:
        """Tell whether it counts some pods only."""
        return bool(self.spec.scopes or self.spec.scope_selector)


class LimitItem(_Wire, frozen=True):
    """Bounds and defaults for what is of one type: `Container`, `Pod`."""

    type: str = ""
    min: dict[str, str] = {}
    max: dict[str, str] = {}
    default: dict[str, str] = {}
    default_request: dict[str, str] = {}


class LimitRangeSpec(_Wire, frozen=True):
    """What a LimitRange bounds."""

    limits: tuple[LimitItem, ...] = ()


class LimitRange(_Wire, frozen=True):
    """A LimitRange."""

    metadata: Meta
    spec: LimitRangeSpec = LimitRangeSpec()


class NeedyContainer(_Wire, frozen=True):
    """A container, as far as what it takes."""

    resources: Resources = Resources()
    restart_policy: str = ""


class Toleration(_Wire, frozen=True):
    """A taint that a pod bears; an empty key bears all."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""


class NeedySpec(_Wire, frozen=True):
    """A pod, as far as what it takes and where it may run."""

    node_name: str = ""
    node_selector: dict[str, str] = {}
    containers: tuple[NeedyContainer, ...] = ()
    init_containers: tuple[NeedyContainer, ...] = ()
    overhead: dict[str, str] = {}
    resources: Resources = Resources()
    tolerations: tuple[Toleration, ...] = ()


class NeedyPod(_Wire, frozen=True):
    """A pod of the cluster, as far as what it takes."""

    spec: NeedySpec = NeedySpec()
    status: SizedPodStatus = SizedPodStatus()


class Rolling(_Wire, frozen=True):
    """How far a rolling update goes at once: numbers or percentages."""

    max_surge: int | str | None = None
    max_unavailable: int | str | None = None


class Replacing(_Wire, frozen=True):
    """How pods are replaced."""

    type: str = ""
    rolling_update: Rolling | None = None


class PodTemplate(_Wire, frozen=True):
    """What the pods of a workload are made from."""

    metadata: Meta = Meta()
    spec: NeedySpec = NeedySpec()


class TemplatedSpec(_Wire, frozen=True):
    """A workload's specification, as far as its pods; a Deployment has a strategy."""

    replicas: int = 1
    paused: bool = False
    template: PodTemplate = PodTemplate()
    strategy: Replacing = Replacing()
    update_strategy: Replacing = Replacing()


class TemplatedStatus(_Wire, frozen=True):
    """How many pods a DaemonSet wants."""

    desired_number_scheduled: int = 0


class Templated(_Wire, frozen=True):
    """A workload, as far as its pods."""

    metadata: Meta
    spec: TemplatedSpec = TemplatedSpec()
    status: TemplatedStatus = TemplatedStatus()
