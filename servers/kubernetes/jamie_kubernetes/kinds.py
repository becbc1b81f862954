"""The kinds we know, by every name kubectl takes, and where the API keeps them."""

import re
from urllib.parse import quote

import msgspec

CORE = "/api/v1"

NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:_-]{0,251}[A-Za-z0-9])?")
"""What a kind, a namespace or an object may be called; the API server knows it more strictly."""


class Kind(msgspec.Struct, frozen=True):
    """One kind: its name in objects, in paths, and short."""

    name: str
    plural: str
    root: str = CORE
    namespaced: bool = True
    shorts: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """Return the name we print: `deploy`, `pod`."""
        return self.shorts[0] if self.shorts else self.name.lower()

    @property
    def group(self) -> str:
        """Return its API group, empty for the core."""
        return self.root.split("/")[2] if self.root.startswith("/apis/") else ""

    def path(self, namespace: str = "", *rest: str) -> str:
        """Return the path of a list, or with `rest` of an object and what is below it."""
        inside = ("namespaces", namespace) if self.namespaced and namespace else ()
        parts = (*inside, self.plural, *rest)

        return f"{self.root}/{'/'.join(quote(part, safe='') for part in parts)}"


class ApiKind(msgspec.Struct, frozen=True):
    """A kind as a cluster offers it: what may be done with it, and what hangs below it."""

    kind: Kind
    group: str
    version: str
    singular: str = ""
    shorts: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Return the names it goes by, in small letters, each once."""
        names = (self.kind.plural, self.singular, self.kind.name.lower(), *self.shorts)
        return [*dict.fromkeys(name for name in names if name)]

    @property
    def full(self) -> str:
        """Return its unambiguous name: `certificates.cert-manager.io`."""
        return f"{self.kind.plural}.{self.group}" if self.group else self.kind.plural


_APPS = "/apis/apps/v1"
_BATCH = "/apis/batch/v1"
_SCALING = "/apis/autoscaling/v2"

PODS = Kind("Pod", "pods", shorts=("pod", "po"))
NODES = Kind("Node", "nodes", namespaced=False, shorts=("node", "no"))
NAMESPACES = Kind("Namespace", "namespaces", namespaced=False, shorts=("ns",))
EVENTS = Kind("Event", "events", shorts=("event", "ev"))
SERVICES = Kind("Service", "services", shorts=("svc",))
DEPLOYMENTS = Kind("Deployment", "deployments", _APPS, shorts=("deploy",))
REPLICA_SETS = Kind("ReplicaSet", "replicasets", _APPS, shorts=("rs",))
STATEFUL_SETS = Kind("StatefulSet", "statefulsets", _APPS, shorts=("sts",))
DAEMON_SETS = Kind("DaemonSet", "daemonsets", _APPS, shorts=("ds",))
JOBS = Kind("Job", "jobs", _BATCH)
CRON_JOBS = Kind("CronJob", "cronjobs", _BATCH, shorts=("cronjob", "cj"))
INGRESSES = Kind("Ingress", "ingresses", "/apis/networking.k8s.io/v1", shorts=("ing",))
NETWORK_POLICIES = Kind(
    "NetworkPolicy", "networkpolicies", "/apis/networking.k8s.io/v1", shorts=("netpol",)
)
INGRESS_CLASSES = Kind(
    "IngressClass", "ingressclasses", "/apis/networking.k8s.io/v1", namespaced=False
)
ENDPOINT_SLICES = Kind("EndpointSlice", "endpointslices", "/apis/discovery.k8s.io/v1")
AUTOSCALERS = Kind("HorizontalPodAutoscaler", "horizontalpodautoscalers", _SCALING, shorts=("hpa",))
REPLICATION_CONTROLLERS = Kind("ReplicationController", "replicationcontrollers", shorts=("rc",))
BUDGETS = Kind("PodDisruptionBudget", "poddisruptionbudgets", "/apis/policy/v1", shorts=("pdb",))
CLAIMS = Kind("PersistentVolumeClaim", "persistentvolumeclaims", shorts=("pvc",))
VOLUMES = Kind("PersistentVolume", "persistentvolumes", namespaced=False, shorts=("pv",))
SERVICE_ACCOUNTS = Kind("ServiceAccount", "serviceaccounts", shorts=("sa",))
CONFIG_MAPS = Kind("ConfigMap", "configmaps", shorts=("cm",))
SECRETS = Kind("Secret", "secrets")
STORAGE_CLASSES = Kind(
    "StorageClass", "storageclasses", "/apis/storage.k8s.io/v1", namespaced=False, shorts=("sc",)
)
CSI_NODES = Kind("CSINode", "csinodes", "/apis/storage.k8s.io/v1", namespaced=False)
CSI_DRIVERS = Kind("CSIDriver", "csidrivers", "/apis/storage.k8s.io/v1", namespaced=False)
ATTACHMENTS = Kind(
    "VolumeAttachment", "volumeattachments", "/apis/storage.k8s.io/v1", namespaced=False
)
QUOTAS = Kind("ResourceQuota", "resourcequotas", shorts=("quota",))
LIMIT_RANGES = Kind("LimitRange", "limitranges", shorts=("limits",))
CONTROLLER_REVISIONS = Kind("ControllerRevision", "controllerrevisions", _APPS)
_ADMISSION = "/apis/admissionregistration.k8s.io/v1"
VALIDATING_WEBHOOKS = Kind(
    "ValidatingWebhookConfiguration",
    "validatingwebhookconfigurations",
    _ADMISSION,
    namespaced=False,
)
MUTATING_WEBHOOKS = Kind(
    "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", _ADMISSION, namespaced=False
)
API_SERVICES = Kind(
    "APIService", "apiservices", "/apis/apiregistration.k8s.io/v1", namespaced=False
)
DEFINITIONS = Kind(
    "CustomResourceDefinition",
    "customresourcedefinitions",
    "/apis/apiextensions.k8s.io/v1",
    namespaced=False,
    shorts=("crd",),
)
LEASES = Kind("Lease", "leases", "/apis/coordination.k8s.io/v1")
NODE_METRICS = Kind("NodeMetrics", "nodes", "/apis/metrics.k8s.io/v1beta1", namespaced=False)
POD_METRICS = Kind("PodMetrics", "pods", "/apis/metrics.k8s.io/v1beta1")

WORKLOADS = (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, JOBS)

KINDS = (
    PODS,
    NODES,
    NAMESPACES,
    SERVICES,
    DEPLOYMENTS,
    REPLICA_SETS,
    STATEFUL_SETS,
    DAEMON_SETS,
    JOBS,
    CRON_JOBS,
    REPLICATION_CONTROLLERS,
    CONFIG_MAPS,
    SECRETS,
    SERVICE_ACCOUNTS,
    CLAIMS,
    VOLUMES,
    QUOTAS,
    LIMIT_RANGES,
    INGRESSES,
    NETWORK_POLICIES,
    ENDPOINT_SLICES,
    AUTOSCALERS,
    BUDGETS,
)

ROLLED = (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS)
"""Kinds whose pods are replaced bit by bit when their template changes."""

_BY_NAME = {
    alias.lower(): kind for kind in KINDS for alias in (kind.name, kind.plural, *kind.shorts)
}


def kind_named(name: str) -> Kind | None:
    """Find a kind by any name kubectl takes: `deploy`, `Deployments`, `deployment.apps`."""
    return _BY_NAME.get(name.partition(".")[0].lower())


def static_kind(text: str) -> Kind | None:
    """Find a kind without asking a cluster: by one of our names, with its own group or none."""
    name, _, group = text.lower().partition(".")
    kind = _BY_NAME.get(name)

    return kind if kind and group in ("", kind.group) else None


def known_kind(kind: Kind) -> Kind | None:
    """Return our own entry for a kind of that path, which knows more names."""
    known = _BY_NAME.get(kind.plural)
    return known if known and known.root == kind.root else None


def short_kind(name: str) -> str:
    """Return how we print a kind: `deploy` for `Deployment`, others as they are."""
    known = kind_named(name)
    return known.short if known else name


def kind_names() -> list[str]:
    """Return the names a caller may use, for did-you-mean."""
    return sorted(_BY_NAME)
