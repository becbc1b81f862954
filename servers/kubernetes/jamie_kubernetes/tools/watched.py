"""Which kinds are looked at for changes, and which of a cluster's own are first."""

from collections.abc import Iterable

from jamie_kubernetes.kinds import (
    BUDGETS,
    CLAIMS,
    CONFIG_MAPS,
    CRON_JOBS,
    INGRESSES,
    JOBS,
    NAMESPACES,
    QUOTAS,
    SECRETS,
    SERVICES,
    VOLUMES,
    ApiKind,
    Kind,
)

MOST_CUSTOM = 40

_NETWORKING = "/apis/networking.k8s.io/v1"
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_ADMISSION = "/apis/admissionregistration.k8s.io/v1"


def _cluster(name: str, plural: str, root: str, *shorts: str) -> Kind:
    return Kind(name, plural, root, namespaced=False, shorts=shorts)


NAMESPACED = (
    CONFIG_MAPS,
    SECRETS,
    SERVICES,
    INGRESSES,
    CRON_JOBS,
    JOBS,
    QUOTAS,
    BUDGETS,
    Kind("NetworkPolicy", "networkpolicies", _NETWORKING, shorts=("netpol",)),
    Kind("Role", "roles", _RBAC),
    Kind("RoleBinding", "rolebindings", _RBAC),
    Kind("ServiceAccount", "serviceaccounts", shorts=("sa",)),
    CLAIMS,
    Kind("LimitRange", "limitranges", shorts=("limits",)),
)
CLUSTER_WIDE = (
    NAMESPACES,
    _cluster("ClusterRole", "clusterroles", _RBAC),
    _cluster("ClusterRoleBinding", "clusterrolebindings", _RBAC),
    _cluster(
        "CustomResourceDefinition",
        "customresourcedefinitions",
        "/apis/apiextensions.k8s.io/v1",
        "crd",
    ),
    _cluster("ValidatingWebhookConfiguration", "validatingwebhookconfigurations", _ADMISSION),
    _cluster("MutatingWebhookConfiguration", "mutatingwebhookconfigurations", _ADMISSION),
    _cluster("APIService", "apiservices", "/apis/apiregistration.k8s.io/v1"),
    _cluster("StorageClass", "storageclasses", "/apis/storage.k8s.io/v1", "sc"),
    VOLUMES,
    _cluster("PriorityClass", "priorityclasses", "/apis/scheduling.k8s.io/v1", "pc"),
)

_TELLING = (
    "argoproj.io", "fluxcd.io", "gateway.networking.k8s.io", "cert-manager.io", "keda.sh",
    "external-secrets.io", "istio.io", "traefik.io", "cilium.io", "projectcalico.org",
)  # fmt: skip
_OTHERS = ("metrics.k8s.io", "wgpolicyk8s.io", "reports.kyverno.io", "aquasecurity.github.io")
"""Groups whose objects are measurements and reports: always new, never somebody's change."""


def custom(kinds: Iterable[ApiKind], *, namespaced: bool) -> tuple[list[Kind], int]:
    """Return the cluster's own kinds to look at, the most telling first, and how many are left."""
    found = [
        one
        for one in kinds
        if _is_custom(one.group) and "list" in one.verbs and (one.kind.namespaced or not namespaced)
    ]
    found.sort(key=lambda one: (not one.group.endswith(_TELLING), one.full))
    return [one.kind for one in found[:MOST_CUSTOM]], max(len(found) - MOST_CUSTOM, 0)


def _is_custom(group: str) -> bool:
    if "." not in group or group.endswith(_OTHERS):
        return False

    return not group.endswith(".k8s.io") or group.endswith((".x-k8s.io", *_TELLING))
