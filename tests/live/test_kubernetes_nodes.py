"""k8s_nodes against the lab: its figures are the API server's own."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import httpx
import pytest
from mcp import Client

from jamie_base.answer import ANSWER_BYTES
from jamie_lab import LabState
from tests.kubernetes import truth
from tests.kubernetes.child import ask, child, data_of
from tests.kubernetes.wire import Json
from tests.live.truth import quantity

ODD = "jamie-test-node"

pytestmark = pytest.mark.live


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


@pytest.fixture(scope="module")
def odd(kube: httpx.Client) -> Generator[None]:
    """A node out of service: cordoned, tainted, and of an old version."""
    taint = {"key": "jamie-test", "value": "yes", "effect": "NoSchedule"}
    body = {
        "metadata": {"name": ODD},
        "spec": {"unschedulable": True, "taints": [taint]},
        "status": {
            "nodeInfo": NODE_INFO,
            "allocatable": {"cpu": "2", "memory": "4Gi", "pods": "10"},
        },
    }
    kube.post("/api/v1/nodes", json=body).raise_for_status()
    try:
        yield
    finally:
        kube.delete(f"/api/v1/nodes/{ODD}").raise_for_status()


NODE_INFO = {
    "kubeletVersion": "v1.29.0", "osImage": "", "kernelVersion": "", "containerRuntimeVersion": "",
    "architecture": "", "operatingSystem": "", "bootID": "", "machineID": "", "systemUUID": "",
    "kubeProxyVersion": "",
}  # fmt: skip


async def test_requests_and_pods_are_the_sums_over_the_api_server_s(
    client: Client, kube: httpx.Client
) -> None:
    before = requested(kube)
    data = await data_of(client, "k8s_nodes")
    after = requested(kube)

    pods = sum(group.get("pods") or 0 for group in data["groups"])
    sums = data["requested"]
    assert (pods, round(sums["cpu"], 3), sums["memory"]) in (before, after)
    assert (data["ready"], data["total"]) == truth.ready_nodes(kube)


async def test_use_is_what_the_metrics_api_says(client: Client, kube: httpx.Client) -> None:
    samples = [truth.use(kube)]
    data = await data_of(client, "k8s_nodes")
    samples.append(truth.use(kube))

    used = data["used"]
    assert (used["cpu"], used["memory"]) in [pytest.approx(one, rel=0.01) for one in samples]  # pyright: ignore[reportUnknownMemberType]  # untyped in pytest


async def test_one_node_s_pods_are_those_bound_to_it(client: Client, kube: httpx.Client) -> None:
    name = truth.items(kube, "/api/v1/nodes")[0]["metadata"]["name"]
    before = len(live_pods(kube, f"spec.nodeName={name}"))
    data = await data_of(client, "k8s_nodes", node=name)
    after = len(live_pods(kube, f"spec.nodeName={name}"))

    assert sum(one["pods"] for one in data["detail"]["tenants"]) in (before, after)


async def test_an_odd_node_comes_first(client: Client, odd: None) -> None:
    text = await ask(client, "k8s_nodes")
    data = await data_of(client, "k8s_nodes")

    first = data["groups"][0]
    assert first["names"] == [ODD]
    assert "cordoned" in first["what"]
    assert "minors behind" in first["what"]
    assert first["taints"] == ["jamie-test=yes:NoSchedule"]
    assert len(text.encode()) <= ANSWER_BYTES


def live_pods(kube: httpx.Client, fields: str = "") -> list[Json]:
    living = "status.phase!=Succeeded,status.phase!=Failed"
    selector = f"{living},{fields}" if fields else living
    return [
        one
        for one in truth.items(kube, "/api/v1/pods", fieldSelector=selector)
        if one["spec"].get("nodeName")
    ]


def requested(kube: httpx.Client) -> tuple[int, float, float]:
    """Sum what the pods on nodes ask for; none of the lab's has an init container that asks."""
    pods = live_pods(kube)
    sums: dict[str, float] = defaultdict(float)
    for pod in pods:
        for container in pod["spec"]["containers"]:
            wants: dict[str, str] = container.get("resources", {}).get("requests", {})
            for name, amount in wants.items():
                sums[name] += quantity(amount)

    return len(pods), round(sums["cpu"], 3), sums["memory"]
