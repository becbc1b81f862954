"""k8s_graph against the lab: an application of the test's own, whole and then broken."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client

from jamie_base.answer import ANSWER_BYTES
from jamie_lab import LabState
from jamie_lab.waiting import until
from tests.kubernetes.child import ask, child, data_of
from tests.kubernetes.wire import Json
from tests.live.causes import Cause, Made, staged
from tests.live.causes_networking import policy, service, workload

NAMESPACE = "jamie-test-graph"

pytestmark = pytest.mark.live


def configured() -> Made:
    made = workload("app")
    spec: Json = made.body["spec"]["template"]["spec"]
    spec["containers"][0]["envFrom"] = [
        {"configMapRef": {"name": "app"}},
        {"secretRef": {"name": "gone"}},
    ]
    return made


INGRESS: Json = {
    "metadata": {"name": "app"},
    "spec": {
        "rules": [
            {
                "host": "app.example.com",
                "http": {
                    "paths": [
                        {
                            "path": "/",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": "app", "port": {"number": 80}}},
                        }
                    ]
                },
            }
        ]
    },
}
SCALER: Json = {
    "metadata": {"name": "app"},
    "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "app"},
        "maxReplicas": 3,
    },
}
BUDGET: Json = {
    "metadata": {"name": "app"},
    "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "app"}}},
}
APP = Cause(
    "",
    "an application and all around it",
    made=[
        Made("v1/configmaps", {"metadata": {"name": "app"}, "data": {"A": "1"}}),
        configured(),
        service("app"),
        Made("networking.k8s.io/v1/ingresses", INGRESS),
        Made("autoscaling/v2/horizontalpodautoscalers", SCALER),
        Made("policy/v1/poddisruptionbudgets", BUDGET),
        policy("app", "app", policyTypes=["Ingress"], ingress=[{"ports": [{"port": 8080}]}]),
        workload("client"),
    ],
)


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


@pytest.fixture(scope="module")
def application(kube: httpx.Client) -> Generator[None]:
    with staged(kube, NAMESPACE, [APP]):
        anyio.run(served, kube)
        yield


async def served(kube: httpx.Client) -> None:
    async def has_endpoint() -> bool:
        return bool(ready_addresses(kube))

    assert await until(has_endpoint)


def ready_addresses(kube: httpx.Client) -> list[str]:
    path = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
    slices: list[Json] = kube.get(path).raise_for_status().json()["items"]
    return [
        address
        for one in slices
        for endpoint in one["endpoints"] or ()
        if endpoint["conditions"].get("ready")
        for address in endpoint["addresses"]
    ]


@pytest.mark.parametrize("named", ["deploy/app", "svc/app", "ing/app", "cm/app", "pdb/app"])
async def test_everything_around_is_drawn_wherever_one_begins(
    client: Client, application: None, named: str
) -> None:
    data = await data_of(client, "k8s_graph", object=named, namespace=NAMESPACE)

    edges = {(one["source"], one["target"]): one.get("broken", "") for one in data["edges"]}
    pods = [target for source, target in edges if source == "deploy/app" and "pod/" in target]
    assert len(pods) == 1
    # Nobody measures pods as young as these.
    scaled = edges.pop(("hpa/app", "deploy/app"))
    assert scaled == "" or "ScalingActive=False" in scaled
    assert edges == {
        ("ing/app app.example.com/", "svc/app"): "",
        ("svc/app", "deploy/app"): "",
        ("deploy/app", pods[0]): "",
        ("pdb/app", "deploy/app"): "",
        ("netpol/app", "deploy/app"): "",
        ("deploy/app", "cm/app"): "",
        ("deploy/app", "secret/gone"): "does not exist",
    }


async def test_policies_decide_who_may_reach_whom(client: Client, application: None) -> None:
    text = await ask(
        client, "k8s_graph", object="deploy/client", namespace=NAMESPACE, to="svc/app:80"
    )
    assert f"deploy/client may reach {NAMESPACE}/svc/app port 8080: yes" in text

    text = await ask(
        client, "k8s_graph", object="deploy/client", namespace=NAMESPACE, to="deploy/app:9090"
    )
    assert "port 9090: NO: no rule of netpol/app lets it in" in text
    assert len(text.encode()) <= ANSWER_BYTES
