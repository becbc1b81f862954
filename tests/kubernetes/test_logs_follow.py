"""Following logs, seen the way a client sees it, from an API server that breaks."""

import re
from collections.abc import Callable

import anyio
import pytest
from mcp import Client

from jamie_base.answer import ANSWER_BYTES
from jamie_kubernetes.facts.harvest import Harvest
from jamie_kubernetes.facts.loglines import Raw
from jamie_lab.waiting import until
from tests.kubernetes.conftest import Mode, text_of
from tests.kubernetes.following import (
    beat,
    following,
    follows,
    heard,
    says_nothing_more,
)
from tests.kubernetes.gateway import Gateway
from tests.kubernetes.talking import DAY, PODS, finish, shop_pod
from tests.kubernetes.taps import Played
from tests.kubernetes.wire import (
    Json,
    container,
    ended,
    status,
)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_new_lines_come_as_progress_and_again_in_the_answer(
    behind: Callable[..., Client], played: Played, mode: Mode
) -> None:
    async with behind(mode) as client, following(client, name="deploy/web", follow=2) as found:
        await follows(played, "web-7d9f8c6b5-aaaaa", "web-7d9f8c6b5-bbbbb")
        played.log("web-7d9f8c6b5-aaaaa", f"{DAY}10:00:01Z one")
        played.log("web-7d9f8c6b5-bbbbb", f"{DAY}10:00:02Z two")
        await heard(found, "two")

    lines = ["10:00:01Z web-7d9f8c6b5-aaaaa | one", "10:00:02Z web-7d9f8c6b5-bbbbb | two"]
    assert [line for line in found.heard.splitlines() if "|" in line] == lines
    assert found.answer.startswith(
        "Logs of deploy/web in namespace shop, followed for 2 s: 2 lines read from 2 containers,"
        " 2 entries.\n--- from logs"
    )
    assert all(f"2026-11-20 {line}" in found.answer for line in lines)
    assert "old" not in found.answer + found.heard
    numbers = [number for number, _ in found.progress]
    assert numbers == sorted(set(numbers))


async def test_lines_from_before_are_shown_where_tail_asks_for_them(
    behind: Callable[..., Client], played: Played
) -> None:
    async with behind() as client, following(client, name="web", tail=1, follow=1) as found:
        await follows(played, "web-7d9f8c6b5-aaaaa")
        played.log("web-7d9f8c6b5-aaaaa", f"{DAY}10:00:01Z new")

    assert "old aaaaa" in found.answer
    assert found.answer.count("new") == 1


async def test_pods_that_come_and_go_while_following_are_said(
    behind: Callable[..., Client], played: Played
) -> None:
    ends, comes = "web-7d9f8c6b5-aaaaa", "web-7d9f8c6b5-ccccc"
    async with behind() as client, following(client, name="deploy/web", follow=4) as found:
        await follows(played, ends)
        played.log(comes, f"{DAY}10:00:01Z its first line")
        played.api.objects["pods"] = [
            one for one in played.api.objects["pods"] if one["metadata"]["name"] != ends
        ] + [shop_pod(comes)]
        played.end_log(ends)
        await heard(found, "its first line")

    assert f"Meanwhile: {ends} ended (gone); {comes} appeared." in found.answer
    assert "its first line" in found.answer


async def test_a_container_that_ends_is_read_to_its_end_and_followed_when_it_starts_again(
    behind: Callable[..., Client], played: Played
) -> None:
    name = "web-7d9f8c6b5-aaaaa"
    async with behind() as client, following(client, name=name, follow=5) as found:
        await follows(played, name)
        played.log(name, f"{DAY}10:00:01Z panic")
        played.api.objects["pods"][0] = shop_pod(name, containers=[container(state=ended(2))])
        played.end_log(name)
        await heard(found, "panic")
        await says_nothing_more(played, name)
        played.new_run(name)
        again = container(restartCount=1, lastState=ended(2))
        played.api.objects["pods"][0] = shop_pod(name, containers=[again])
        await follows(played, name)
        played.log(name, f"{DAY}10:00:05Z hello again")
        await heard(found, "hello again")

    assert f"Meanwhile: {name} ended (exit 2); {name} started again." in found.answer
    assert found.heard.count("panic") == 1


async def test_a_pod_that_is_done_ends_the_follow_before_its_time(
    behind: Callable[..., Client], played: Played
) -> None:
    name = "web-7d9f8c6b5-aaaaa"
    async with behind() as client:
        with anyio.fail_after(10):
            async with following(client, name=f"pod/{name}", follow=20) as found:
                await follows(played, name)
                played.log(name, f"{DAY}10:00:01Z done")
                finish(played, name)

    assert "(20 asked; all ended): 1 line read" in found.answer
    assert f"{name} ended (exit 0)" in found.answer


async def test_a_follow_stays_below_the_deadline_of_the_call(
    behind: Callable[..., Client], played: Played
) -> None:
    async with behind(deadline=6.0) as client:
        with anyio.fail_after(6):
            async with following(client, name="deploy/web", follow=60) as found:
                await follows(played, "web-7d9f8c6b5-aaaaa")

    assert "followed for 3 s (60 asked; a call ends at its deadline)" in found.answer


async def test_what_is_heard_is_narrowed_like_the_answer(
    behind: Callable[..., Client], played: Played
) -> None:
    name = "web-7d9f8c6b5-aaaaa"
    async with (
        behind() as client,
        following(client, name=name, follow=2, grep="disk", level="error") as found,
    ):
        await follows(played, name)
        played.log(
            name,
            f"{DAY}10:00:01Z ERROR no memory",
            f"{DAY}10:00:02Z INFO disk is fine",
            f"{DAY}10:00:03Z ERROR disk full",
        )
        await heard(found, "disk full")

    assert "fine" not in found.heard + found.answer
    assert "memory" not in found.heard + found.answer


async def test_secrets_and_escapes_do_not_get_out_as_progress_either(
    behind: Callable[..., Client], played: Played
) -> None:
    name = "web-7d9f8c6b5-aaaaa"
    body = ["MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn", "canarycanarycanarycanarycanary1"]
    key = ["-----BEGIN RSA PRIVATE KEY-----", *body, "-----END RSA PRIVATE KEY-----"]
    async with behind() as client, following(client, name=name, follow=3) as found:
        await follows(played, name)
        played.log(name, f"{DAY}10:00:01Z login password=hunter2hunter2 ok \x1b[31mred\x1b[0m")
        for line in key:
            played.log(name, f"{DAY}10:00:02Z {line}")
            await beat(found)
        played.log(name, f"{DAY}10:00:03Z after the key")
        await heard(found, "after the key")

    said = found.heard + found.answer
    assert "hunter2" not in said
    assert "canary" not in said
    assert "MIIE" not in said
    assert "\x1b" not in said
    assert "[redacted:" in found.heard


async def test_a_flood_is_heard_in_part_and_answered_within_the_budget(
    behind: Callable[..., Client], played: Played
) -> None:
    name = "web-7d9f8c6b5-aaaaa"
    async with behind() as client, following(client, name=name, follow=20) as found:
        await follows(played, name)
        played.log(name, *(f"{DAY}10:00:01Z line {n}" for n in range(3_000)))
        await heard(found, "more lines)")
        # It lasts until all of them are read, however long that takes.
        finish(played, name)

    assert re.search(r"\(and [\d,]+ more lines\)", found.heard)
    assert "3,000 lines read from 1 container, 3,000 entries." in found.answer
    assert "line 2999" in found.answer
    assert len(found.answer.encode()) <= ANSWER_BYTES
    assert len(found.heard.encode()) < 20_000


def test_of_more_than_fits_the_newest_is_kept_and_the_rest_counted() -> None:
    harvest = Harvest(lines=100, size=1_000)
    for number in range(150):
        harvest.add(f"web-{number % 2}", Raw(number, f"line {number}"))
    by_lines = harvest.by_source()
    harvest.add("web-0", Raw(999, "x" * 5_000))

    assert (len(by_lines["web-0"]), len(by_lines["web-1"])) == (50, 50)
    assert by_lines["web-1"][-1] == Raw(149, "line 149")
    assert harvest.counts == {"web-0": 76, "web-1": 75}
    assert harvest.by_source() == {"web-0": [Raw(999, "x" * 5_000)]}
    assert harvest.dropped == 150


async def test_cancelling_lets_go_of_the_backend_at_once(
    behind: Callable[..., Client], played: Played, door: Gateway
) -> None:
    async def let_go() -> bool:
        return not door.open

    async with behind() as client:
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "k8s_logs", {"name": "deploy/web", "follow": 20})
            await follows(played, "web-7d9f8c6b5-aaaaa", "web-7d9f8c6b5-bbbbb")
            group.cancel_scope.cancel()

        assert await until(let_go, 3, poll=0.02), door.open


async def test_two_who_follow_the_same_hear_it_both(
    behind: Callable[..., Client], played: Played
) -> None:
    name = "web-7d9f8c6b5-aaaaa"
    async with (
        behind() as client,
        following(client, name=name, follow=3) as one,
        following(client, name=name, follow=3) as other,
    ):
        await follows(played, name)
        while played.followers(name) < 2:
            await beat(one)
        played.log(name, f"{DAY}10:00:01Z for both")
        await heard(one, "for both")
        await heard(other, "for both")

    assert "for both" in one.answer
    assert "for both" in other.answer


async def test_many_pods_are_followed_in_part_and_it_is_said(
    behind: Callable[..., Client], played: Played
) -> None:
    played.api.objects["pods"] = [shop_pod(f"web-7d9f8c6b5-{n:05}") for n in range(14)]
    async with behind() as client, following(client, name="deploy/web", follow=1) as found:
        await follows(played, "web-7d9f8c6b5-00003")

    assert "Missing: 4 further containers: not read" in found.answer


async def test_logs_that_may_not_be_read_are_an_error_while_following_too(
    behind: Callable[..., Client], played: Played
) -> None:
    for name in ("aaaaa", "bbbbb"):
        played.api.routes[f"{PODS}/web-7d9f8c6b5-{name}/log"] = status(403, "no pods/log for you")
    async with behind() as client, following(client, name="deploy/web", follow=5) as found:
        pass

    assert "no pods/log for you" in found.answer


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"follow": -1}, "follow=-1: seconds, 300 at most"),
        ({"follow": 301}, "follow=301: seconds, 300 at most"),
        ({"follow": "soon"}, "Argument 'follow' = 'soon'"),
        ({"follow": 5, "previous": True}, "leave out previous and until"),
        ({"follow": 5, "until": "now"}, "leave out previous and until"),
        ({"follow": 5, "name": "wep"}, "Did you mean"),
    ],
)
async def test_a_follow_that_cannot_be_is_refused(
    behind: Callable[..., Client], arguments: Json, words: str
) -> None:
    async with behind() as client:
        result = await client.call_tool("k8s_logs", {"name": "deploy/web", **arguments})

    assert result.is_error
    assert words in text_of(result)
