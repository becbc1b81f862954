"""k8s_diagnose against the lab: autoscalers and disruption budgets."""

import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client

from jamie_lab import LabState
from jamie_lab.waiting import until
from tests.kubernetes import truth
from tests.kubernetes.child import child
from tests.live.causes import aged, codes, defined, found_in, staged
from tests.live.causes_scaling import SCALING, VERTICALS

NAMESPACE = "jamie-test-diagnose-scaling"
"""Metrics are gathered every ten seconds, autoscalers look every fifteen."""

HOURS = {"horizontalpodautoscalers": 2, "poddisruptionbudgets": 2, "pods": 2, "pods/run": 0}

pytestmark = pytest.mark.live


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


@pytest.fixture(scope="module")
def troubled(kube: httpx.Client) -> Generator[None]:
    """Everything of the table that can be made, as if its controllers had seen it hours ago."""
    began = time.time() - 1
    with defined(kube, VERTICALS), staged(kube, NAMESPACE, SCALING):
        anyio.run(evaluated, kube)
        anyio.run(aged, NAMESPACE, began, HOURS)
        yield


async def evaluated(kube: httpx.Client) -> None:
    """Wait until every autoscaler was looked at, which is done four times a minute."""
    path = f"/apis/autoscaling/v2/namespaces/{NAMESPACE}/horizontalpodautoscalers"

    async def seen() -> bool:
        return all(one["status"].get("conditions") for one in truth.items(kube, path))

    assert await until(seen)


async def test_every_cause_is_found_and_nothing_else(client: Client, troubled: None) -> None:
    found = await found_in(client, NAMESPACE, SCALING)
    assert found == codes(SCALING)
