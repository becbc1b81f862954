"""k8s_workloads against the lab: workloads in trouble are made in a namespace of the test's own."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client

from jamie_base.answer import ANSWER_BYTES
from jamie_lab import LabState
from jamie_lab.waiting import until
from tests.kubernetes import truth
from tests.kubernetes.child import ask, child, data_of
from tests.kubernetes.wire import Json

NAMESPACE = "jamie-test-workloads"
HOME = f"/api/v1/namespaces/{NAMESPACE}"
APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}"
BATCH = f"/apis/batch/v1/namespaces/{NAMESPACE}"
SCALING = f"/apis/autoscaling/v2/namespaces/{NAMESPACE}"

pytestmark = pytest.mark.live


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


@pytest.fixture(scope="module")
def troubled(kube: httpx.Client) -> Generator[None]:
    """A namespace of workloads that cannot be what they should be, once their controllers saw."""
    kube.post("/api/v1/namespaces", json={"metadata": {"name": NAMESPACE}}).raise_for_status()
    try:
        for path, body in OBJECTS:
            kube.post(path, json=body).raise_for_status()
        anyio.run(settle, kube)
        yield
    finally:
        kube.delete(HOME).raise_for_status()


async def settle(kube: httpx.Client) -> None:
    async def seen() -> bool:
        return have_reacted(kube)

    assert await until(seen), "the controllers did not react"


def have_reacted(kube: httpx.Client) -> bool:
    reasons = {one["reason"] for one in truth.items(kube, f"{HOME}/events")}
    scaler = kube.get(f"{SCALING}/horizontalpodautoscalers/lost").json()

    return "FailedCreate" in reasons and bool(scaler["status"].get("conditions"))


def template(restart: str = "Always") -> Json:
    container = {
        "name": "app",
        "image": "example.net/app:1",
        "resources": {"requests": {"cpu": "2"}},
    }
    return {
        "metadata": {"labels": {"app": "x"}},
        "spec": {"containers": [container], "restartPolicy": restart},
    }


def controlled(name: str, **spec: object) -> Json:
    selector = {"matchLabels": {"app": "x"}}
    return {
        "metadata": {"name": name},
        "spec": {"selector": selector, "template": template(), **spec},
    }


RUN = {"template": template("Never")}
SCALED = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "not-there"}
OBJECTS: list[tuple[str, Json]] = [
    (
        f"{HOME}/resourcequotas",
        {"metadata": {"name": "small"}, "spec": {"hard": {"requests.cpu": "1"}}},
    ),
    (f"{APPS}/deployments", controlled("refused", replicas=2)),
    (f"{APPS}/deployments", controlled("off", replicas=0)),
    (f"{APPS}/statefulsets", controlled("ordered", replicas=2, serviceName="none")),
    (
        f"{BATCH}/cronjobs",
        {
            "metadata": {"name": "held"},
            "spec": {"schedule": "* * * * *", "suspend": True, "jobTemplate": {"spec": RUN}},
        },
    ),
    (f"{BATCH}/jobs", {"metadata": {"name": "waits"}, "spec": {**RUN, "suspend": True}}),
    (
        f"{SCALING}/horizontalpodautoscalers",
        {"metadata": {"name": "lost"}, "spec": {"scaleTargetRef": SCALED, "maxReplicas": 3}},
    ),
]


async def test_a_quota_is_named_for_a_deployment_and_a_statefulset(
    client: Client, troubled: None
) -> None:
    data = await data_of(client, "k8s_workloads", namespace=NAMESPACE)

    rows = {row["workload"]: row for row in data["rows"]}
    for name in ("deploy/refused", "sts/ordered"):
        assert "FailedCreate" in rows[name]["why"], name
        assert "exceeded quota: small" in rows[name]["message"], name
    assert rows["sts/ordered"]["why"][-1].startswith("ordered-0 does not exist")


async def test_an_autoscaler_without_its_target_is_named(client: Client, troubled: None) -> None:
    data = await data_of(client, "k8s_workloads", namespace=NAMESPACE, workload="hpa/lost")

    (row,) = data["rows"]
    assert row["why"] == ["cannot scale: FailedGetScale"]
    assert row["about"] == "deploy/not-there 1-3"


async def test_what_is_off_on_purpose_is_healthy(client: Client, troubled: None) -> None:
    data = await data_of(client, "k8s_workloads", namespace=NAMESPACE, status="blocked")

    shown = {row["workload"] for row in data["rows"]}
    assert shown == {"deploy/refused", "sts/ordered", "hpa/lost"}
    assert (data["noted"], data["healthy"]) == (2, 1)


async def test_all_counts_are_the_api_server_s(client: Client, kube: httpx.Client) -> None:
    before = expected(kube)
    data = await data_of(client, "k8s_workloads", status="all")
    after = expected(kube)

    found = {
        f"{row['namespace']}/{row['workload']}": (row.get("ready", 0), row.get("desired", 0))
        for row in data["rows"]
        if row["workload"].startswith(("deploy/", "sts/", "ds/"))
    }
    assert found in (before, after)


async def test_cluster_wide_only_those_short_of_desired_are_listed(
    client: Client, kube: httpx.Client
) -> None:
    before = truth.short(kube)
    data = await data_of(client, "k8s_workloads")
    text = await ask(client, "k8s_workloads")
    after = truth.short(kube)

    found = {
        f"{row['namespace']}/{row['workload']}": (row.get("ready", 0), row["desired"])
        for row in data["rows"]
        if row["workload"].startswith(("deploy/", "sts/"))
    }
    assert found in (before, after)
    assert len(text.encode()) <= ANSWER_BYTES


def expected(kube: httpx.Client) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for plural, kind in (("deployments", "deploy"), ("statefulsets", "sts"), ("daemonsets", "ds")):
        for one in truth.items(kube, f"/apis/apps/v1/{plural}"):
            status = one["status"]
            ready = status.get("readyReplicas", status.get("numberReady", 0))
            desired = one["spec"].get("replicas", status.get("desiredNumberScheduled"))
            found[f"{one['metadata']['namespace']}/{kind}/{one['metadata']['name']}"] = (
                ready,
                desired,
            )

    return found
