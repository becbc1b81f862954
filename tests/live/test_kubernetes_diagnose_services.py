"""k8s_diagnose against the lab: Services, and what leads to them."""

import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client

from jamie_lab import LabState
from jamie_lab.waiting import until
from tests.kubernetes.child import ask, child
from tests.kubernetes.wire import Json
from tests.live.causes import (
    Cause,
    aged,
    change,
    codes,
    defined,
    findings_in,
    found_in,
    pods_of,
    staged,
)
from tests.live.causes_routes import DEFINITIONS, NAMESPACE, ROUTES
from tests.live.causes_services import CHAIN, NOT_READY, SERVICES

SERVICE_SPACE = "jamie-test-diagnose-services"
INSIDE = [one for one in ROUTES if not one.owner.startswith("GatewayClass/")]
CHAIN_SPACE = "jamie-test-diagnose-chain"
AGED = (
    "services",
    "ingresses",
    "deployments",
    "poddisruptionbudgets",
    "gateways",
    "httproutes",
    "grpcroutes",
)
HOURS: dict[str, float] = dict.fromkeys(AGED, 2.0)

pytestmark = pytest.mark.live


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


@pytest.fixture(scope="module")
def astray(kube: httpx.Client) -> Generator[None]:
    began = time.time() - 1
    with staged(kube, SERVICE_SPACE, SERVICES):
        anyio.run(aged, SERVICE_SPACE, began, HOURS)
        yield


@pytest.fixture(scope="module")
def misled(kube: httpx.Client) -> Generator[None]:
    began = time.time() - 1
    with defined(kube, *DEFINITIONS), staged(kube, NAMESPACE, ROUTES):
        anyio.run(aged, NAMESPACE, began, HOURS)
        yield


@pytest.fixture(scope="module")
def chained(kube: httpx.Client) -> Generator[None]:
    """A Deployment none of whose pods is ready any more, and what leads to it."""
    began = time.time() - 1
    with staged(kube, CHAIN_SPACE, [Cause("", "", made=CHAIN)]):
        anyio.run(served, kube)
        anyio.run(aged, CHAIN_SPACE, began, {**HOURS, "pods": 2})
        for one in pods_of(kube, CHAIN_SPACE, CHAIN[0]):
            path = f"/api/v1/namespaces/{CHAIN_SPACE}/pods/{one['metadata']['name']}/status"
            change(kube, path, {"status": NOT_READY})
        yield


async def served(kube: httpx.Client) -> None:
    async def ready() -> bool:
        found = pods_of(kube, CHAIN_SPACE, CHAIN[0])
        return len(found) == 2 and all(one["status"].get("podIP") for one in found)

    assert await until(ready)


async def test_every_service_says_why_nothing_answers(client: Client, astray: None) -> None:
    assert await found_in(client, SERVICE_SPACE, SERVICES) == codes(SERVICES)

    text = await ask(client, "k8s_diagnose", object="svc/typo", namespace=SERVICE_SPACE)
    assert "its selector app=wbe matches no pod; there are pods with app=web" in text


async def test_every_way_to_a_service_says_what_is_wrong_with_it(
    client: Client, misled: None
) -> None:
    assert await found_in(client, NAMESPACE, INSIDE) == codes(INSIDE)

    refused = await ask(client, "k8s_diagnose", object="gatewayclass/jamie-test-bad")
    assert "BROKEN GatewayClass/jamie-test-bad: no controller accepts it" in refused


async def test_one_broken_deployment_is_one_finding_with_all_it_hits(
    client: Client, chained: None
) -> None:
    seen: list[Json] = []

    async def told() -> bool:
        seen[:] = await findings_in(client, CHAIN_SPACE)
        return len(seen) == 1 and len(seen[0].get("affects", ())) == 3

    await until(told, poll=1)
    (one,) = seen
    assert one["owner"] == "deploy/chain"
    assert set(one["affects"]) == {f"{CHAIN_SPACE}/{kind}/chain" for kind in ("svc", "ing", "pdb")}
