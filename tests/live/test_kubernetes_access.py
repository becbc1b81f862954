"""`k8s_access` against the lab's own authorisers: what we may, who can, and by which path."""

import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import httpx
import pytest
from mcp import Client

from jamie_lab import LabState
from jamie_lab.waiting import wait_until
from tests.kubernetes.child import ask, child, data_of
from tests.kubernetes.wire import Json
from tests.live.space import remove
from tests.live.test_kubernetes import as_user

pytestmark = [pytest.mark.live]

RBAC = "/apis/rbac.authorization.k8s.io/v1"
REVIEW = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


@pytest.fixture
def space(kube: httpx.Client) -> Generator[str]:
    """A namespace with a service account `reader` that an aggregated role lets list pods there."""
    name = f"jamie-test-access-{time.time_ns()}"
    label = {f"jamie.test/{name}": "yes"}
    part = {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}
    one = {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["db"]}
    subject = {"kind": "ServiceAccount", "name": "reader", "namespace": name}
    whole: Json = {
        "metadata": {"name": f"{name}-whole"},
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": label}]},
    }
    bound: Json = {
        "metadata": {"name": "readers"},
        "subjects": [subject],
        "roleRef": reference("ClusterRole", f"{name}-whole"),
    }
    lost = {**bound, "metadata": {"name": "lost"}, "roleRef": reference("Role", "gone")}
    made: list[tuple[str, Json]] = [
        ("/api/v1/namespaces", {"metadata": {"name": name}}),
        (f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "reader"}}),
        (
            f"{RBAC}/clusterroles",
            {"metadata": {"name": f"{name}-part", "labels": label}, "rules": [part, one]},
        ),
        (f"{RBAC}/clusterroles", whole),
        (f"{RBAC}/namespaces/{name}/rolebindings", bound),
        (f"{RBAC}/namespaces/{name}/rolebindings", lost),
    ]
    for path, body in made:
        kube.post(path, json=body).raise_for_status()
    wait_until_allowed(kube, name)
    yield name
    for path in (f"{RBAC}/clusterroles/{name}-part", f"{RBAC}/clusterroles/{name}-whole"):
        kube.delete(path).raise_for_status()
    remove(kube, name)


def reference(kind: str, name: str) -> Json:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}


def wait_until_allowed(kube: httpx.Client, space: str) -> None:
    wait_until(
        lambda: allowed(kube, space, "list", "pods"), "the aggregated role never took effect"
    )


def allowed(kube: httpx.Client, space: str, verb: str, resource: str) -> bool:
    """What the API server's authorisers say of the reader, in its namespace."""
    attributes = {"verb": verb, "resource": resource, "namespace": space}
    user = f"system:serviceaccount:{space}:reader"
    spec = {"user": user, "resourceAttributes": attributes}
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}

    return kube.post(REVIEW, json=body).raise_for_status().json()["status"]["allowed"]


def token_of(kube: httpx.Client, space: str) -> str:
    path = f"/api/v1/namespaces/{space}/serviceaccounts/reader/token"
    reply = kube.post(path, json={"spec": {"expirationSeconds": 600}})

    return reply.raise_for_status().json()["status"]["token"]


@pytest.fixture
async def reader(
    kube: httpx.Client, lab: LabState, space: str, tmp_path: Path
) -> AsyncGenerator[Client]:
    """The server, run as that service account."""
    config = as_user(lab, token_of(kube, space))
    (tmp_path / "reader").write_text(
        config.replace('"namespace": "shop"', f'"namespace": "{space}"')
    )
    async with child(tmp_path / "reader", tmp_path / "state") as client:
        yield client


async def test_every_verb_is_judged_as_the_api_server_judges_it(
    client: Client, kube: httpx.Client, space: str
) -> None:
    for resource in ("pods", "deployments", "secrets"):
        for verb in ("get", "list", "delete"):
            who = {"who": "sa/reader", "namespace": space}
            answer = await ask(client, "k8s_access", verb=verb, what=resource, **who)
            assert answer.startswith("Yes") == allowed(kube, space, verb, resource), answer


async def test_who_can_names_the_binding_and_the_role_behind_the_role(
    client: Client, space: str
) -> None:
    data = await data_of(
        client, "k8s_access", verb="list", what="pods", who="anyone", namespace=space
    )

    (ours,) = [one for one in data["grants"] if one["subject"] == f"sa/reader in {space}"]
    role = f"{space}-whole (aggregated from {space}-part)"
    assert ours["path"] == f"RoleBinding readers -> ClusterRole {role}"
    assert ours["namespace"] == space
    assert "group system:masters" in {one["subject"] for one in data["grants"]}


async def test_a_rule_for_one_object_says_so(client: Client, space: str) -> None:
    asked = {"verb": "get", "what": "secrets", "namespace": space}
    data = await data_of(client, "k8s_access", who="anyone", **asked)
    (ours,) = [one for one in data["grants"] if one["subject"].startswith("sa/reader in ")]
    assert ours["note"] == "only db"

    named = await ask(client, "k8s_access", who="sa/reader", **{**asked, "what": "secrets/db"})
    other = await ask(client, "k8s_access", who="sa/reader", **{**asked, "what": "secrets/web"})
    assert (named[:4], other[:3]) == ("Yes:", "No:")


async def test_what_a_service_account_may_is_listed_and_a_lost_role_named(
    client: Client, space: str
) -> None:
    answer = await ask(client, "k8s_access", who="sa/reader", namespace=space)

    assert f"get, list: pods by RoleBinding readers -> ClusterRole {space}-whole" in answer
    assert "RoleBinding lost -> Role gone" in answer
    assert "there is no such role, so it grants nothing" in answer


async def test_the_restricted_account_learns_what_it_may_and_who_could_help(
    reader: Client, space: str
) -> None:
    rules = await ask(reader, "k8s_access")
    pods = await ask(reader, "k8s_access", verb="list", what="pods")
    deletion = await ask(reader, "k8s_access", verb="delete", what="pods", namespace=space)
    tool = await ask(reader, "k8s_access", what="k8s_overview")

    assert rules.startswith(f"system:serviceaccount:{space}:reader")
    assert "get, list: pods" in rules
    assert "(only db)" in rules
    assert f"we may list pods in namespace {space} only" in pods
    assert deletion.startswith(f"No: we may not delete pods in namespace {space}.")
    assert "we may not list roles" in deletion
    assert "may not list nodes" in tool


async def test_the_restricted_account_reads_its_namespace_and_is_told_of_the_rest(
    reader: Client, space: str
) -> None:
    pods = await ask(reader, "k8s_get", what="pods")
    secrets = await ask(reader, "k8s_get", what="secrets")

    assert pods.startswith(f"No pods in namespace {space}.")
    assert "Missing: other namespaces' pods" in pods
    assert "forbidden" in secrets


async def test_a_refusal_names_roles_that_would_allow_it(client: Client, space: str) -> None:
    answer = await ask(client, "k8s_access", verb="delete", what="pods", who="anyone")

    assert "ClusterRoleBinding cluster-admin -> ClusterRole cluster-admin" in answer
    assert "Did you mean 'deployments'" in await ask(client, "k8s_access", what="deploymnts")
    assert "Did you mean 'log'" in await ask(client, "k8s_access", verb="get", what="pods/x/lag")
