"""k8s_diagnose against the lab: claims, volumes and what is attached where."""

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
from tests.live.causes import MERGE, findings_in, staged
from tests.live.causes_storage import HOSTS, NAMESPACE, OWN, STORAGE
from tests.live.placing import standing

ROWS = [one for one in STORAGE if one.how != "elsewhere"]
CORE = f"/api/v1/namespaces/{NAMESPACE}"
PHASES = {"lost": "Lost", "early": "Bound", "shared": "Bound", "fine": "Bound", "stranded": "Bound"}
LEFT = {"kept": "Released", "stuck": "Failed"}

pytestmark = pytest.mark.live


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    command = later(150)
    async with child(lab.kubernetes.kubeconfig, tmp_path, command=command) as client:
        yield client


@pytest.fixture(scope="module")
def troubled(kube: httpx.Client) -> Generator[None]:
    with standing(kube, HOSTS), staged(kube, NAMESPACE, ROWS):
        kube.delete(f"{CORE}/persistentvolumeclaims/leaving").raise_for_status()
        anyio.run(settled, kube)
        yield
        free(kube)


async def settled(kube: httpx.Client) -> None:
    """Wait until the volume controllers have had their say."""
    wanted = PHASES | {f"{OWN}-{name}": phase for name, phase in LEFT.items()}

    async def said() -> bool:
        return wanted.items() <= phases(kube).items()

    assert await until(said), phases(kube)


def phases(kube: httpx.Client) -> dict[str, str]:
    """Give the phase of each of our claims, and of each volume."""
    paths = (f"{CORE}/persistentvolumeclaims", "/api/v1/persistentvolumes")
    found = (one for path in paths for one in truth.items(kube, path))
    return {one["metadata"]["name"]: one["status"].get("phase", "") for one in found}


def free(kube: httpx.Client) -> None:
    """Let go of what volumes are protected by: nothing is behind them."""
    body = {"metadata": {"finalizers": None}}
    for one in truth.items(kube, "/api/v1/persistentvolumes"):
        if (name := one["metadata"]["name"]).startswith(OWN):
            kube.patch(f"/api/v1/persistentvolumes/{name}", json=body, headers=MERGE)


async def test_every_cause_is_found_and_nothing_else(client: Client, troubled: None) -> None:
    found = {
        one["owner"]: one["cause"]
        for one in await findings_in(client, "")
        if one.get("namespace") == NAMESPACE or OWN in one["owner"]
    }

    assert found == {one.owner: one.code for one in ROWS if one.code}


async def test_whom_it_hits_is_told_with_it(client: Client, troubled: None) -> None:
    found = {one["owner"]: one for one in await findings_in(client, "")}

    assert found["pvc/local"]["affects"] == [f"{NAMESPACE}/pod/on-local"]
    assert found["pvc/shared"]["affects"] == [f"{NAMESPACE}/pod/wanting"]
    assert f"{NAMESPACE}/pvc/driverless" in found[f"node/{OWN}-2"]["affects"]
    assert f"{NAMESPACE}/pod/unmounted" in found[f"node/{OWN}-2"]["affects"]
    assert "did you mean jamie-test-storage-fast-ssd?" in found["pvc/typo"]["next"]
