"""k8s_diagnose against the lab: pods that have a node and do not run as they should."""

from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client

from jamie_base.answer import ANSWER_BYTES
from jamie_lab import LabState
from jamie_lab.waiting import until
from tests.kubernetes.child import ask, child
from tests.kubernetes.wire import Json, container, waiting
from tests.live.causes import (
    MERGE,
    Cause,
    Made,
    findings_in,
    patch,
    staged,
)
from tests.live.causes_ends import ENDS
from tests.live.causes_runs import RUNS, SOUND
from tests.live.causes_starts import STARTS, WEB
from tests.live.playing import crash, main, pod, state
from tests.live.said_by_kubelets import MISSING_TAG
from tests.live.space import space

HOME = "jamie-test-diagnose-pods"
GROUPS = {"ends": ENDS, "starts": STARTS, "runs": (*RUNS, *SOUND)}
"""As many as are looked into in one diagnosis; beyond that findings are shorter."""

pytestmark = pytest.mark.live


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


@pytest.fixture(scope="module")
def troubled(kube: httpx.Client) -> Generator[None]:
    with ExitStack() as stack:
        for name, rows in GROUPS.items():
            stack.enter_context(staged(kube, f"{HOME}-{name}", rows))
        yield


@pytest.mark.parametrize("name", GROUPS)
async def test_every_cause_is_found_and_nothing_else(
    client: Client, troubled: None, name: str
) -> None:
    found = await findings_in(client, f"{HOME}-{name}")

    assert {one["owner"]: one["cause"] for one in found} == expected(name)


def expected(name: str) -> dict[str, str]:
    rows = (row for row in GROUPS[name] if row.code and row.how != "elsewhere")
    return {row.owner: row.code for row in rows}


DATABASE = crash("segfault", "a database that is down", "database", 139)
SERVICE = Made(
    "v1/services",
    {
        "metadata": {"name": "db"},
        "spec": {"selector": {"app": "database"}, "ports": [{"port": 5432}]},
    },
)
CLIENT = crash(
    "", "what follows from it", "client", 1, log="dial tcp: db:5432: connect: connection refused"
)


@pytest.fixture(scope="module")
def dependent(kube: httpx.Client) -> Generator[None]:
    """A program that ends because the database behind its Service does."""
    rows = [DATABASE, Cause("", "its Service", made=[SERVICE]), CLIENT]
    with staged(kube, f"{HOME}-follows", rows):
        yield


async def test_what_only_follows_from_another_is_told_with_it(
    client: Client, dependent: None
) -> None:
    found = await findings_in(client, f"{HOME}-follows")

    owners = {one["owner"]: one for one in found}
    assert owners["pod/database"]["cause"] == "segfault"
    assert f"{HOME}-follows/pod/client" in owners["pod/database"]["affects"]
    assert "pod/client" not in owners


@pytest.fixture(scope="module")
def rolled(kube: httpx.Client) -> Generator[None]:
    """A Deployment that went from one image to another, which one of its two nodes cannot get."""
    deployment = f"/apis/apps/v1/namespaces/{HOME}/deployments/web"
    with space(kube, HOME):
        kube.post(deployment.rpartition("/")[0], json=two_of("1")).raise_for_status()
        anyio.run(ready, kube, deployment)
        kube.patch(deployment, json={"spec": two_of("2")["spec"]}, headers=MERGE).raise_for_status()
        anyio.run(ready, kube, deployment)
        one, _ = (pod for pod in pods(kube) if pod["spec"]["containers"][0]["image"] == f"{WEB}:2")
        held = state(container(state=waiting("ErrImagePull", MISSING_TAG)), phase="Pending")
        patch(kube, f"/api/v1/namespaces/{HOME}/pods/{one['metadata']['name']}/status", held)
        yield


def two_of(tag: str) -> Json:
    template = pod("web", main(image=f"{WEB}:{tag}"))
    selector = {"matchLabels": template["metadata"]["labels"]}
    spec = {"replicas": 2, "selector": selector, "template": template}
    return {"metadata": {"name": "web"}, "spec": spec}


def pods(kube: httpx.Client) -> list[Json]:
    return kube.get(f"/api/v1/namespaces/{HOME}/pods").raise_for_status().json()["items"]


async def ready(kube: httpx.Client, path: str) -> None:
    async def rolled_out() -> bool:
        return is_rolled_out(kube, path)

    assert await until(rolled_out)


def is_rolled_out(kube: httpx.Client, path: str) -> bool:
    one = kube.get(path).raise_for_status().json()
    counts = ("replicas", "updatedReplicas", "readyReplicas")
    seen = one["status"].get("observedGeneration") == one["metadata"]["generation"]
    return seen and all(one["status"].get(key) == 2 for key in counts)


async def test_an_image_that_is_missing_names_the_one_of_the_revision_before(
    client: Client, rolled: None
) -> None:
    text = await ask(client, "k8s_diagnose", namespace=HOME)

    assert f"BROKEN {HOME}/deploy/web: container app: image {WEB}:2 does not exist" in text
    assert "1 of 2 ready" in text
    assert f"the revision before ran {WEB}:1" in text
    assert f"next: set the image to {WEB}:1" in text


async def test_the_worst_page_fits_and_quotes_what_strangers_wrote(
    client: Client, troubled: None
) -> None:
    text = await ask(client, "k8s_diagnose", namespace=f"{HOME}-ends")

    assert len(text.encode()) <= ANSWER_BYTES
    ours, block, _ = text.partition("--- from events, pod statuses and logs")
    assert "Liveness probe failed" not in ours
    assert block
