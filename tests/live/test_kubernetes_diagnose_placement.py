"""k8s_diagnose against the lab: pods that its scheduler cannot place, and why by our own count."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client

from jamie_lab import LabState
from jamie_lab.waiting import until
from tests.kubernetes import truth
from tests.kubernetes.child import child, later
from tests.kubernetes.wire import Json
from tests.live.causes import findings_in, staged
from tests.live.causes_placement import PLACEMENT
from tests.live.placing import OWN, standing

NAMESPACE = "jamie-test-diagnose-place"
ROWS = [one for one in PLACEMENT if one.how != "elsewhere"]
NODES = [made for row in ROWS for made in row.made if made.collection == "v1/nodes"]
REST = [
    row._replace(made=[one for one in row.made if one.collection != "v1/nodes"]) for row in ROWS
]
UNASKED = (
    "claim-missing",
    "claim-in-use",
    "device-claim",
    "no-scheduler",
    "preemption-pending",
    "unschedulable",
)
"""Causes for which the scheduler asks no node."""

pytestmark = pytest.mark.live


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path, command=later(150)) as client:
        yield client


@pytest.fixture(scope="module")
def troubled(kube: httpx.Client) -> Generator[None]:
    """All nodes first, so that the scheduler's last words are about all of them."""
    with standing(kube, NODES), staged(kube, NAMESPACE, REST):
        anyio.run(looked_at, kube)
        yield


async def looked_at(kube: httpx.Client) -> None:
    """Wait until the scheduler had its say about every pod, and claims are what they will be."""

    async def said() -> bool:
        pods = truth.items(kube, f"/api/v1/namespaces/{NAMESPACE}/pods")
        return all(settled(one) for one in pods)

    assert await until(said)


def settled(pod: Json) -> bool:
    spec = pod["spec"]
    if spec["schedulerName"] != "default-scheduler" or "resourceClaims" in spec:
        return True
    if "nodeName" in spec:
        return truth.is_so(pod, "Ready")

    conditions: list[Json] = pod["status"].get("conditions", [])
    said = [one.get("message", "") for one in conditions if one["type"] == "PodScheduled"]
    return bool(said) and "unbound immediate" not in said[0]


async def test_every_cause_is_found_and_nothing_else(client: Client, troubled: None) -> None:
    expected = {one.owner: one.code for one in ROWS if one.code}
    assert {one["owner"]: one["cause"] for one in await findings_in(client, NAMESPACE)} == expected


async def test_our_table_of_nodes_counts_as_the_scheduler_does(
    client: Client, troubled: None
) -> None:
    asked = [one for one in await findings_in(client, NAMESPACE) if one["cause"] not in UNASKED]

    assert len(asked) >= 15
    assert [
        one["owner"]
        for one in asked
        if not any("it counts the same" in line for line in one["evidence"])
    ] == []


async def test_a_node_autoscaler_s_words_are_quoted(client: Client, troubled: None) -> None:
    found = {one["owner"]: one for one in await findings_in(client, NAMESPACE)}

    assert "1 max node group size reached" in found["pod/cpu"]["said"][0]
    assert found["pod/cpu"]["next"] == (f"request at most 2 cpu, and {OWN}-cpu takes it")
