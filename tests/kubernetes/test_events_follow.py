"""Following events, seen the way a client sees it, from an API server that breaks."""

import re
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from mcp import Client

from jamie_lab.waiting import until
from tests.kubernetes.conftest import Mode, text_of
from tests.kubernetes.following import following, follows, heard
from tests.kubernetes.gateway import Fault, Gateway
from tests.kubernetes.taps import Played
from tests.kubernetes.wire import Json, ago, event, meta, pod, workload

EVENTS = "/api/v1/events"
IN_SHOP = "/api/v1/namespaces/shop/events"


def happened(
    reason: str, about: str, version: int, count: int = 1, message: str = "", **fields: Any
) -> Json:
    one = event(reason, about, message, count=count, lastTimestamp=ago(seconds=1), **fields)
    one["metadata"]["resourceVersion"] = str(version)

    return one


@pytest.fixture
def played() -> Played:
    """A Deployment whose pod backed off five times before."""
    played = Played()
    played.api.objects["deployments"] = [workload("web")]
    played.api.objects["replicasets"] = [
        {"metadata": meta("web-7d9f8c6b5", "shop", "Deployment/web")}
    ]
    played.api.objects["pods"] = [pod("web-7d9f8c6b5-bbbbb", owner="ReplicaSet/web-7d9f8c6b5")]
    played.api.objects["events"] = [happened("BackOff", "Pod/web-7d9f8c6b5-bbbbb", 3, count=5)]

    return played


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_new_events_come_as_progress_and_grouped_in_the_answer(
    behind: Callable[..., Client], played: Played, mode: Mode
) -> None:
    async with behind(mode) as client, following(client, "k8s_events", follow=2) as found:
        await follows(played, EVENTS)
        for version, count in ((8, 6), (9, 7)):
            again = happened("BackOff", "Pod/web-7d9f8c6b5-bbbbb", version, count=count)
            played.change(EVENTS, "MODIFIED", again)
        played.change(EVENTS, "ADDED", happened("Failed", "Pod/db-0", 10, message="no image"))
        await heard(found, "no image")

    assert len(re.findall(r"Warning BackOff shop/pod/web-7d9f8c6b5-bbbbb:", found.heard)) == 2
    assert re.search(r"^\d\d:\d\d:\d\dZ Warning Failed shop/pod/db-0: no image$", found.heard, re.M)
    assert found.answer.startswith("3 new warning events in lab, followed for 2 s, worst first:\n")
    assert "2 x BackOff shop/deploy/web " in found.answer, found.answer
    assert "(what was there before is not shown: leave out follow)" in found.answer


async def test_a_quiet_time_is_said_to_be_quiet(
    behind: Callable[..., Client], played: Played
) -> None:
    async with behind() as client, following(client, "k8s_events", follow=1) as found:
        await follows(played, EVENTS)

    assert found.answer.startswith("No warning events in lab, followed for 1 s.\n")


async def test_the_watch_goes_on_from_the_list_and_from_bookmarks(
    behind: Callable[..., Client], played: Played, door: Gateway
) -> None:
    async with behind() as client, following(client, "k8s_events", follow=3) as found:
        await follows(played, EVENTS)
        played.change(EVENTS, "BOOKMARK", {"metadata": {"resourceVersion": "41"}})
        played.end_watches(EVENTS)
        await follows(played, EVENTS)
        played.change(EVENTS, "ADDED", happened("Failed", "Pod/db-0", 42))
        await heard(found, "Failed")

    assert [one.params["resourceVersion"] for one in door.exchanges if one.streams] == ["7", "41"]
    assert "Interrupted" not in found.answer


async def test_a_restart_of_the_api_server_is_bridged_and_said(
    behind: Callable[..., Client], played: Played, door: Gateway
) -> None:
    async with behind() as client, following(client, "k8s_events", follow=6) as found:
        await follows(played, EVENTS)
        played.change(EVENTS, "ADDED", happened("Failed", "Pod/db-0", 8, message="before"))
        await heard(found, "before")
        await door.stop()
        await heard(found, "(interrupted: Kubernetes 'lab' at ")
        await door.start()
        await heard(found, "(heard again)")
        played.change(EVENTS, "ADDED", happened("Failed", "Pod/db-1", 9, message="after"))
        await heard(found, "after")

    assert found.answer.startswith("2 new warning events")
    assert re.search(r"\nInterrupted at \d\d:\d\d:\d\dZ for \d+ s, then taken up", found.answer)
    assert [one.params["resourceVersion"] for one in door.exchanges if one.streams] == ["7", "8"]


async def test_what_was_allowed_and_is_refused_after_a_restart_is_watched_on(
    behind: Callable[..., Client], played: Played, door: Gateway
) -> None:
    fault = Fault(lambda _: True, times=0, status=403, message="no RBAC policy matched")
    door.faults.append(fault)

    async def refused() -> bool:
        return any(one.status == 403 for one in door.exchanges)

    async with behind() as client, following(client, "k8s_events", follow=6) as found:
        await follows(played, EVENTS)
        await door.stop()
        fault.times = 1_000_000
        await door.start()
        assert await until(refused, 10, poll=0.02)
        fault.times = 0
        await heard(found, "(heard again)")
        played.change(EVENTS, "ADDED", happened("Failed", "Pod/db-1", 9, message="after"))
        await heard(found, "after")

    assert "Interrupted at" in found.answer
    assert "not allowed" not in found.answer


@pytest.mark.parametrize("inside", [True, False])
async def test_what_is_new_is_found_in_the_list_when_the_version_is_too_old(
    behind: Callable[..., Client], played: Played, door: Gateway, inside: bool
) -> None:
    async with behind() as client, following(client, "k8s_events", follow=4) as found:
        await follows(played, EVENTS)
        played.api.objects["events"] += [happened("Failed", "Pod/db-0", 20, message="missed")]
        if inside:
            gone = {"kind": "Status", "code": 410, "message": "too old resource version"}
            played.change(EVENTS, "ERROR", gone)
        else:
            door.faults.append(Fault(lambda one: one.streams, times=1, status=410))
            played.end_watches(EVENTS)
        await heard(found, "missed")

    assert found.answer.startswith("1 new warning event in lab")
    assert "Interrupted" not in found.answer


@pytest.mark.parametrize("limits", [{}, {"allow_namespace": ["default", "shop"]}], ids=str)
async def test_where_watching_is_not_allowed_the_list_is_read_again_and_again(
    behind: Callable[..., Client], played: Played, door: Gateway, limits: dict[str, Any]
) -> None:
    async def refused() -> bool:
        return any(one.status == 403 for one in door.exchanges)

    door.faults.append(Fault(lambda one: one.streams, status=403, message="cannot watch"))
    async with behind(**limits) as client, following(client, "k8s_events", follow=5) as found:
        assert await until(refused, 5, poll=0.02)
        played.api.objects["events"] += [happened("Failed", "Pod/db-0", 20, message="seen")]
        await heard(found, "seen")

    assert "Meanwhile: watching is not allowed, so they were listed every 2 s." in found.answer


async def test_an_object_s_children_are_followed_also_those_that_come_meanwhile(
    behind: Callable[..., Client], played: Played
) -> None:
    asked = {"object": "deploy/web", "namespace": "shop", "warnings_only": False, "follow": 2}
    async with behind() as client, following(client, "k8s_events", **asked) as found:
        await follows(played, IN_SHOP)
        new = "Pod/web-7d9f8c6b5-zzzzz"
        played.change(IN_SHOP, "ADDED", happened("Pulled", new, 8, type="Normal"))
        played.change(IN_SHOP, "ADDED", happened("Failed", "Pod/db-0", 9))
        await heard(found, "Pulled")

    assert "Failed" not in found.heard + found.answer
    assert "1 new event about deploy/web and its children in namespace shop" in found.answer


async def test_the_words_of_strangers_are_cleaned_and_redacted_in_progress_too(
    behind: Callable[..., Client], played: Played
) -> None:
    words = "login with password=hunter2hunter2\n--- end ---\x1b[31m"
    async with behind() as client, following(client, "k8s_events", follow=2) as found:
        await follows(played, EVENTS)
        played.change(EVENTS, "ADDED", happened("Failed", "Pod/db-0", 8, message=words))
        await heard(found, "login")

    said = found.heard + found.answer
    assert "hunter2" not in said
    assert "\x1b" not in said
    assert found.answer.count("\n--- end ---") == 1


async def test_cancelling_lets_go_of_the_watch_at_once(
    behind: Callable[..., Client], played: Played, door: Gateway
) -> None:
    async def let_go() -> bool:
        return not door.open

    async with behind() as client:
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "k8s_events", {"follow": 20})
            await follows(played, EVENTS)
            group.cancel_scope.cancel()

        assert await until(let_go, 3, poll=0.02), door.open


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"follow": -3}, "follow=-3: seconds, 300 at most; 0 does not follow."),
        ({"follow": 10**9}, "follow=1000000000: seconds, 300 at most"),
        ({"follow": "now"}, "Argument 'follow' = 'now'"),
        ({"follow": 1.5}, "Argument 'follow' = 1.5"),
        ({"follow": 3, "cursor": "abc"}, "has no second page; leave out cursor"),
    ],
)
async def test_a_follow_that_cannot_be_is_refused(
    behind: Callable[..., Client], arguments: Json, words: str
) -> None:
    async with behind() as client:
        result = await client.call_tool("k8s_events", arguments)

    assert result.is_error
    assert words in text_of(result)
