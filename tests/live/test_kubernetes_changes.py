"""k8s_changes against the lab: what a test just did, by whom, and nothing it did not do."""

import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import httpx
import pytest
from mcp import Client

from jamie_base.answer import ANSWER_BYTES
from jamie_lab import LabState
from jamie_lab.waiting import wait_until
from tests.kubernetes.child import ask, child, data_of
from tests.kubernetes.rolled import release
from tests.kubernetes.wire import Json
from tests.live.space import remove

PAUSE_SECONDS = 4
NODE = "jamie-test-changes"
CANARY = "canary-hunter2-Zq81"
STRATEGIC = {"content-type": "application/strategic-merge-patch+json"}

pytestmark = pytest.mark.live


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


def make(kube: httpx.Client, path: str, body: Json) -> None:
    reply = kube.post(path, json=body, params={"fieldManager": "maker"})
    reply.raise_for_status()


def change(kube: httpx.Client, path: str, patch: Json, manager: str) -> None:
    reply = kube.patch(path, json=patch, headers=STRATEGIC, params={"fieldManager": manager})
    reply.raise_for_status()


def workload(name: str, replicas: int = 2) -> Json:
    source = [{"configMapRef": {"name": "env"}}] if name == "web" else []
    container = {"name": "app", "image": "example.net/app:1", "envFrom": source}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    selector = {"matchLabels": {"app": name}}
    return {
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": selector, "template": template},
    }


def is_through(kube: httpx.Client, path: str) -> bool:
    one = kube.get(path).raise_for_status().json()
    status, wanted = one["status"], one["spec"]["replicas"]
    return (
        status.get("observedGeneration") == one["metadata"]["generation"]
        and status.get("updatedReplicas", 0) == status.get("readyReplicas", 0) == wanted
    )


@pytest.fixture(scope="module")
def scene(kube: httpx.Client) -> Generator[tuple[str, str]]:
    """A namespace in which a few things changed, and the moment before they did."""
    space = f"jamie-test-changes-{time.time_ns()}"
    home = f"/api/v1/namespaces/{space}"
    apps = f"/apis/apps/v1/namespaces/{space}/deployments"
    make(kube, "/api/v1/namespaces", {"metadata": {"name": space}})
    try:
        for name in ("env", "same"):
            make(kube, f"{home}/configmaps", {"metadata": {"name": name}, "data": {"A": "1"}})
        make(kube, f"{home}/secrets", {"metadata": {"name": "db"}, "stringData": {"p": "old"}})
        for name in ("web", "api", "still", "gone"):
            make(kube, apps, workload(name))
        make(kube, "/api/v1/nodes", {"metadata": {"name": NODE}})
        for name in ("web", "api", "still", "gone"):
            wait_until(
                lambda name=name: is_through(kube, f"{apps}/{name}"), f"{name} is not through"
            )
        before = pause()
        do(kube, space)
        wait_until(lambda: is_through(kube, f"{apps}/web"), "web is not through")
        wait_until(lambda: is_through(kube, f"{apps}/api"), "api is not through")
        yield space, before
    finally:
        kube.delete(f"/api/v1/nodes/{NODE}").raise_for_status()
        remove(kube, space)


def pause() -> str:
    """Wait until what was made counts as older: times are whole seconds, a creation takes some."""
    until_then = time.monotonic() + PAUSE_SECONDS
    wait_until(lambda: time.monotonic() > until_then, "time stands still")
    return str(time.time_ns())


def do(kube: httpx.Client, space: str) -> None:
    home = f"/api/v1/namespaces/{space}"
    apps = f"/apis/apps/v1/namespaces/{space}/deployments"
    image = {"containers": [{"name": "app", "image": "example.net/app:2"}]}
    change(kube, f"{apps}/web", {"spec": {"template": {"spec": image}}}, "deployer")
    change(kube, f"{apps}/api/scale", {"spec": {"replicas": 3}}, "scaler")
    change(kube, f"{home}/configmaps/env", {"data": {"A": "2"}}, "editor")
    change(kube, f"{home}/secrets/db", {"stringData": {"p": CANARY}}, "rotator")
    change(kube, f"/api/v1/nodes/{NODE}", {"spec": {"unschedulable": True}}, "cordoner")
    kube.delete(f"{apps}/gone").raise_for_status()
    kept = release("shop", 3, "failed", namespace=space)
    about = {key: kept["metadata"][key] for key in ("name", "labels")}
    make(kube, f"{home}/secrets", {**kept, "metadata": about})
    held = {"name": "held", "finalizers": ["jamie.test/hold"]}
    make(kube, f"{home}/configmaps", {"metadata": held})
    kube.delete(f"{home}/configmaps/held").raise_for_status()
    change(kube, f"{home}/configmaps/held", {"metadata": {"finalizers": None}}, "releaser")


async def test_every_change_has_its_row_and_nothing_else_has(
    client: Client, kube: httpx.Client, scene: tuple[str, str]
) -> None:
    space, before = scene

    data = await data_of(client, "k8s_changes", namespace=space, since=before)

    rows = {row["object"]: row["changes"][0] for row in data["rows"]}
    whats = {name: (one["what"], one.get("by", "")) for name, one in rows.items()}
    assert whats.pop("deploy/gone", None) in (None, ("deleted since", ""))
    assert whats == {
        "deploy/web": ("rolled out revision 2", "deployer"),
        "deploy/api": ("scaled 2 -> 3", "scaler"),
        "cm/env": ("edited", "editor"),
        "secret/db": ("edited", "rotator"),
        "helm/shop": ("Helm revision 3 failed", "maker"),
    }
    assert rows["deploy/web"]["detail"] == "image example.net/app:1 -> example.net/app:2"
    assert rows["cm/env"]["detail"] == "data.A"
    (env,) = (row for row in data["rows"] if row["object"] == "cm/env")
    assert env["used_by"] == ["deploy/web (its pods keep the old until restarted)"]


async def test_times_are_those_of_the_api_server(
    client: Client, scene: tuple[str, str], rolled_at: float
) -> None:
    space, before = scene

    data = await data_of(client, "k8s_changes", namespace=space, since=before)

    (web,) = (row for row in data["rows"] if row["object"] == "deploy/web")
    assert web["changes"][0]["at_ns"] == rolled_at * 1e9


@pytest.fixture(scope="module")
def rolled_at(kube: httpx.Client, scene: tuple[str, str]) -> float:
    """When the newest ReplicaSet of web was made, by plain HTTP."""
    sets = kube.get(
        f"/apis/apps/v1/namespaces/{scene[0]}/replicasets", params={"labelSelector": "app=web"}
    ).json()["items"]
    born = max(one["metadata"]["creationTimestamp"] for one in sets)
    return time.mktime(time.strptime(f"{born} UTC", "%Y-%m-%dT%H:%M:%SZ %Z")) - time.timezone


async def test_the_cluster_s_own_objects_are_told_without_a_namespace(
    client: Client, scene: tuple[str, str]
) -> None:
    space, before = scene

    found: list[Json] = []
    cursor = ""
    while True:
        page = await data_of(client, "k8s_changes", since=before, cursor=cursor)
        found += page["rows"]
        cursor = page.get("cursor", "")
        if not cursor:
            break

    # The lab's kubelets forget who wrote the node, so nobody knows who cordoned it.
    (node,) = (row for row in found if row["object"] == f"node/{NODE}")
    assert "cordoned" in [one["what"] for one in node["changes"]]
    assert {"deploy/web", "cm/env"} <= {row["object"] for row in found if row["namespace"] == space}


async def test_one_workload_is_told_with_its_configuration_and_no_secret(
    client: Client, scene: tuple[str, str]
) -> None:
    space, before = scene

    text = await ask(client, "k8s_changes", object="deploy/web", namespace=space, since=before)
    whole = await ask(client, "k8s_changes", namespace=space, since=before)

    assert text.startswith(f"2 objects of {space}/deploy/web and what it uses changed since")
    assert len(whole.encode()) <= ANSWER_BYTES
    assert CANARY not in whole
