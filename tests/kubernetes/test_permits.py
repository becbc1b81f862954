"""What RBAC objects allow."""

import msgspec
import pytest

from jamie_kubernetes.client.rbac import Attributes, Binding, PolicyRule, Role, UrlAttributes
from jamie_kubernetes.facts.permits import (
    Identity,
    Rbac,
    condensed,
    covers,
    granting_roles,
    grants,
    paths_of,
    service_account,
)
from tests.kubernetes.wire import Json

PODS = Attributes("list", "", "pods", namespace="shop")


def rule(verbs: str, resources: str, groups: str = "", **more: list[str]) -> Json:
    return {
        "verbs": verbs.split(","),
        "resources": resources.split(","),
        "apiGroups": groups.split(","),
        **more,
    }


def role(name: str, *rules: Json, namespace: str = "", **more: Json) -> Role:
    labels = more.pop("labels", {})
    about = {"name": name, "namespace": namespace, "labels": labels}
    return msgspec.convert({"metadata": about, "rules": rules, **more}, Role)


def subject(text: str) -> Json:
    kind, _, full = text.partition("/")
    namespace, _, name = full.rpartition(":") if kind == "ServiceAccount" else ("", "", full)

    return {"kind": kind, "name": name, "namespace": namespace}


def binding(name: str, ref: str, *subjects: str, namespace: str = "") -> Binding:
    """`ref` and subjects are `Kind/name`; a service account may have its namespace before it."""
    kind, _, target = ref.partition("/")
    named = [subject(one) for one in subjects]
    about = {"name": name, "namespace": namespace}
    body = {"metadata": about, "roleRef": {"kind": kind, "name": target}, "subjects": named}
    return msgspec.convert(body, Binding)


@pytest.mark.parametrize(
    ("given", "wish", "wanted"),
    [
        (rule("list", "pods"), PODS, True),
        (rule("*", "*", "*"), PODS, True),
        (rule("get", "pods"), PODS, False),
        (rule("list", "pods", "apps"), PODS, False),
        (rule("list", "pods/log"), PODS, False),
        (rule("get", "pods/log"), Attributes("get", "", "pods", "log"), True),
        (rule("get", "pods"), Attributes("get", "", "pods", "log"), False),
        (rule("get", "*/log"), Attributes("get", "", "pods", "log"), True),
        (rule("get", "*"), Attributes("get", "", "pods", "log"), True),
        (rule("get", "secrets", resourceNames=["db"]), Attributes("get", "", "secrets"), True),
        (
            rule("get", "secrets", resourceNames=["db"]),
            Attributes("get", "", "secrets", name="db"),
            True,
        ),
        (
            rule("get", "secrets", resourceNames=["db"]),
            Attributes("get", "", "secrets", name="web"),
            False,
        ),
        (
            {"verbs": ["get"], "nonResourceURLs": ["/metrics"]},
            UrlAttributes("get", "/metrics"),
            True,
        ),
        (
            {"verbs": ["get"], "nonResourceURLs": ["/healthz/*"]},
            UrlAttributes("get", "/healthz/x"),
            True,
        ),
        (
            {"verbs": ["get"], "nonResourceURLs": ["/healthz"]},
            UrlAttributes("get", "/metrics"),
            False,
        ),
        (rule("get", "pods"), UrlAttributes("get", "/metrics"), False),
    ],
)
def test_a_rule_covers_what_the_api_server_says(given: Json, wish: object, wanted: bool) -> None:
    found = msgspec.convert(given, PolicyRule)

    assert covers(found, wish) is wanted  # pyright: ignore[reportArgumentType]  # of both kinds


def rbac() -> Rbac:
    picks = {"clusterRoleSelectors": [{"matchLabels": {"to": "view"}}]}
    return Rbac(
        cluster_roles=(
            role("view", rule("get,list", "pods"), aggregationRule=picks),
            role("part", rule("get,list", "pods"), labels={"to": "view"}),
            role("other", rule("get", "nodes"), labels={"to": "view"}),
            role("admin", rule("*", "*", "*")),
            role("system:hidden", rule("list", "pods")),
        ),
        roles=(
            role("reader", rule("list", "pods"), namespace="shop"),
            role("reader", rule("list", "pods"), namespace="prod"),
        ),
        cluster_bindings=(
            binding("ops", "ClusterRole/admin", "Group/ops"),
            binding("viewers", "ClusterRole/view", "User/ann", "ServiceAccount/ci:bot"),
        ),
        bindings=(
            binding("local", "Role/reader", "ServiceAccount/web", namespace="shop"),
            binding("local", "Role/reader", "User/bea", namespace="prod"),
            binding("lost", "Role/gone", "User/ann", namespace="shop"),
        ),
    )


def test_who_can_names_every_path() -> None:
    found = {(one.subject, one.namespace, one.path) for one in grants(rbac(), PODS)}

    assert found == {
        ("group ops", "", "ClusterRoleBinding ops -> ClusterRole admin"),
        ("user ann", "", "ClusterRoleBinding viewers -> ClusterRole view (aggregated from part)"),
        (
            "sa/bot in ci",
            "",
            "ClusterRoleBinding viewers -> ClusterRole view (aggregated from part)",
        ),
        ("sa/web in shop", "shop", "RoleBinding local -> Role reader"),
    }


def test_everywhere_includes_every_namespace() -> None:
    spaces = {one.namespace for one in grants(rbac(), Attributes("list", "", "pods"))}

    assert spaces == {"", "shop", "prod"}


def test_roles_that_would_allow_it_come_the_least_mighty_first() -> None:
    assert granting_roles(rbac(), PODS) == [
        "ClusterRole admin",
        "Role reader",
        "ClusterRole part",
        "ClusterRole view",
    ]


def test_a_service_account_is_found_by_its_groups_too() -> None:
    wide = Rbac(
        cluster_roles=(role("view", rule("list", "pods")),),
        cluster_bindings=(
            binding("all", "ClusterRole/view", "Group/system:serviceaccounts:shop"),
            binding("none", "ClusterRole/view", "Group/system:serviceaccounts:prod"),
        ),
    )

    found = [path.words() for path in paths_of(wide, service_account("shop", "web"), "shop")]

    assert found == ["ClusterRoleBinding all -> ClusterRole view"]
    assert paths_of(wide, Identity("ann"), "") == []


def test_rules_are_put_together_by_what_may_be_done() -> None:
    rules = [
        rule("get", "pods"),
        rule("list", "pods"),
        rule("get,list", "deployments", "apps"),
        rule("get", "secrets", resourceNames=["db"]),
        rule("*", "widgets", "example.com"),
    ]

    found = condensed(msgspec.convert(rules, list[PolicyRule]))

    assert [(one.verbs, one.resources, one.names) for one in found] == [
        (("*",), ("widgets.example.com",), ()),
        (("get", "list"), ("deployments.apps", "pods"), ()),
        (("get",), ("secrets",), ("db",)),
    ]
