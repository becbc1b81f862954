"""What RBAC objects allow, to whom, and by which path."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from jamie_kubernetes.answers_access import Allowed, Grant
from jamie_kubernetes.client.rbac import (
    Attributes,
    Binding,
    PolicyRule,
    Role,
    Subject,
    UrlAttributes,
)
from jamie_kubernetes.facts.selectors import selects

MASTERS = "system:masters"
EVERYBODY = ("system:authenticated",)
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
READS = ("get", "list", "watch")

Wish = Attributes | UrlAttributes


class Rbac(msgspec.Struct, frozen=True):
    """The RBAC objects of a cluster, as far as we may see them; `unread` kinds we may not."""

    roles: tuple[Role, ...] = ()
    cluster_roles: tuple[Role, ...] = ()
    bindings: tuple[Binding, ...] = ()
    cluster_bindings: tuple[Binding, ...] = ()
    unread: frozenset[str] = frozenset()


class Identity(msgspec.Struct, frozen=True):
    """Who somebody is to the authorisers."""

    user: str = ""
    groups: tuple[str, ...] = ()

    def is_meant(self, subject: Subject) -> bool:
        """Tell whether a binding's subject is this one, or a group it is in."""
        match subject.kind:
            case "ServiceAccount":
                return self.user == f"system:serviceaccount:{subject.namespace}:{subject.name}"
            case "Group":
                return subject.name in self.groups
            case _:
                return subject.name == self.user


def service_account(namespace: str, name: str) -> Identity:
    """Return a service account with the groups it is always in."""
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", *EVERYBODY)
    return Identity(f"system:serviceaccount:{namespace}:{name}", groups)


class Path(msgspec.Struct, frozen=True):
    """A binding, the role it grants (None: it does not exist), and where."""

    binding: Binding
    role: Role | None
    namespace: str

    def words(self, wish: Wish | None = None, *, cluster_roles: Sequence[Role] = ()) -> str:
        """Write the path: the binding, the role, and the role that one got the rule from."""
        kind = "RoleBinding" if self.binding.metadata.namespace else "ClusterRoleBinding"
        ref = self.binding.role_ref
        origin = _origin(self.role, wish, cluster_roles) if self.role and wish else ""
        by = f" (aggregated from {origin})" if origin else ""
        return f"{kind} {self.binding.metadata.name} -> {ref.kind} {ref.name}{by}"


def paths(rbac: Rbac) -> Iterator[Path]:
    """Yield every binding with its role."""
    cluster = {one.metadata.name: one for one in rbac.cluster_roles}
    local = {(one.metadata.namespace, one.metadata.name): one for one in rbac.roles}
    for one in rbac.cluster_bindings:
        yield Path(one, cluster.get(one.role_ref.name), "")
    for one in rbac.bindings:
        space = one.metadata.namespace
        is_cluster = one.role_ref.kind == "ClusterRole"
        name = one.role_ref.name
        yield Path(one, cluster.get(name) if is_cluster else local.get((space, name)), space)


def grants(rbac: Rbac, wish: Wish) -> list[Grant]:
    """List who may do it and why; in all namespaces where the wish names none."""
    found = [
        Grant(
            subject=str(_placed(subject, path.namespace)),
            namespace=path.namespace,
            path=path.words(wish, cluster_roles=rbac.cluster_roles),
            note=_note(matching, wish),
        )
        for path in paths(rbac)
        if _applies(path, wish)
        and (matching := [rule for rule in _rules(path.role) if covers(rule, wish)])
        for subject in path.binding.subjects or ()
    ]
    return [*dict.fromkeys(found)]


def grant_rank(one: Grant) -> tuple[bool, bool, str, str, str]:
    """Order grants: people before the system's own, the whole cluster before a namespace."""
    system = "system:" in one.subject or one.subject.endswith(" in kube-system")
    return (system, one.namespace != "", one.subject, one.namespace, one.path)


def granting_roles(rbac: Rbac, wish: Wish) -> list[str]:
    """Name the ClusterRoles and Roles that would allow it, the least mighty first."""
    local = wish.namespace if isinstance(wish, Attributes) else ""
    able = [
        (sum(len(rule.verbs) * len(rule.resources or ()) for rule in _rules(role)), words)
        for kind, roles in (("ClusterRole", rbac.cluster_roles), ("Role", rbac.roles))
        for role in roles
        if not role.metadata.name.startswith("system:")
        and (kind == "ClusterRole" or role.metadata.namespace == local)
        and any(covers(rule, wish) and not rule.resource_names for rule in _rules(role))
        for words in [f"{kind} {role.metadata.name}"]
    ]
    return [words for _, words in sorted(able)]


def paths_of(rbac: Rbac, who: Identity, namespace: str) -> list[Path]:
    """List the bindings that are for somebody, in a namespace and the whole cluster."""
    return [
        path
        for path in paths(rbac)
        if path.namespace in ("", namespace) or not namespace
        if any(who.is_meant(_placed(one, path.namespace)) for one in path.binding.subjects or ())
    ]


def covers(rule: PolicyRule, wish: Wish) -> bool:
    """Tell whether a rule allows it, to one object at least."""
    if not _has(rule.verbs, wish.verb):
        return False
    if isinstance(wish, UrlAttributes):
        return any(_url_fits(url, wish.path) for url in rule.non_resource_ur_ls or ())

    resource = f"{wish.resource}/{wish.subresource}" if wish.subresource else wish.resource
    named = rule.resource_names
    return (
        _has(rule.api_groups or (), wish.group)
        and (
            _has(rule.resources or (), resource)
            or (wish.subresource != "" and f"*/{wish.subresource}" in (rule.resources or ()))
        )
        and (not named or not wish.name or wish.name in named)
    )


def condensed(rules: Iterable[PolicyRule], path: str = "") -> list[Allowed]:
    """Put rules together: resources by what may be done to them, the mightiest first."""
    verbs: dict[tuple[str, tuple[str, ...]], set[str]] = {}
    for rule in rules:
        names = tuple(sorted(rule.resource_names or ()))
        for resource in _resources(rule):
            verbs.setdefault((resource, names), set()).update(rule.verbs)

    together: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (resource, names), allowed in verbs.items():
        together.setdefault((_ordered(allowed), names), []).append(resource)

    found = [
        Allowed(verbs=allowed, resources=tuple(sorted(resources)), names=names, path=path)
        for (allowed, names), resources in together.items()
    ]
    return sorted(found, key=_might)


def _might(one: Allowed) -> tuple[bool, bool, int, tuple[str, ...]]:
    changes = any(verb not in READS for verb in one.verbs)
    return ("*" not in one.verbs, not changes, -len(one.resources), one.resources)


def _ordered(verbs: set[str]) -> tuple[str, ...]:
    if "*" in verbs:
        return ("*",)

    known = [verb for verb in VERBS if verb in verbs]
    return (*known, *sorted(verbs - set(VERBS)))


def _resources(rule: PolicyRule) -> list[str]:
    urls = list(rule.non_resource_ur_ls or ())
    return [
        *urls,
        *(
            f"{resource}.{group}" if group else resource
            for resource in rule.resources or ()
            for group in rule.api_groups or ()
        ),
    ]


def _rules(role: Role | None) -> Sequence[PolicyRule]:
    return (role.rules or ()) if role else ()


def _has(offered: Sequence[str], wanted: str) -> bool:
    return "*" in offered or wanted in offered


def _url_fits(url: str, path: str) -> bool:
    return url in ("*", path) or (url.endswith("*") and path.startswith(url[:-1]))


def _applies(path: Path, wish: Wish) -> bool:
    if isinstance(wish, UrlAttributes):
        return path.namespace == ""

    return not wish.namespace or path.namespace in ("", wish.namespace)


def _placed(subject: Subject, namespace: str) -> Subject:
    if subject.kind != "ServiceAccount" or subject.namespace:
        return subject

    return msgspec.structs.replace(subject, namespace=namespace)


def _note(rules: Sequence[PolicyRule], wish: Wish) -> str:
    if isinstance(wish, UrlAttributes) or wish.name:
        return ""
    if any(not rule.resource_names for rule in rules):
        return ""

    names = sorted({name for rule in rules for name in rule.resource_names or ()})
    return f"only {', '.join(names[:4])}{f' and {len(names) - 4} more' if len(names) > 4 else ''}"


def _origin(role: Role, wish: Wish, cluster_roles: Sequence[Role]) -> str:
    """Name the ClusterRole that an aggregated one has the rule from."""
    if role.aggregation_rule is None:
        return ""

    selectors = role.aggregation_rule.cluster_role_selectors
    return ", ".join(
        one.metadata.name
        for one in cluster_roles
        if any(selects(selector, one.metadata.labels) for selector in selectors)
        and any(covers(rule, wish) for rule in _rules(one))
    )
