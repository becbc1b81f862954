"""An API server that is slow, forgets its lists, asks to come again or has another time."""

import json
import re
import time
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import anyio
import httpx
import pytest
from mcp.types import TextResourceContents

from jamie_lab import LabState
from tests.kubernetes import truth
from tests.kubernetes.child import ask, data_of
from tests.kubernetes.gateway import Exchange, Fault, Gateway
from tests.kubernetes.wire import Json
from tests.live.doors import behind, is_list_of, lab_door, skewed

pytestmark = [pytest.mark.live, pytest.mark.scenario("healthy")]

SHOP_PODS = "/api/v1/namespaces/shop/pods"


@pytest.fixture
async def door(lab: LabState) -> AsyncGenerator[Gateway]:
    async with lab_door(lab) as door:
        yield door


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

    assert re.search(r"^Missing: nodes\b.*: no answer within 3\.?\d* s$", text, re.MULTILINE)
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
    def goes_on(one: Exchange) -> bool:
        return is_list_of(SHOP_PODS, one) and "continue" in one.params

    door.page = 4
    door.faults.append(Fault(goes_on, times=1, status=410))
    async with behind(door, tmp_path) as client:
        pods = await data_of(client, "k8s_pods", namespace="shop", status="all")
        door.faults.append(Fault(goes_on, times=1, status=410))
        listed = await data_of(
            client, "k8s_get", what="po", namespace="shop", group_by="metadata.namespace"
        )

    shop = truth.items(kube, SHOP_PODS)
    assert pods["matched"] == len(shop) > 8
    assert listed["read"] == len(shop)
    # Other lists are read beside this one.
    lists = door.asked(SHOP_PODS)
    gone = [place for place, one in enumerate(lists) if one.status == 410]
    assert len(gone) == 2
    assert all("continue" not in lists[place + 1].params for place in gone)


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
