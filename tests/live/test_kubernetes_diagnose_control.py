"""k8s_diagnose against the lab: what guards and extends the API server, and custom resources."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client

from jamie_lab import LabState
from jamie_lab.waiting import until
from tests.kubernetes.child import child
from tests.kubernetes.wire import Json
from tests.live.causes import collection, findings_in, staged
from tests.live.causes_control import CONTROL, OPERATORS, WIDGETS

NAMESPACE = "jamie-test-diagnose-control"

pytestmark = pytest.mark.live


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


@pytest.fixture(scope="module")
def troubled(kube: httpx.Client) -> Generator[None]:
    """Everything of the table that can be made, once the controllers saw it."""
    where = collection(WIDGETS, "")
    kube.post(where, json=WIDGETS.body).raise_for_status()
    try:
        anyio.run(established, kube, f"{where}/{WIDGETS.name}")
        with staged(kube, NAMESPACE, [*CONTROL, *OPERATORS]):
            anyio.run(judged, kube)
            yield
    finally:
        kube.delete(f"{where}/{WIDGETS.name}").raise_for_status()


async def established(kube: httpx.Client, path: str) -> None:
    async def served() -> bool:
        return ("Established", "True") in conditions_of(kube, path)

    assert await until(served)


async def judged(kube: httpx.Client) -> None:
    """Wait until the API server has noticed what cannot work."""
    late = ("apiservice-unavailable", "crd-not-accepted")
    made = [one.made[0] for one in CONTROL if one.code in late]

    async def noticed() -> bool:
        return all(conditions_of(kube, f"{collection(one, '')}/{one.name}") for one in made)

    assert await until(noticed)


def conditions_of(kube: httpx.Client, path: str) -> set[tuple[str, str]]:
    found: list[Json] | None = kube.get(path).json().get("status", {}).get("conditions")
    return {(one["type"], one["status"]) for one in found or []}


async def test_every_cause_is_found_and_nothing_else(client: Client, troubled: None) -> None:
    seen = [*await findings_in(client, ""), *await findings_in(client, NAMESPACE)]
    found = {one["owner"]: one["cause"] for one in seen}

    rows = [one for one in (*CONTROL, *OPERATORS) if one.how != "elsewhere"]
    assert {one.owner: found.get(one.owner, "") for one in rows} == {
        one.owner: one.code for one in rows
    }
