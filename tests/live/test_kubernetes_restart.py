"""The lab's API server, really stopped and started while the server follows, listens and reads.

The server is an account that may read. An API server that has just started refuses what it
allows: it does not know its roles yet.
"""

import re
import time
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client
from mcp.client.subscriptions import Subscription

from jamie_lab import LabState
from jamie_lab.lifecycle import away
from jamie_lab.paths import folders
from jamie_lab.status import table
from jamie_lab.waiting import until
from tests.kubernetes import truth
from tests.kubernetes.child import ask, child
from tests.kubernetes.following import Following, following, heard
from tests.kubernetes.wire import Json
from tests.live.roles import Grounds, account, grounds
from tests.live.space import changed, deployment, got, made
from tests.live.telling import Teller, telling

pytestmark = [pytest.mark.live, pytest.mark.scenario("healthy")]

FOLLOWED = 35
NOTICE_SECONDS = 2.0
"""How long the API server may take to stop: it would wait for whoever watches it."""

PATIENCE = 25
READ_DEADLINE = 5
TELLERS = "app=teller"


@pytest.fixture(scope="module")
def at(kube: httpx.Client, lab: LabState, prometheus: httpx.Client) -> Generator[Grounds]:
    """A namespace; when it goes the lab is as well as before."""
    with grounds(kube, lab) as made:
        yield made
        anyio.run(is_well_again, made, prometheus)


@pytest.fixture
async def tellers(at: Grounds, tmp_path: Path) -> list[Teller]:
    return [await telling(at.kube, at.name, f"teller-{number}", tmp_path) for number in range(2)]


async def test_what_listens_lives_through_a_restart_of_the_api_server(
    at: Grounds, tellers: list[Teller], tmp_path: Path
) -> None:
    things = f"/api/v1/namespaces/{at.name}/configmaps"
    uri = f"k8s://lab/{at.name}/cm/thing"
    made(at.kube, things, {"metadata": {"name": "thing"}, "data": {"a": "1"}})
    one, other = tellers
    one.say("before anybody followed")
    with account(at, tmp_path, ["jamie-read"]) as config:
        async with (
            child(config, tmp_path / "one", JAMIE_KUBERNETES_DEADLINE=f"{FOLLOWED + 10}") as client,
            child(config, tmp_path / "two", JAMIE_KUBERNETES_DEADLINE=f"{READ_DEADLINE}") as reader,
            told_of(client, uri) as told,
            following(client, selector=TELLERS, namespace=at.name, follow=FOLLOWED) as lines,
            following(
                client, "k8s_events", namespace=at.name, warnings_only=False, follow=FOLLOWED
            ) as events,
        ):
            await are_followed(tellers, lines, events)
            one.happens("before")
            await heard(events, "before", PATIENCE)

            async with away(folders(), "kube-apiserver", notice=NOTICE_SECONDS):
                one.say("one while it is away")
                other.say("other while it is away")
                refused = await answers(reader, at)
                await heard(lines, "(interrupted: ", PATIENCE)
                await heard(events, "(interrupted: ", PATIENCE)
            changed(at.kube, f"{things}/thing", {"data": {"a": "2"}})
            one.happens("after")
            one.say("one after it")

            assert await until(partial(can_read, reader, at), 10)
            await heard(lines, "one after it", PATIENCE)
            await heard(events, "after", PATIENCE)
            assert await until(partial(was_told, told, uri), PATIENCE)

    said = Counter(line.partition(" | ")[2] for line in lines.heard.splitlines() if " | " in line)
    assert {*said.values()} == {1}
    assert {text for text in said if not text.startswith("ready")} == {
        "one while it is away",
        "other while it is away",
        "one after it",
    }
    happened = Counter(line for line in events.heard.splitlines() if " Tested " in line)
    assert {*happened.values()} == {1}
    assert sum(line.endswith((": before", ": after")) for line in happened) == 2
    for answer in (lines.answer, events.answer):
        assert re.search(
            r"^Interrupted at .* for \d+ s, then taken up where it broke: ", answer, re.M
        )
        assert not answer.startswith("error")
        assert "not allowed" not in answer
    for tool, (seconds, text) in refused.items():
        assert seconds < READ_DEADLINE + 1, tool
        assert text.startswith("error: Kubernetes 'lab' at "), (tool, text)


READS: list[tuple[str, Json]] = [
    ("k8s_overview", {}),
    ("k8s_pods", {"namespace": "$"}),
    ("k8s_logs", {"name": "teller-0", "namespace": "$"}),
    ("k8s_get", {"what": "deploy/web", "namespace": "$"}),
    ("k8s_diagnose", {"namespace": "$"}),
    ("k8s_graph", {"object": "deploy/web", "namespace": "$"}),
]


async def answers(client: Client, at: Grounds) -> dict[str, tuple[float, str]]:
    """Ask for everything at once; return what is said, and after how many seconds."""
    found: dict[str, tuple[float, str]] = {}

    async def one(tool: str, question: Json) -> None:
        given = {key: at.name if value == "$" else value for key, value in question.items()}
        began = time.monotonic()
        text = await ask(client, tool, **given)
        found[tool] = (time.monotonic() - began, text)

    async with anyio.create_task_group() as group:
        for tool, question in READS:
            group.start_soon(one, tool, question)

    return found


async def can_read(client: Client, at: Grounds) -> bool:
    found = await answers(client, at)

    return not any(text.startswith("error") or "Missing: " in text for _, text in found.values())


async def are_followed(tellers: list[Teller], lines: Following, events: Following) -> None:
    """Wait until all are heard: what came before anybody listened is not news."""
    numbers = count()

    async def all_are() -> bool:
        number = next(numbers)
        for teller in tellers:
            teller.say(f"ready {teller.name} {number}")
            teller.happens(f"ready-{number}")
        names = [f"ready {teller.name}" in lines.heard for teller in tellers]
        return all(names) and "ready-" in events.heard

    assert await until(all_are, PATIENCE, poll=0.5)


@asynccontextmanager
async def told_of(client: Client, uri: str) -> AsyncGenerator[list[str]]:
    """Subscribe to a resource while the block runs; what is told of it is added to the list."""
    told: list[str] = []

    async def hear(subscription: Subscription) -> None:
        async for _ in subscription:
            told.extend([uri])

    async with (
        client.listen(resource_subscriptions=[uri]) as subscription,
        anyio.create_task_group() as group,
    ):
        group.start_soon(hear, subscription)
        yield told
        group.cancel_scope.cancel()


async def was_told(told: list[str], uri: str) -> bool:
    return uri in told


async def is_well_again(at: Grounds, prometheus: httpx.Client) -> None:
    """Wait until everything in the lab works again that goes by the API server."""
    apps = f"/apis/apps/v1/namespaces/{at.name}/deployments"
    made(at.kube, apps, deployment("again", 1))

    async def rolls_out() -> bool:
        return got(at.kube, f"{apps}/again")["status"].get("availableReplicas") == 1

    async def is_ready() -> bool:
        _, well = await table(folders())
        ready, total = truth.ready_nodes(at.kube)
        return well and ready == total and scraped(prometheus) and measured(at.kube) == total

    assert await until(rolls_out), "controllers, scheduler or kwok do not work"
    assert await until(is_ready), "the lab is not well"


def scraped(prometheus: httpx.Client) -> bool:
    """Tell whether everything Prometheus scrapes answers, the cluster's metrics among it."""
    targets = prometheus.get("/api/v1/targets", params={"state": "active"}).json()["data"]
    found = targets["activeTargets"]
    jobs = {one["labels"]["job"] for one in found}

    return jobs >= {"kubelet", "kube-state-metrics"} and all(one["health"] == "up" for one in found)


def measured(kube: httpx.Client) -> int:
    """Count the nodes whose use the metrics API knows."""
    reply = kube.get("/apis/metrics.k8s.io/v1beta1/nodes")

    return len(reply.json()["items"]) if reply.is_success else 0
