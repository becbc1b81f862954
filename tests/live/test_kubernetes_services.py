"""k8s_services against the lab: Services in trouble are made in a namespace of the test's own."""

from collections import Counter
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client

from jamie_base.answer import ANSWER_BYTES
from jamie_lab import LabState
from jamie_lab.waiting import until
from tests.kubernetes import truth
from tests.kubernetes.child import ask, child, data_of
from tests.kubernetes.wire import Json

NAMESPACE = "jamie-test-services"
HOME = f"/api/v1/namespaces/{NAMESPACE}"
INGRESSES = f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/ingresses"
SLICES = "/apis/discovery.k8s.io/v1"

pytestmark = pytest.mark.live


def service(
    name: str, selector: Json, target: int | str = 8080, **spec: object
) -> tuple[str, Json]:
    ports = [{"port": 80, "targetPort": target}]
    body = {"metadata": {"name": name}, "spec": {"selector": selector, "ports": ports, **spec}}
    return f"{HOME}/services", body


POD = {
    "metadata": {"name": "web-0", "labels": {"app": "web"}},
    "spec": {
        "containers": [
            {
                "name": "app",
                "image": "example.net/app:1",
                "ports": [{"containerPort": 8080, "name": "http"}],
            }
        ]
    },
}
BACKEND = {"service": {"name": "nowhere", "port": {"number": 80}}}
OBJECTS: list[tuple[str, Json]] = [
    (f"{HOME}/pods", POD),
    service("good", {"app": "web"}, "http"),
    service("typo", {"app": "wbe"}),
    service("unnamed", {"app": "web"}, "https"),
    service("wrong", {"app": "web"}, 9999),
    service("outside", {}, type="ExternalName", externalName="example.net"),
    (INGRESSES, {"metadata": {"name": "lost"}, "spec": {"defaultBackend": BACKEND}}),
]


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


@pytest.fixture(scope="module")
def troubled(kube: httpx.Client) -> Generator[None]:
    """A namespace of Services that lead nowhere, beside one that is well."""
    kube.post("/api/v1/namespaces", json={"metadata": {"name": NAMESPACE}}).raise_for_status()
    try:
        for path, body in OBJECTS:
            kube.post(path, json=body).raise_for_status()
        anyio.run(settle, kube)
        yield
    finally:
        kube.delete(HOME).raise_for_status()


async def settle(kube: httpx.Client) -> None:
    async def ready() -> bool:
        return sum(ready for ready, _ in endpoints(kube, NAMESPACE).values()) == 3

    assert await until(ready), "the endpoints did not come"


async def test_each_broken_service_says_why(client: Client, troubled: None) -> None:
    data = await data_of(client, "k8s_services", namespace=NAMESPACE)

    why = {row["name"]: "; ".join(row.get("why", ())) for row in data["rows"]}
    assert why == {
        "good": "",
        "outside": "",
        "typo": "selector app=wbe matches no pod; there are pods with app=web",
        "unnamed": "no pod has a port named https (port 80)",
        "wrong": "no container declares port 9999 (they declare 8080)",
        "nowhere": "does not exist, but ing/lost sends to it",
    }
    assert data["broken"] == 4


async def test_a_healthy_service_is_healthy(client: Client, troubled: None) -> None:
    text = await ask(client, "k8s_services", service="svc/good", namespace=NAMESPACE)

    assert "1 ClusterIP; none broken." in text
    assert "80>http  1/1 ready" in text


async def test_endpoints_are_counted_as_the_api_server_holds_them(
    client: Client, kube: httpx.Client
) -> None:
    before = endpoints(kube)
    text = await ask(client, "k8s_services", status="all")
    data = await data_of(client, "k8s_services", status="all")
    after = endpoints(kube)

    found = {
        f"{row['namespace']}/{row['name']}": (row.get("ready", 0), row["endpoints"])
        for row in data["rows"]
        if row.get("endpoints", 0)
    }
    assert found in (before, after)
    assert data["total"] - count_missing(data) == len(truth.items(kube, "/api/v1/services"))
    assert len(text.encode()) <= ANSWER_BYTES


def count_missing(data: Json) -> int:
    return Counter(row["type"] for row in data["rows"])["missing"]


def endpoints(kube: httpx.Client, namespace: str = "") -> dict[str, tuple[int, int]]:
    """Return of each Service how many endpoints take traffic, of how many."""
    found: dict[str, tuple[int, int]] = {}
    within = f"/namespaces/{namespace}" if namespace else ""
    for one in truth.items(kube, f"{SLICES}{within}/endpointslices"):
        about = one["metadata"]
        listed: list[Json] = one.get("endpoints") or []
        places = [each for each in listed if not each["conditions"].get("terminating")]
        ready = sum(bool(each["conditions"]["ready"]) for each in places)
        if places:
            name = about["labels"]["kubernetes.io/service-name"]
            found[f"{about['namespace']}/{name}"] = (ready, len(places))

    return found
