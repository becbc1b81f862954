"""RBAC objects, and the reviews that say what is allowed."""

import msgspec

from jamie_kubernetes.client.objects import LabelSelector, Meta
from jamie_kubernetes.kinds import Kind

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_REVIEWS = "/apis/authorization.k8s.io/v1"

ROLES = Kind("Role", "roles", _RBAC)
CLUSTER_ROLES = Kind("ClusterRole", "clusterroles", _RBAC, namespaced=False)
ROLE_BINDINGS = Kind("RoleBinding", "rolebindings", _RBAC)
CLUSTER_ROLE_BINDINGS = Kind("ClusterRoleBinding", "clusterrolebindings", _RBAC, namespaced=False)

SELF_ACCESS = f"{_REVIEWS}/selfsubjectaccessreviews"
SELF_RULES = f"{_REVIEWS}/selfsubjectrulesreviews"
SUBJECT_ACCESS = f"{_REVIEWS}/subjectaccessreviews"


class _Wire(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    pass


class PolicyRule(_Wire, frozen=True):
    """What a role allows."""

    verbs: tuple[str, ...] = ()
    api_groups: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    resource_names: tuple[str, ...] | None = None
    non_resource_ur_ls: tuple[str, ...] | None = msgspec.field(default=None, name="nonResourceURLs")


class Aggregation(_Wire, frozen=True):
    """Which ClusterRoles another one takes its rules from."""

    cluster_role_selectors: tuple[LabelSelector, ...] = ()


class Role(_Wire, frozen=True):
    """A Role or ClusterRole."""

    metadata: Meta
    rules: tuple[PolicyRule, ...] | None = None
    aggregation_rule: Aggregation | None = None


class Subject(_Wire, frozen=True):
    """Who a binding is for."""

    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        if self.kind == "ServiceAccount":
            return f"sa/{self.name} in {self.namespace}"

        return f"{self.kind.lower()} {self.name}"


class RoleRef(_Wire, frozen=True):
    """Which role a binding grants."""

    kind: str
    name: str


class Binding(_Wire, frozen=True):
    """A RoleBinding or ClusterRoleBinding."""

    metadata: Meta
    role_ref: RoleRef
    subjects: tuple[Subject, ...] | None = None


class Attributes(_Wire, frozen=True):
    """One thing somebody may want to do to objects."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""


class UrlAttributes(_Wire, frozen=True):
    """One thing somebody may want to do to a URL that is no object."""

    verb: str
    path: str


class Question(_Wire, frozen=True):
    """Who wants to do what; without a user it is us."""

    resource_attributes: Attributes | None = None
    non_resource_attributes: UrlAttributes | None = None
    user: str = ""
    groups: tuple[str, ...] = ()


class AccessReview(_Wire, frozen=True):
    """A question to the API server about access."""

    kind: str
    spec: Question
    api_version: str = "authorization.k8s.io/v1"


class Verdict(_Wire, frozen=True):
    """What the authorisers say; `reason` names the binding where RBAC allows it."""

    allowed: bool = False
    reason: str = ""


class Reviewed(_Wire, frozen=True):
    """An answered review."""

    status: Verdict = Verdict()


class RulesFor(_Wire, frozen=True):
    """Where rules are asked for."""

    namespace: str


class RulesReview(msgspec.Struct, frozen=True, rename="camel"):
    """A question for all that we may do in a namespace."""

    spec: RulesFor
    api_version: str = "authorization.k8s.io/v1"
    kind: str = "SelfSubjectRulesReview"


class Rules(_Wire, frozen=True):
    """All that we may do; `incomplete` where an authoriser cannot list its rules."""

    resource_rules: tuple[PolicyRule, ...] = ()
    incomplete: bool = False
    evaluation_error: str = ""


class RulesReviewed(_Wire, frozen=True):
    """An answered review of rules."""

    status: Rules = Rules()
