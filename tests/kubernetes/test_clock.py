"""Clocks that differ: what replies prove, what an answer and the status say of it."""

import json
import re
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.types import TextResourceContents

from jamie_kubernetes.client.clock import Clock
from tests.kubernetes.conftest import Mode, text_of
from tests.kubernetes.following import through
from tests.kubernetes.gateway import Fault, Gateway, gateway
from tests.kubernetes.taps import Played
from tests.kubernetes.wire import Json, namespace, pod

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def said(seconds: float) -> str:
    """A Date header so many seconds after noon."""
    return format_datetime(NOON + timedelta(seconds=int(seconds)), usegmt=True)


def heard(date: str, sent: float, received: float) -> Clock:
    clock = Clock()
    clock.heard(date, NOON.timestamp() + sent, NOON.timestamp() + received)

    return clock


@given(
    ahead=st.floats(-3600, 3600),
    replies=st.lists(st.tuples(st.floats(0, 60), st.floats(0, 5), st.floats(0, 1)), min_size=1),
)
def test_no_more_is_claimed_than_replies_prove(
    ahead: float, replies: list[tuple[float, float, float]]
) -> None:
    clock = Clock()
    noon = NOON.timestamp()
    for sent, took, share in replies:
        written = noon + sent + took * share + ahead
        date = format_datetime(datetime.fromtimestamp(int(written), UTC), usegmt=True)
        clock.heard(date, noon + sent, noon + sent + took)

    assert abs(clock.ahead) <= abs(ahead) + 1e-3
    assert abs(ahead - clock.ahead) <= 1 + min(took for _, took, _ in replies) + 1e-3


def test_clocks_that_may_agree_do_not_differ() -> None:
    assert heard(said(0), sent=-0.2, received=0.9).ahead == 0
    assert heard(said(600), sent=0, received=0.5).ahead == pytest.approx(599.5)
    assert heard(said(-600), sent=0, received=0.5).ahead == pytest.approx(-599)


def test_a_clock_that_was_set_right_is_believed() -> None:
    clock = heard(said(600), sent=0, received=0.1)
    clock.heard(said(10), NOON.timestamp() + 10, NOON.timestamp() + 10.2)

    assert clock.ahead == 0


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 99 Nov 2026 12:00:00 GMT"])
def test_what_is_no_date_proves_nothing(date: str) -> None:
    assert heard(date, sent=0, received=1).ahead == 0


@pytest.fixture
def played() -> Played:
    played = Played()
    ten = (datetime.now(UTC) + timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    young = namespace("default")
    young["metadata"]["creationTimestamp"] = ten
    played.api.objects["namespaces"] = [young]
    played.api.objects["pods"] = [pod("web-0", metadata={"creationTimestamp": ten})]

    return played


@pytest.fixture
async def door(played: Played) -> AsyncGenerator[Gateway]:
    async with gateway(played.transport) as door:
        yield door


def skewed(seconds: float) -> Fault:
    return Fault(
        lambda _: True,
        clock=lambda: format_datetime(
            datetime.fromtimestamp(time.time() + seconds, UTC), usegmt=True
        ),
    )


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_clock_that_differs_is_said_in_the_status_and_in_answers(
    door: Gateway, tmp_path: Path, mode: Mode
) -> None:
    door.faults.append(skewed(600))
    async with through(door, tmp_path, mode) as client:
        answer = text_of(await client.call_tool("k8s_pods", {"status": "all"}))
        again = text_of(await client.call_tool("k8s_pods", {"status": "all"}))
        (content,) = (await client.read_resource("jamie://status")).contents

    words = "(The API server's clock is 10m ahead of ours; ages may be off by that.)"
    assert answer.splitlines()[-1] == again.splitlines()[-1] == words
    assert isinstance(content, TextResourceContents)
    (source,) = json.loads(content.text)["sources"]
    assert source["clock_ahead"] == pytest.approx(600, abs=2)


async def test_clocks_that_agree_are_not_worth_a_word(door: Gateway, tmp_path: Path) -> None:
    door.faults.append(skewed(3))
    async with through(door, tmp_path) as client:
        answer = text_of(await client.call_tool("k8s_pods", {"status": "all"}))

    assert "clock" not in answer


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("k8s_pods", {"status": "all"}),
        ("k8s_get", {"what": "ns", "fields": "age"}),
        ("k8s_get", {"what": "pods", "fields": "metadata.name,age"}),
        ("k8s_overview", {}),
        ("k8s_workloads", {}),
        ("k8s_diagnose", {}),
    ],
)
@pytest.mark.parametrize("ahead", [0, -600, 600])
async def test_what_is_from_the_future_has_no_negative_age(
    door: Gateway, tmp_path: Path, tool: str, arguments: Json, ahead: float
) -> None:
    door.faults.append(skewed(ahead))
    async with through(door, tmp_path) as client:
        for _ in range(2):
            result = await client.call_tool(tool, arguments)
            text = text_of(result)
            assert not result.is_error, text
            assert not re.search(r"(?<![\w-])-\d", text), text
