"""k8s_diagnose against the lab: workloads that are not what they should be."""

import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client

from jamie_lab import LabState
from tests.kubernetes.child import child
from tests.live.causes import aged, codes, found_in, staged
from tests.live.causes_jobs import JOBS
from tests.live.causes_workloads import WORKLOADS

ROWS = (*WORKLOADS, *JOBS)
NAMESPACE = "jamie-test-diagnose-workloads"
HOURS = {
    "deployments": 2,
    "replicasets": 2,
    "statefulsets": 2,
    "daemonsets": 2,
    "pods/tight": 2,
    "jobs/held": 2,
    "jobs/done": 2,
    "cronjobs": 9000,
}
"""Most pods stay young: what is said of their workloads is seen by itself."""

pytestmark = pytest.mark.live


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


@pytest.fixture(scope="module")
def troubled(kube: httpx.Client) -> Generator[None]:
    """Everything of the table that can be made, as if it had been made a while ago."""
    began = time.time() - 1
    with staged(kube, NAMESPACE, ROWS):
        anyio.run(aged, NAMESPACE, began, HOURS)
        yield


async def test_every_cause_is_found_and_nothing_else(client: Client, troubled: None) -> None:
    assert await found_in(client, NAMESPACE, ROWS) == codes(ROWS)
