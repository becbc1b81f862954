"""Where pods want to run: nodes they choose, pods to be near or far, domains to spread over."""

import msgspec

from jamie_kubernetes.client.objects import LabelSelector, Requirement


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


class NodeTerm(_Wire, frozen=True):
    """Expressions that a node meets all of; a term without any is met by none."""

    match_expressions: tuple[Requirement, ...] = ()
    match_fields: tuple[Requirement, ...] = ()


class NodeChoice(_Wire, frozen=True):
    """Terms that a node meets one of."""

    node_selector_terms: tuple[NodeTerm, ...] = ()


class NodeAffinity(_Wire, frozen=True):
    """Which nodes a pod must run on."""

    required: NodeChoice | None = msgspec.field(default=None, name=_REQUIRED)


class PodTerm(_Wire, frozen=True):
    """Pods, by labels and namespaces, and the domain in which they count."""

    topology_key: str = ""
    label_selector: LabelSelector | None = None
    namespaces: tuple[str, ...] = ()
    namespace_selector: LabelSelector | None = None

    def covers(self, namespace: str, own: str) -> bool | None:
        """Tell whether pods of a namespace are meant by a pod of `own`; None: by its labels."""
        if namespace in self.namespaces:
            return True
        if self.namespace_selector is not None:
            chosen = self.namespace_selector
            return None if chosen.match_labels or chosen.match_expressions else True

        return not self.namespaces and namespace == own


class PodAffinity(_Wire, frozen=True):
    """Pods to be near to, or far from."""

    required: tuple[PodTerm, ...] = msgspec.field(default=(), name=_REQUIRED)


class Affinity(_Wire, frozen=True):
    """All that a pod says about where it must run."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAffinity | None = None

    @property
    def near(self) -> tuple[PodTerm, ...]:
        """Return whom it must be near."""
        return self.pod_affinity.required if self.pod_affinity else ()

    @property
    def apart(self) -> tuple[PodTerm, ...]:
        """Return whom it must be far from."""
        return self.pod_anti_affinity.required if self.pod_anti_affinity else ()

    @property
    def asks_of_namespaces(self) -> bool:
        """Tell whether the labels of namespaces decide."""
        return any(one.namespace_selector for one in (*self.near, *self.apart))


class Guard(_Wire, frozen=True):
    """Of an affinity, what keeps other pods away."""

    pod_anti_affinity: PodAffinity | None = None


class Spread(_Wire, frozen=True):
    """Domains over which pods are to be spread evenly."""

    topology_key: str = ""
    max_skew: int = 1
    when_unsatisfiable: str = "DoNotSchedule"
    label_selector: LabelSelector | None = None
    min_domains: int = 0
    node_affinity_policy: str = "Honor"
    node_taints_policy: str = "Ignore"
    match_label_keys: tuple[str, ...] = ()
