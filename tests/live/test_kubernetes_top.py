"""k8s_top against the lab: its figures are the metrics API's own."""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from mcp import Client

from jamie_base.answer import ANSWER_BYTES
from jamie_lab import LabState
from tests.kubernetes import truth
from tests.kubernetes.child import ask, child, data_of
from tests.kubernetes.wire import Json
from tests.live.truth import quantity

METRICS = "/apis/metrics.k8s.io/v1beta1/pods"

pytestmark = pytest.mark.live


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


async def test_the_sums_are_those_of_the_metrics_api(client: Client, kube: httpx.Client) -> None:
    samples = [in_use(kube)]
    data = await data_of(client, "k8s_top")
    samples.append(in_use(kube))

    found = (data["used"]["cpu"], data["used"]["memory"])
    assert found in [pytest.approx(one, rel=0.02) for one in samples]  # pyright: ignore[reportUnknownMemberType]  # untyped in pytest
    assert len((await ask(client, "k8s_top")).encode()) <= ANSWER_BYTES


@pytest.mark.parametrize("by", ["cpu", "memory"])
async def test_rows_come_biggest_first(client: Client, by: str) -> None:
    data = await data_of(client, "k8s_top", by=by)

    used = [row["used"].get(by, 0) for row in data["rows"]]
    assert used == sorted(used, reverse=True) != []


async def test_a_row_s_request_and_limit_are_the_pod_s(client: Client, kube: httpx.Client) -> None:
    data = await data_of(client, "k8s_top", by="limit")

    row = data["rows"][0]
    path = f"/api/v1/namespaces/{row['namespace']}/pods"
    (pod,) = truth.items(kube, path, fieldSelector=f"metadata.name={row['name']}")
    containers: list[Json] = pod["spec"]["containers"]
    limits = [one["resources"]["limits"]["memory"] for one in containers]
    assert row["limit"]["memory"] == sum(quantity(one) for one in limits)


async def test_every_running_pod_is_measured_or_named(client: Client, kube: httpx.Client) -> None:
    before = running(kube)
    data = await data_of(client, "k8s_top")
    after = running(kube)

    assert data["total"] + data.get("unmeasured_count", 0) in (before, after)


def running(kube: httpx.Client) -> int:
    return len(truth.items(kube, "/api/v1/pods", fieldSelector="status.phase=Running"))


def in_use(kube: httpx.Client) -> tuple[float, float]:
    containers = [one for pod in truth.items(kube, METRICS) for one in pod["containers"]]
    cpu = sum(quantity(one["usage"]["cpu"]) for one in containers)

    return cpu, sum(quantity(one["usage"]["memory"]) for one in containers)
