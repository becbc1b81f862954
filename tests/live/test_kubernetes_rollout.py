"""k8s_rollout against the lab: real rollouts and Helm's own encoding, held against plain HTTP."""

import base64
import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import httpx
import pytest
from mcp import Client

from jamie_base.answer import ANSWER_BYTES
from jamie_lab import LabState
from jamie_lab.waiting import wait_until
from tests.kubernetes import truth
from tests.kubernetes.child import ask, child, data_of
from tests.kubernetes.rolled import release
from tests.kubernetes.wire import Json
from tests.live.space import space as namespace

CANARIES = ("canary-hunter2-Zq81", "canary-newer-Xw77")
STRATEGIC = {"content-type": "application/strategic-merge-patch+json"}

pytestmark = pytest.mark.live


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


@pytest.fixture(scope="module")
def space(kube: httpx.Client) -> Generator[str]:
    """A namespace of this module's own."""
    with namespace(kube, f"jamie-test-rollout-{time.time_ns()}") as name:
        yield name


def make(kube: httpx.Client, path: str, body: Json) -> Json:
    return kube.post(path, json=body).raise_for_status().json()


def change(kube: httpx.Client, path: str, patch: Json, manager: str = "test") -> None:
    reply = kube.patch(path, json=patch, headers=STRATEGIC, params={"fieldManager": manager})
    reply.raise_for_status()


def container(image: str, **fields: object) -> Json:
    return {"name": "app", "image": image, **fields}


def workload(name: str, one: Json, replicas: int = 2, **spec: object) -> Json:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [one]}}
    selector = {"matchLabels": {"app": name}}
    return {
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": selector, "template": template, **spec},
    }


def templated(**fields: object) -> Json:
    return {"spec": {"template": {"spec": {"containers": [{"name": "app", **fields}]}}}}


def is_through(kube: httpx.Client, path: str) -> bool:
    one = kube.get(path).raise_for_status().json()
    status, wanted = one["status"], one["spec"]["replicas"]
    return (
        status.get("observedGeneration") == one["metadata"]["generation"]
        and status.get("updatedReplicas", 0) == status.get("readyReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
    )


@pytest.fixture(scope="module")
def web(kube: httpx.Client, space: str) -> str:
    """A Deployment at its second revision, with a ConfigMap that changed after its pods began."""
    env = [
        {"name": "LOG", "value": "info"},
        {"name": "DB_PASSWORD", "value": CANARIES[0]},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
    ]
    home = f"/api/v1/namespaces/{space}"
    make(kube, f"{home}/configmaps", {"metadata": {"name": "env"}, "data": {"A": "1"}})
    secret = {"metadata": {"name": "db"}, "stringData": {"password": CANARIES[0]}}
    make(kube, f"{home}/secrets", secret)
    path = f"/apis/apps/v1/namespaces/{space}/deployments"
    source = [{"configMapRef": {"name": "env"}}]
    make(kube, path, workload("web", container("example.net/app:1", env=env, envFrom=source)))
    wait_until(lambda: is_through(kube, f"{path}/web"), "the first revision is not through")
    again = [{"name": "LOG", "value": "debug"}, {"name": "DB_PASSWORD", "value": CANARIES[1]}]
    change(kube, f"{path}/web", templated(image="example.net/app:2", env=again))
    wait_until(lambda: is_through(kube, f"{path}/web"), "the second revision is not through")
    later(kube, f"{home}/pods?labelSelector=app%3Dweb")
    change(kube, f"{home}/configmaps/env", {"data": {"A": "2"}}, "somebody")
    return f"{path}/web"


def later(kube: httpx.Client, pods: str) -> None:
    """Wait until a second begins that no container has started in: times are whole seconds."""
    starts = [
        one["state"]["running"]["startedAt"]
        for pod in truth.items(kube, pods)
        for one in pod["status"]["containerStatuses"]
    ]
    wait_until(lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()) > max(starts), "no later")


async def test_revisions_and_pods_are_the_api_server_s(
    client: Client, kube: httpx.Client, space: str, web: str
) -> None:
    data = await data_of(client, "k8s_rollout", name="deploy/web", namespace=space)

    sets = [
        (
            int(one["metadata"]["annotations"]["deployment.kubernetes.io/revision"]),
            one["status"].get("replicas", 0),
            one["status"].get("readyReplicas", 0),
        )
        for one in truth.items(kube, f"/apis/apps/v1/namespaces/{space}/replicasets")
        if one["metadata"]["labels"]["app"] == "web"
    ]
    shown = [(row["number"], row.get("pods", 0), row.get("ready", 0)) for row in data["revisions"]]
    assert shown == sorted(sets, reverse=True)
    assert data["state"] == "complete"
    assert [row["number"] for row in data["revisions"] if row.get("current")] == [2]


async def test_the_difference_is_told_without_a_secret(
    client: Client, space: str, web: str
) -> None:
    text = await ask(client, "k8s_rollout", name="web", namespace=space)
    data = await data_of(client, "k8s_rollout", name="web", namespace=space)

    fields = {one["field"]: (one["before"], one["after"]) for one in data["difference"]["fields"]}
    assert fields["containers[app].image"] == ("example.net/app:1", "example.net/app:2")
    assert fields["containers[app].env[LOG]"] == ("info", "debug")
    before, after = fields["containers[app].env[DB_PASSWORD] (a secret)"]
    assert before.startswith("[redacted:")
    assert after.startswith("[redacted:")
    assert before != after
    assert len(fields) == 3
    assert not any(canary in text + str(data) for canary in CANARIES)
    assert not any(encoded(canary) in text + str(data) for canary in CANARIES)


async def test_fingerprints_are_the_marks_of_everywhere_and_stale_pods_are_counted(
    client: Client, space: str, web: str
) -> None:
    data = await data_of(client, "k8s_rollout", name="web", namespace=space)
    marked = await data_of(
        client, "k8s_get", what="secret/db", namespace=space, fields="data.password"
    )

    found = {one["name"]: one for one in data["configs"]}
    assert found["secret/db"]["keys"]["password"] in marked["body"]
    env = found["cm/env"]
    assert (env["by"], env["stale"], env["pods"]) == ("somebody", 2, 2)
    assert "stale" not in found["secret/db"]


@pytest.fixture(scope="module")
def refused(kube: httpx.Client) -> Generator[str]:
    """A namespace with a Deployment whose pods a quota refuses."""
    name = f"jamie-test-rollout-quota-{time.time_ns()}"
    quota = {"metadata": {"name": "small"}, "spec": {"hard": {"requests.cpu": "1"}}}
    path = f"/apis/apps/v1/namespaces/{name}/deployments"
    needs = {"requests": {"cpu": "2"}}

    def is_refused() -> bool:
        conditions = kube.get(f"{path}/big").json()["status"].get("conditions", [])
        return any(one["type"] == "ReplicaFailure" for one in conditions)

    with namespace(kube, name):
        make(kube, f"/api/v1/namespaces/{name}/resourcequotas", quota)
        make(kube, path, workload("big", container("example.net/app:1", resources=needs)))
        wait_until(is_refused, "the quota refuses nothing")
        yield name


@pytest.fixture(scope="module")
def held(kube: httpx.Client, space: str) -> None:
    """A paused Deployment with a new template."""
    path = f"/apis/apps/v1/namespaces/{space}/deployments"
    make(kube, path, workload("held", container("example.net/app:1"), 0))
    wait_until(lambda: is_through(kube, f"{path}/held"), "not through")
    change(kube, f"{path}/held", {"spec": {"paused": True}})
    change(kube, f"{path}/held", templated(image="example.net/app:7"))
    wait_until(lambda: is_seen(kube, f"{path}/held"), "not seen")


@pytest.fixture(scope="module")
def current_of_db(kube: httpx.Client, space: str) -> Json:
    """A StatefulSet at its second revision: the ControllerRevision it is at."""
    path = f"/apis/apps/v1/namespaces/{space}/statefulsets"
    make(kube, path, workload("db", container("example.net/db:1"), 1, serviceName="db"))
    wait_until(lambda: is_through(kube, f"{path}/db"), "not through")
    change(kube, f"{path}/db", templated(image="example.net/db:2"))
    wait_until(lambda: is_through(kube, f"{path}/db"), "not through")
    revision = kube.get(f"{path}/db").json()["status"]["updateRevision"]
    return kube.get(f"/apis/apps/v1/namespaces/{space}/controllerrevisions/{revision}").json()


def is_seen(kube: httpx.Client, path: str) -> bool:
    one = kube.get(path).raise_for_status().json()
    return one["status"].get("observedGeneration") == one["metadata"]["generation"]


async def test_a_stuck_rollout_names_its_cause(client: Client, refused: str) -> None:
    text = await ask(client, "k8s_rollout", name="big", namespace=refused)

    assert f"{refused}/deploy/big: STUCK" in text
    assert "FailedCreate" in text
    assert "exceeded quota: small" in text


async def test_what_waits_in_a_paused_deployment_is_told(
    client: Client, space: str, held: None
) -> None:
    text = await ask(client, "k8s_rollout", name="held", namespace=space)

    assert text.startswith(f"{space}/deploy/held: paused")
    assert "Revision 1 -> next" in text
    assert "containers[app].image: example.net/app:1 -> example.net/app:7" in text


async def test_a_statefulset_s_revisions_are_read_from_its_controller_revisions(
    client: Client, space: str, current_of_db: Json
) -> None:
    data = await data_of(client, "k8s_rollout", name="sts/db", namespace=space)

    (current,) = (row for row in data["revisions"] if row.get("current"))
    number = current_of_db["revision"]
    assert (current["number"], current["pods"], current["ready"]) == (number, 1, 1)
    assert data["difference"]["fields"] == [
        {
            "field": "containers[app].image",
            "before": "example.net/db:1",
            "after": "example.net/db:2",
        }
    ]


async def test_the_lab_s_own_workloads_all_have_an_answer(
    client: Client, kube: httpx.Client
) -> None:
    for plural, kind in (("deployments", "deploy"), ("statefulsets", "sts"), ("daemonsets", "ds")):
        for one in truth.items(kube, f"/apis/apps/v1/{plural}"):
            about = one["metadata"]
            if about["namespace"].startswith("jamie-"):
                continue
            name = f"{kind}/{about['name']}"
            text = await ask(client, "k8s_rollout", name=name, namespace=about["namespace"])
            assert text.startswith(f"{about['namespace']}/{name}: "), text
            assert len(text.encode()) <= ANSWER_BYTES


async def test_helm_releases_are_read_as_helm_writes_them(
    client: Client, kube: httpx.Client, space: str
) -> None:
    values = [{"tag": str(at), "dbPassword": CANARIES[at]} for at in range(2)]
    kept = [
        release("shop", 1, "superseded", namespace=space, values=values[0], image="reg/app:1"),
        release("shop", 2, namespace=space, values=values[1], image="reg/app:2", chart="1.1.0"),
        release("broken", 1, "failed", namespace=space, description="no matches for kind X"),
    ]
    for one in kept:
        about = {key: one["metadata"][key] for key in ("name", "labels")}
        make(kube, f"/api/v1/namespaces/{space}/secrets", {**one, "metadata": about})

    listed = await ask(client, "k8s_rollout", name="helm", namespace=space)
    text = await ask(client, "k8s_rollout", name="helm/shop", namespace=space)

    assert f"Helm in namespace {space}: 2 releases, 1 failed or pending." in listed
    assert listed.index("helm/broken") < listed.index("helm/shop")
    assert "no matches for kind X" in listed
    assert "chart: shop-1.0.0 -> shop-1.1.0" in text
    assert "image: reg/app:1 -> reg/app:2" in text
    assert "values.tag: 0 -> 1" in text
    assert "values.dbPassword (a secret): [redacted:" in text
    assert not any(canary in listed + text for canary in CANARIES)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
