"""k8s_diagnose against the lab: nodes with trouble, and who is hurt by it."""

import datetime as dt
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
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
from tests.live.causes import MERGE, findings_in, staged
from tests.live.causes_nodes import AHEAD_SECONDS, HELD, LEASES, NODES, OWN, STAGE

NAMESPACE = "jamie-test-diagnose-nodes"
ROWS = [one for one in NODES if one.how != "elsewhere"]
STAGES = "/apis/kwok.x-k8s.io/v1alpha1/stages"
LEASE_HOME = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
NAMES = [one.name for row in ROWS for one in row.made if one.collection == "v1/nodes"]

pytestmark = pytest.mark.live


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    command = later(AHEAD_SECONDS)
    async with child(lab.kubernetes.kubeconfig, tmp_path, command=command) as client:
        yield client


@pytest.fixture(scope="module")
def troubled(kube: httpx.Client) -> Generator[None]:
    with held(kube), staged(kube, NAMESPACE, ROWS):
        kube.delete(f"/api/v1/nodes/{OWN}-leaving").raise_for_status()
        anyio.run(noticed, kube)
        yield


@contextmanager
def held(kube: httpx.Client) -> Generator[None]:
    """Keep kwok from our nodes, renew leases by clocks that are wrong, and leave nothing behind."""
    kube.post(STAGES, json=STAGE).raise_for_status()
    try:
        for name, off in LEASES.items():
            kube.post(LEASE_HOME, json=lease(name, off)).raise_for_status()
        yield
    finally:
        free = {"metadata": {"finalizers": None}}
        kube.patch(f"/api/v1/nodes/{OWN}-leaving", json=free, headers=MERGE)
        for name in LEASES:
            kube.delete(f"{LEASE_HOME}/{name}")
        for name in NAMES:
            about = {"fieldSelector": f"involvedObject.name={name}"}
            kube.delete("/api/v1/namespaces/default/events", params=about)
        kube.delete(f"{STAGES}/{HELD}").raise_for_status()


def lease(name: str, off: dt.timedelta) -> Json:
    moment = dt.datetime.now(dt.UTC) + off
    renewed = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "metadata": {"name": name},
        "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": renewed},
    }


async def noticed(kube: httpx.Client) -> None:
    """Wait until the node controller saw who is silent, and the scheduler who cannot run there."""

    async def said() -> bool:
        pods = truth.items(kube, f"/api/v1/namespaces/{NAMESPACE}/pods")
        return all("untolerated" in str(one["status"].get("conditions")) for one in pods)

    assert await until(said)


async def test_every_cause_is_found_and_nothing_else(client: Client, troubled: None) -> None:
    found = {
        one["owner"]: one["cause"]
        for one in await findings_in(client, "")
        if one["owner"].startswith(f"node/{OWN}")
    }

    assert found == {one.owner: one.code for one in ROWS if one.code}


async def test_pods_without_a_node_are_told_as_what_the_node_hits(
    client: Client, troubled: None
) -> None:
    found = {one["owner"]: one for one in await findings_in(client, "")}

    silent, disk = found[f"node/{OWN}-silent"], found[f"node/{OWN}-disk"]
    assert silent["affects"] == [f"{NAMESPACE}/pod/stranded"]
    assert disk["affects"] == [f"{NAMESPACE}/pod/crowded-out"]
    assert (silent["severity"], disk["severity"]) == (0, 0)
