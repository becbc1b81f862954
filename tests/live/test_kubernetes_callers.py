"""Acting as one's caller on the lab's API server, and asking several contexts of it at once."""

import json
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
import yaml
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from jamie_base.answer import ANSWER_BYTES
from jamie_lab import LabState
from tests.kubernetes.child import ask, child, data_of
from tests.kubernetes.wire import Json, dumps
from tests.live.test_kubernetes import as_user

pytestmark = [pytest.mark.live]

SERVE = (sys.executable, "-m", "jamie_kubernetes")
RBAC = "/apis/rbac.authorization.k8s.io/v1"
SPACE = "shop"

Serving = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.fixture(scope="module")
def group(kube: httpx.Client) -> Generator[str]:
    """A group that may read pods in one namespace."""
    name = f"jamie-test-group-{time.time_ns()}"
    role = f"{RBAC}/namespaces/{SPACE}/roles"
    binding = f"{RBAC}/namespaces/{SPACE}/rolebindings"
    about = {"metadata": {"name": name}}
    rule = {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]}
    subject = {"kind": "Group", "name": name, "apiGroup": "rbac.authorization.k8s.io"}
    of = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    kube.post(role, json={**about, "rules": [rule]}).raise_for_status()
    kube.post(binding, json={**about, "subjects": [subject], "roleRef": of}).raise_for_status()
    try:
        yield name
    finally:
        kube.delete(f"{binding}/{name}")
        kube.delete(f"{role}/{name}")


def token_of(kube: httpx.Client) -> str:
    """A token of an account without any rights."""
    path = f"/api/v1/namespaces/{SPACE}/serviceaccounts/default/token"
    asked = {"spec": {"expirationSeconds": 600}}

    return kube.post(path, json=asked).raise_for_status().json()["status"]["token"]


def tokens(group: str) -> str:
    return json.dumps(
        {
            "ann": {"token": "ann-1", "groups": [group]},
            "root": {"token": "root-1", "user": "boss", "groups": ["system:masters"]},
            "nobody": {"token": "nobody-1"},
        }
    )


@asynccontextmanager
async def as_caller(url: str, name: str, transport: str = "http") -> AsyncGenerator[Client]:
    bearer = {"Authorization": f"Bearer {name}-1"}
    if transport == "sse":
        async with Client(sse_client(f"{url}/sse", headers=bearer)) as client:
            yield client
        return

    async with (
        httpx2.AsyncClient(headers=bearer) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
    ):
        yield client


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_each_caller_sees_what_they_may(
    lab: LabState, serving: Serving, group: str, transport: str
) -> None:
    settings = {"JAMIE_KUBERNETES_TOKENS": tokens(group), "KUBECONFIG": lab.kubernetes.kubeconfig}
    environment = {name: str(value) for name, value in settings.items()}
    async with serving("--impersonate", command=SERVE, **environment) as served:
        async with as_caller(served.url, "ann", transport) as ann:
            pods = await ask(ann, "k8s_pods", namespace=SPACE)
            nodes = await ask(ann, "k8s_nodes")
            mine = await ask(ann, "k8s_access", namespace=SPACE)
            allowed = await ask(ann, "k8s_access", verb="list", what="pods", namespace=SPACE)
        async with as_caller(served.url, "root", transport) as root:
            overview = await ask(root, "k8s_overview")
            me = await ask(root, "k8s_access")
        async with as_caller(served.url, "nobody", transport) as nobody:
            refused = await ask(nobody, "k8s_pods", namespace=SPACE)

    assert f" in namespace {SPACE}" in pods
    assert not pods.startswith("error")
    assert 'User "ann" cannot list resource "nodes"' in nodes
    assert mine.startswith(f"ann ({group}) may, in namespace {SPACE}:")
    assert "get, list: pods" in mine
    assert allowed.startswith("Yes: we may list pods")
    assert "Missing" not in overview
    assert me.startswith("boss (system:masters) may")
    assert 'User "nobody" cannot list resource "pods"' in refused


async def test_without_the_permission_to_impersonate_the_api_server_s_words_say_so(
    lab: LabState, serving: Serving, kube: httpx.Client, group: str, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(as_user(lab, token_of(kube)))
    environment = {
        "JAMIE_KUBERNETES_TOKENS": tokens(group),
        "KUBECONFIG": str(tmp_path / "config"),
    }
    async with (
        serving("--impersonate", command=SERVE, **environment) as served,
        as_caller(served.url, "ann") as ann,
    ):
        overview = await ask(ann, "k8s_overview")

    assert overview.count("cannot impersonate") == 1
    assert f'User "system:serviceaccount:{SPACE}:default"' in overview
    assert "its own credentials need the verb impersonate" in overview


@pytest.fixture
def contexts(lab: LabState, kube: httpx.Client, tmp_path: Path) -> Path:
    """A kubeconfig of three contexts: the administrator, somebody without rights, a dead one."""
    reader: Json = json.loads(as_user(lab, token_of(kube)))
    whole: Json = yaml.safe_load(Path(lab.kubernetes.kubeconfig).read_text())
    own = whole["contexts"][0]["context"]
    dead = {"name": "dead", "cluster": {"server": "https://127.0.0.1:1"}}
    config = {
        **whole,
        "current-context": "eu",
        "contexts": [
            {"name": "eu", "context": own},
            {"name": "barred", "context": {**own, "user": "reader"}},
            {"name": "dead", "context": {**own, "cluster": "dead"}},
        ],
        "clusters": [*whole["clusters"], dead],
        "users": [*whole["users"], *reader["users"]],
    }
    (tmp_path / "contexts").write_text(dumps(config))

    return tmp_path / "contexts"


async def test_several_contexts_are_one_answer_with_a_section_each(
    contexts: Path, tmp_path: Path
) -> None:
    async with child(contexts, tmp_path / "state") as client:
        started = time.monotonic()
        everything = await ask(client, "k8s_overview", context="*")
        took = time.monotonic() - started
        alone = await ask(client, "k8s_overview", context="eu")
        data = await data_of(client, "k8s_pods", context="eu,dead")

    heads = [line for line in everything.split("\n") if line.startswith("== ")]
    assert heads[0] == "== eu (1 of 3)"
    assert heads[1].startswith("== barred (2 of 3)")
    assert heads[2].startswith("== dead (3 of 3): no answer: Kubernetes 'dead' at https://127.0")
    assert took < 20
    assert len(everything.encode()) <= ANSWER_BYTES
    assert "Nodes: " in everything.partition("== barred")[0]
    assert "not allowed to list" in everything
    assert "== " not in alone
    assert list(data["contexts"]) == ["eu", "dead"]
    assert data["contexts"]["eu"]["matched"] > 0
    assert "does not answer" in data["contexts"]["dead"]["error"]


async def test_a_write_goes_to_one_context(contexts: Path, tmp_path: Path) -> None:
    writing: dict[str, Any] = {"JAMIE_KUBERNETES_WRITE": "true"}
    async with child(contexts, tmp_path / "state", **writing) as client:
        answer = await ask(
            client, "k8s_scale", name="deploy/frontend", replicas="1", context="eu,barred"
        )

    assert answer.startswith(
        "error: k8s_scale changes one context at a time, and 'eu,barred' are 2"
    )
