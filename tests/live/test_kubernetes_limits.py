"""A server with limits against the lab: nothing of a namespace that is off limits gets out."""

import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from mcp import Client

from jamie_lab import LabState
from jamie_lab.waiting import wait_until
from tests.kubernetes import truth
from tests.kubernetes.child import ask, child, data_of
from tests.kubernetes.conftest import WITH_DATA
from tests.kubernetes.limited import QUESTIONS
from tests.kubernetes.wire import Json
from tests.live.space import remove
from tests.live.test_kubernetes import as_user

pytestmark = [pytest.mark.live]

CANARY = "canary-of-the-vault"
STAMPED = "jamie-test-"


class Spaces(NamedTuple):
    """Two namespaces that hold the same; everything in the vault has a canary in its name."""

    open: str
    vault: str


@pytest.fixture(scope="module")
def spaces(kube: httpx.Client) -> Generator[Spaces]:
    stamp = time.time_ns()
    made = Spaces(f"{STAMPED}open-{stamp}", f"{STAMPED}shut-{stamp}")
    try:
        for space, name in ((made.open, "plain"), (made.vault, CANARY)):
            fill(kube, space, name)
        wait_until(
            lambda: all(len(pods_of(kube, space)) >= 2 for space in made), "the pods never came"
        )
        yield made
    finally:
        for space in made:
            remove(kube, space)


def fill(kube: httpx.Client, space: str, name: str) -> None:
    core = f"/api/v1/namespaces/{space}"
    labels = {"app": name}
    container = {"name": name, "image": f"registry.example.net/{name}:1"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    happened = {
        "metadata": {"name": name},
        "involvedObject": {"kind": "Deployment", "name": name, "namespace": space},
        "type": "Warning",
        "reason": "JamieTest",
        "message": name,
        "count": 3,
        "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    made: list[tuple[str, Json]] = [
        ("/api/v1/namespaces", {"metadata": {"name": space}}),
        (f"{core}/configmaps", {"metadata": {"name": name}, "data": {"a": name}}),
        (f"{core}/secrets", {"metadata": {"name": name}, "stringData": {"a": name}}),
        (f"{core}/serviceaccounts", {"metadata": {"name": name}}),
        (f"{core}/services", {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}]}}),
        (f"{core}/events", happened),
        (
            f"/apis/apps/v1/namespaces/{space}/deployments",
            {"metadata": {"name": name}, "spec": spec},
        ),
    ]
    for path, body in made:
        kube.post(path, json=body).raise_for_status()


def pods_of(kube: httpx.Client, space: str) -> list[str]:
    return [row.name for row in truth.rows(kube, f"/api/v1/namespaces/{space}/pods")]


@pytest.fixture(params=["denied by name", "denied by pattern", "others allowed"])
async def client(
    request: pytest.FixtureRequest, lab: LabState, spaces: Spaces, tmp_path: Path
) -> AsyncGenerator[Client]:
    limits: dict[str, Any] = {
        "denied by name": {"JAMIE_KUBERNETES_DENY_NAMESPACE": spaces.vault},
        "denied by pattern": {"JAMIE_KUBERNETES_DENY_NAMESPACE": "jamie-test-shut-*"},
        "others allowed": {
            "JAMIE_KUBERNETES_ALLOW_NAMESPACE": "*",
            "JAMIE_KUBERNETES_DENY_NAMESPACE": spaces.vault,
        },
    }[request.param]
    async with child(lab.kubernetes.kubeconfig, tmp_path, **limits) as client:
        yield client


async def test_no_answer_holds_anything_of_the_vault(client: Client, spaces: Spaces) -> None:
    for tool in (await client.list_tools()).tools:
        for question in QUESTIONS[tool.name]:
            result = await client.call_tool(tool.name, question, meta=WITH_DATA)
            told = f"{result.content} {result.structured_content}"
            assert CANARY not in told, (tool.name, question, told)
            if tool.name != "k8s_access":
                assert f"{spaces.vault}/" not in told, (tool.name, question)


async def test_everything_else_is_there(client: Client, kube: httpx.Client, spaces: Spaces) -> None:
    before = beside(kube, spaces.vault)
    data = await data_of(client, "k8s_pods", status="all")
    after = beside(kube, spaces.vault)
    pods = await ask(client, "k8s_pods", namespace=spaces.open)
    events = await ask(client, "k8s_events", namespace=spaces.open)
    listed = await ask(client, "k8s_get", what=f"ns/{spaces.open}")

    # Tests beside this one come and go.
    assert min(before, after) - 3 <= data["matched"] <= max(before, after) + 3
    assert data["remarks"][0].startswith("(Namespaces read: ")
    assert pods.startswith(f"2 pods in namespace {spaces.open}")
    assert "JamieTest" in events
    assert listed.startswith(f"ns/{spaces.open}")


def beside(kube: httpx.Client, vault: str) -> int:
    return len([row for row in truth.rows(kube) if row.namespace != vault])


async def test_only_namespaces_in_reach_are_listed(client: Client, spaces: Spaces) -> None:
    data = await data_of(client, "k8s_get", what="namespaces", where=f"metadata.name~{STAMPED}")

    names = {row[0] for row in data["rows"]}
    assert spaces.open in names
    assert spaces.vault not in names


async def test_pages_hold_every_pod_but_the_vault_s(
    client: Client, kube: httpx.Client, spaces: Spaces
) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        data = await data_of(client, "k8s_get", what="configmaps", limit=7, cursor=cursor)
        seen += [row[0] for row in data["rows"]]
        cursor = data.get("cursor", "")
        if not cursor:
            break

    assert len(seen) == len({*seen})
    assert f"{spaces.open}/plain" in seen
    assert not [one for one in seen if one.startswith(f"{spaces.vault}/")]
    steady = ("shop/", "auth/", "data/", "payments/", "kube-system/")
    expected = {
        f"{one['metadata']['namespace']}/{one['metadata']['name']}"
        for one in truth.items(kube, "/api/v1/configmaps")
    }
    assert {one for one in expected if one.startswith(steady)} <= {*seen}


async def test_the_vault_is_refused_by_name_with_the_setting(
    client: Client, spaces: Spaces
) -> None:
    for tool, question in (
        ("k8s_pods", {}),
        ("k8s_overview", {}),
        ("k8s_logs", {"name": CANARY}),
        ("k8s_get", {"what": f"deploy/{CANARY}"}),
        ("k8s_access", {"what": "pods", "verb": "get"}),
    ):
        answer = await ask(client, tool, namespace=spaces.vault, **question)
        assert answer.startswith(
            f"error: Namespace '{spaces.vault}' is off limits here: --deny-namespace "
        ), answer


async def test_nothing_is_written_to_what_is_off_limits(
    lab: LabState, kube: httpx.Client, spaces: Spaces, tmp_path: Path
) -> None:
    path = f"/apis/apps/v1/namespaces/{spaces.vault}/deployments/{CANARY}"
    before = generation(kube, path)
    wanted = {"name": f"deploy/{CANARY}", "namespace": spaces.vault, "replicas": "0"}
    writing: dict[str, Any] = {
        "JAMIE_KUBERNETES_WRITE": "true",
        "JAMIE_KUBERNETES_CONFIRM": "token",
    }
    limits: list[tuple[dict[str, Any], str]] = [
        ({"JAMIE_KUBERNETES_ALLOW_NAMESPACE": f"{spaces.open},shop"}, "allows only"),
        ({"JAMIE_KUBERNETES_DENY_KIND": "deploy"}, "Deployments are off limits"),
    ]
    for limit, said in limits:
        async with child(lab.kubernetes.kubeconfig, tmp_path, **writing, **limit) as client:
            answer = await ask(client, "k8s_scale", **wanted)
            assert answer.startswith("error: ")
            assert said in answer

    assert generation(kube, path) == before


async def test_who_may_only_read_some_of_the_allowed_reads_those(
    lab: LabState, kube: httpx.Client, spaces: Spaces, tmp_path: Path
) -> None:
    limits: dict[str, Any] = {"JAMIE_KUBERNETES_ALLOW_NAMESPACE": f"{spaces.open},shop"}
    async with child(as_reader(lab, kube, spaces, tmp_path), tmp_path / "s", **limits) as client:
        pods = await ask(client, "k8s_pods", status="all")
        listed = await ask(client, "k8s_get", what="pods")

    for answer in (pods, listed):
        assert f"{spaces.open}/plain-" in answer
        assert "Missing: pods of shop: not allowed to list" in answer


def as_reader(lab: LabState, kube: httpx.Client, spaces: Spaces, folder: Path) -> Path:
    """Return a kubeconfig of an account that may read pods in the open namespace alone."""
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{spaces.open}"
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
    subject = {"kind": "ServiceAccount", "name": "plain", "namespace": spaces.open}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
    named = {"metadata": {"name": "reader"}}
    kube.post(f"{rbac}/roles", json={**named, "rules": [rule]}).raise_for_status()
    bound = {**named, "subjects": [subject], "roleRef": role}
    kube.post(f"{rbac}/rolebindings", json=bound).raise_for_status()
    path = f"/api/v1/namespaces/{spaces.open}/serviceaccounts/plain/token"
    reply = kube.post(path, json={"spec": {"expirationSeconds": 600}}).raise_for_status().json()
    (folder / "reader").write_text(as_user(lab, reply["status"]["token"]))

    return folder / "reader"


def generation(kube: httpx.Client, path: str) -> int:
    return kube.get(path).raise_for_status().json()["metadata"]["generation"]
