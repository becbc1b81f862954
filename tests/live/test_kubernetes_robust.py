"""An API server that restarts, is slow, forgets its lists or has another time."""

import json
import re
import time
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from functools import partial
from pathlib import Path

import anyio
import httpx
import pytest
from mcp.client.subscriptions import Subscription
from mcp.types import TextResourceContents

from jamie_lab import LabState
from jamie_lab.waiting import until
from tests.kubernetes import truth
from tests.kubernetes.child import ask, data_of
from tests.kubernetes.following import Following, following
from tests.kubernetes.gateway import Fault, Gateway
from tests.kubernetes.wire import Json
from tests.live.doors import behind, is_list_of, lab_door, skewed
from tests.live.space import changed, deployment, made, space

pytestmark = [pytest.mark.live, pytest.mark.scenario("healthy")]

SHOP_PODS = "/api/v1/namespaces/shop/pods"
TALKERS = "app in (catalog,frontend)"
FOLLOWED = 20
KEY_CHARACTERS = 70
"""The lab's lines begin with their instant: so much of one tells it from the others."""


@pytest.fixture
async def door(lab: LabState) -> AsyncGenerator[Gateway]:
    async with lab_door(lab) as door:
        yield door


@pytest.fixture(scope="module")
def room(kube: httpx.Client) -> Generator[str]:
    with space(kube, "jamie-test-robust") as name:
        yield name


def heard(found: Following) -> Counter[tuple[str, str]]:
    """The lines that came as progress, by pod and container."""
    lines = [line.split(" | ", 1) for line in found.heard.splitlines() if " | " in line]
    return Counter((head.split()[1], text[:KEY_CHARACTERS]) for head, text in lines)


def written(kube: httpx.Client, label: str) -> list[str]:
    """What a container wrote lately, in order."""
    pod, _, container = label.partition("/")
    params = {"sinceSeconds": str(FOLLOWED + 20), **({"container": container} if container else {})}
    reply = kube.get(f"{SHOP_PODS}/{pod}/log", params=params).raise_for_status()

    return [line[:KEY_CHARACTERS] for line in reply.text.splitlines()]


async def comes(found: Following, words: str) -> None:
    async def there() -> bool:
        return words in found.heard

    assert await until(there, 20, poll=0.05), f"{words!r} is not in {found.heard!r}"


async def test_every_line_is_heard_once_though_the_api_server_goes_away_meanwhile(
    door: Gateway, kube: httpx.Client, tmp_path: Path
) -> None:
    async with (
        behind(door, tmp_path) as client,
        following(client, selector=TALKERS, namespace="shop", follow=FOLLOWED) as found,
    ):
        await comes(found, " | ")
        await door.stop()
        await comes(found, "(interrupted: ")
        await door.start()
        await comes(found, "(heard again)")
        before = len(heard(found))

        async def again() -> bool:
            return len(heard(found)) > before

        assert await until(again, 15, poll=0.05)

    lines = heard(found)
    assert set(lines.values()) == {1}
    for label in {name for name, _ in lines}:
        there = written(kube, label)
        places = [there.index(text) for name, text in lines if name == label]
        assert sorted(places) == [*range(min(places), max(places) + 1)], f"{label} lost lines"
    assert "Interrupted at" in found.answer
    assert "then taken up where it broke" in found.answer


async def test_every_event_is_heard_once_though_the_api_server_goes_away_meanwhile(
    door: Gateway, kube: httpx.Client, room: str, tmp_path: Path
) -> None:
    path = f"/apis/apps/v1/namespaces/{room}/deployments"
    asked = {"namespace": room, "warnings_only": False, "follow": FOLLOWED}
    async with (
        behind(door, tmp_path) as client,
        following(client, "k8s_events", **asked) as found,
    ):
        assert await until(partial(is_watched, door), 10, poll=0.05)
        made(kube, path, deployment("before", 1))
        await comes(found, "deploy/before: Scaled up")
        await door.stop()
        made(kube, path, deployment("during", 1))
        await comes(found, "(interrupted: ")
        await door.start()
        await comes(found, "deploy/during: Scaled up")
        made(kube, path, deployment("after", 1))
        await comes(found, "deploy/after: Scaled up")

    lines = Counter(line for line in found.heard.splitlines() if "ScalingReplicaSet" in line)
    assert len(lines) == 3
    assert set(lines.values()) == {1}
    assert "Interrupted at" in found.answer


async def is_watched(door: Gateway) -> bool:
    return any(one.streams for one in door.open)


async def test_a_subscriber_is_told_what_changed_while_the_api_server_was_away(
    door: Gateway, kube: httpx.Client, room: str, tmp_path: Path
) -> None:
    uri = f"k8s://lab/{room}/cm/thing"
    path = f"/api/v1/namespaces/{room}/configmaps"
    told: list[str] = []

    async def hear(subscription: Subscription) -> None:
        async for _ in subscription:
            told.extend([uri])

    async def so_often(number: int) -> bool:
        return len(told) >= number

    async with (
        behind(door, tmp_path) as client,
        client.listen(resource_subscriptions=[uri]) as subscription,
        anyio.create_task_group() as group,
    ):
        group.start_soon(hear, subscription)
        made(kube, path, {"metadata": {"name": "thing"}, "data": {"a": "1"}})
        assert await until(partial(so_often, 1), 10, poll=0.05)
        await door.stop()
        changed(kube, f"{path}/thing", {"data": {"a": "2"}})
        await door.start()
        assert await until(partial(so_often, 2), 20, poll=0.05)
        group.cancel_scope.cancel()


READS: list[tuple[str, Json]] = [
    ("k8s_overview", {}),
    ("k8s_pods", {}),
    ("k8s_workloads", {}),
    ("k8s_rollout", {"name": "deploy/catalog", "namespace": "shop"}),
    ("k8s_services", {}),
    ("k8s_logs", {"name": "deploy/catalog"}),
    ("k8s_events", {}),
    ("k8s_nodes", {}),
    ("k8s_top", {}),
    ("k8s_get", {"what": "deploy/catalog", "namespace": "shop"}),
    ("k8s_diagnose", {}),
    ("k8s_changes", {}),
    ("k8s_access", {"verb": "list", "what": "pods"}),
    ("k8s_graph", {"object": "deploy/catalog", "namespace": "shop"}),
]


async def test_every_tool_answers_within_its_deadline_when_nothing_else_does(
    door: Gateway, tmp_path: Path
) -> None:
    door.faults.append(Fault(lambda _: True, delay=60))
    answers: dict[str, tuple[float, str]] = {}
    async with behind(door, tmp_path, JAMIE_KUBERNETES_DEADLINE="3") as client:
        offered = {one.name for one in (await client.list_tools()).tools}

        async def one(tool: str, arguments: Json) -> None:
            began = time.monotonic()
            text = await ask(client, tool, **arguments)
            answers[tool] = (time.monotonic() - began, text)

        async with anyio.create_task_group() as group:
            for tool, arguments in READS:
                group.start_soon(one, tool, arguments)

    assert {tool for tool, _ in READS} == offered
    for tool, (seconds, text) in answers.items():
        assert seconds < 4.5, tool
        assert "took over 3 s" in text or "no answer within" in text, f"{tool}: {text}"


async def test_an_overview_names_the_part_that_is_slow_and_shows_the_others(
    door: Gateway, kube: httpx.Client, tmp_path: Path
) -> None:
    door.faults.append(Fault(partial(is_list_of, "/api/v1/nodes"), delay=60))
    async with behind(door, tmp_path, JAMIE_KUBERNETES_DEADLINE="7") as client:
        before = len(truth.rows(kube))
        data = await data_of(client, "k8s_overview")
        text = await ask(client, "k8s_overview")
        after = len(truth.rows(kube))

    assert re.search(r"^Missing: nodes: no answer within 3\.?\d* s$", text, re.MULTILINE)
    assert "nodes" not in data
    assert before - 20 <= data["pods"]["total"] <= after + 20


async def test_a_trickle_is_cut_off_in_time_and_said(door: Gateway, tmp_path: Path) -> None:
    door.faults.append(Fault(partial(is_list_of, "/api/v1/pods"), bytes_per_second=2_000))
    async with behind(door, tmp_path, JAMIE_KUBERNETES_DEADLINE="3") as client:
        with anyio.fail_after(4.5):
            pods = await ask(client, "k8s_pods")

    assert re.match(r"error: pods: no answer within 1\.\d s; ask for less", pods)


async def test_a_list_that_is_forgotten_in_the_middle_is_read_again_from_its_start(
    door: Gateway, kube: httpx.Client, tmp_path: Path
) -> None:
    door.page = 4
    door.faults.append(Fault(lambda one: "continue" in one.params, times=1, status=410))
    async with behind(door, tmp_path) as client:
        pods = await data_of(client, "k8s_pods", namespace="shop", status="all")
        door.faults.append(Fault(lambda one: "continue" in one.params, times=1, status=410))
        listed = await data_of(
            client, "k8s_get", what="po", namespace="shop", group_by="metadata.namespace"
        )

    shop = truth.items(kube, SHOP_PODS)
    assert pods["matched"] == len(shop) > 8
    assert listed["read"] == len(shop)
    gone = [place for place, one in enumerate(door.exchanges) if one.status == 410]
    assert len(gone) == 2
    assert all("continue" not in door.exchanges[place + 1].params for place in gone)


@pytest.mark.parametrize("status", [429, 503])
async def test_an_api_server_that_asks_to_come_again_is_asked_again(
    door: Gateway, kube: httpx.Client, tmp_path: Path, status: int
) -> None:
    again = {"retry-after": "1"}
    about = partial(is_list_of, SHOP_PODS)
    door.faults.append(Fault(about, times=1, status=status, headers=again))
    async with behind(door, tmp_path) as client:
        pods = await data_of(client, "k8s_pods", namespace="shop", status="all")

    assert pods["matched"] == len(truth.items(kube, SHOP_PODS))


@pytest.mark.parametrize("seconds", [-900, 900])
async def test_a_clock_that_differs_is_said(door: Gateway, tmp_path: Path, seconds: float) -> None:
    door.faults.append(skewed(seconds))
    async with behind(door, tmp_path) as client:
        answer = await ask(client, "k8s_pods", namespace="shop", status="all")
        (content,) = (await client.read_resource("jamie://status")).contents

    where = "ahead of" if seconds > 0 else "behind"
    assert f"(The API server's clock is 15m {where} ours; ages may be off by that.)" in answer
    assert isinstance(content, TextResourceContents)
    (source,) = json.loads(content.text)["sources"]
    assert source["clock_ahead"] == pytest.approx(seconds, abs=3)
