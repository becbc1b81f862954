"""The Kubernetes server against the healthy lab, over stdio: it says healthy, and nothing more."""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from mcp import Client

from jamie_lab import LabState
from tests.kubernetes import truth
from tests.kubernetes.child import ask, child, data_of

pytestmark = [pytest.mark.live, pytest.mark.scenario("healthy")]


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


async def test_a_healthy_cluster_is_said_to_be_healthy(client: Client, kube: httpx.Client) -> None:
    text = await ask(client, "k8s_overview")

    ready, total = truth.ready_nodes(kube)
    pods = truth.rows(kube)
    assert truth.unready_pods(kube) == set()
    assert f"Nodes: {ready} of {total} ready." in text
    assert f"{len(pods)} Running; none sick." in text
    assert text.endswith("All healthy.")


async def test_no_pod_is_sick(client: Client, kube: httpx.Client) -> None:
    data = await data_of(client, "k8s_pods")

    assert (data["sick"], data["groups"]) == (0, [])
    assert data["matched"] == len(truth.rows(kube))


async def test_nothing_short_and_no_warnings(client: Client, kube: httpx.Client) -> None:
    data = await data_of(client, "k8s_overview")

    assert truth.short(kube) == {}
    assert data["workloads"]["short"] == []
    assert {group["reason"] for group in data["events"]} == {
        reason for _, reason in truth.warnings(kube)
    }


async def test_each_namespace_adds_up_to_the_cluster(client: Client, kube: httpx.Client) -> None:
    names = {row.namespace for row in truth.rows(kube)}

    each = [await data_of(client, "k8s_overview", namespace=name) for name in sorted(names)]

    whole = await data_of(client, "k8s_overview")
    assert sum(one["pods"]["total"] for one in each) == whole["pods"]["total"]
    assert sum(one["workloads"]["total"] for one in each) == whole["workloads"]["total"]
