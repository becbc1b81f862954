"""k8s_diagnose against the lab: policies between real pods."""

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
from tests.live.causes import findings_in, staged
from tests.live.causes_networking import NETWORKING

NAMESPACE = "jamie-test-diagnose-net"
PODS = sum(one.collection == "apps/v1/deployments" for row in NETWORKING for one in row.made)

pytestmark = pytest.mark.live


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


@pytest.fixture(scope="module")
def troubled(kube: httpx.Client) -> Generator[None]:
    with staged(kube, NAMESPACE, NETWORKING):
        anyio.run(running, kube)
        yield


async def running(kube: httpx.Client) -> None:
    async def all_ready() -> bool:
        pods = truth.items(kube, f"/api/v1/namespaces/{NAMESPACE}/pods")
        return len(pods) == PODS and all(truth.is_so(one, "Ready") for one in pods)

    assert await until(all_ready)


@pytest.mark.parametrize("scope", [NAMESPACE, ""], ids=["namespace", "cluster"])
async def test_every_cause_is_found_and_nothing_else(
    client: Client, troubled: None, scope: str
) -> None:
    seen = await findings_in(client, scope)
    found = {one["owner"]: one["cause"] for one in seen if one.get("namespace") == NAMESPACE}

    # Whether a peer exists anywhere is known only to who sees every namespace.
    rows = [row for row in NETWORKING if row.code and row.how != "elsewhere"]
    expected = {row.owner: row.code for row in rows}
    if scope:
        del expected["netpol/slip"]
    assert found == expected
