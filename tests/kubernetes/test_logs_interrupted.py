"""Following logs from an API server that restarts, breaks off and refuses."""

import re
from collections.abc import Callable

from mcp import Client

from jamie_lab.waiting import until
from tests.kubernetes.following import following, follows, heard
from tests.kubernetes.gateway import Fault, Gateway
from tests.kubernetes.talking import DAY, PODS, finish
from tests.kubernetes.taps import Played


async def test_an_api_server_that_restarts_in_the_middle_loses_and_repeats_nothing(
    behind: Callable[..., Client], played: Played, door: Gateway
) -> None:
    aaaaa, bbbbb = "web-7d9f8c6b5-aaaaa", "web-7d9f8c6b5-bbbbb"
    async with behind() as client, following(client, name="deploy/web", follow=6) as found:
        await follows(played, aaaaa, bbbbb)
        # Two lines of one instant, and two that are the same.
        played.log(aaaaa, *(f"{DAY}10:00:01.5Z {text}" for text in ("one", "two", "same", "same")))
        await heard(found, "same")
        await door.stop()
        await heard(found, "(interrupted: ")
        played.log(aaaaa, f"{DAY}10:00:01.5Z three", f"{DAY}10:00:03Z four")
        played.log(bbbbb, f"{DAY}10:00:00.1Z five", f"{DAY}10:00:02Z six")
        await door.start()
        await heard(found, "four")
        await heard(found, "six")
        played.log(aaaaa, f"{DAY}10:00:04Z seven")
        await heard(found, "seven")

    lines = [line.partition("| ")[2] for line in found.heard.splitlines() if "|" in line]
    assert sorted(lines) == sorted(
        ["one", "two", "same", "same", "three", "four", "five", "six", "seven"]
    )
    assert "9 lines read from 2 containers" in found.answer
    assert re.search(
        r"\nInterrupted at \d\d:\d\d:\d\dZ for \d\.?\d* s, then taken up where it broke: ",
        found.answer,
    )
    assert "ended" not in found.answer


async def test_a_connection_that_is_cut_is_taken_up_again(
    behind: Callable[..., Client], played: Played, door: Gateway
) -> None:
    name = "web-7d9f8c6b5-aaaaa"
    async with behind() as client, following(client, name=name, follow=3) as found:
        await follows(played, name)
        played.log(name, f"{DAY}10:00:01Z one")
        await heard(found, "one")
        assert door.cut(lambda one: one.streams) == 1
        played.log(name, f"{DAY}10:00:02Z two")
        await heard(found, "two")

    assert found.heard.count("one") == found.heard.count("two") == 1
    assert "Interrupted at" in found.answer
    (resumed,) = door.asked(f"{PODS}/{name}/log", follow="true", sinceTime="2026-11-20T10:00:01Z")
    assert "tailLines" not in resumed.params


async def test_an_api_server_that_refuses_all_after_its_restart_is_followed_on(
    behind: Callable[..., Client], played: Played, door: Gateway
) -> None:
    name = "web-7d9f8c6b5-aaaaa"
    # It has not read yet who may what.
    fault = Fault(lambda _: True, times=0, status=403, message="no RBAC policy matched")
    door.faults.append(fault)

    async def refused() -> bool:
        return any(one.status == 403 for one in door.asked(f"{PODS}/{name}/log"))

    async with behind() as client, following(client, name=f"pod/{name}", follow=25) as found:
        await follows(played, name)
        await door.stop()
        fault.times = 1_000_000
        await door.start()
        assert await until(refused, 10, poll=0.02)
        fault.times = 0
        played.log(name, f"{DAY}10:00:01Z one")
        await heard(found, "one")
        finish(played, name)

    assert "1 line read from 1 container" in found.answer
    assert found.answer.count("Interrupted at") == 1
    assert "not allowed" not in found.answer


async def test_logs_that_may_not_be_read_any_more_are_named(
    behind: Callable[..., Client], played: Played, door: Gateway
) -> None:
    name = "web-7d9f8c6b5-aaaaa"
    async with behind() as client, following(client, name=f"pod/{name}", follow=25) as found:
        await follows(played, name)
        about = f"{PODS}/{name}/log"
        door.faults.append(Fault(lambda one: one.path == about, status=403, message="no"))
        door.cut(lambda one: one.streams)
        finish(played, name)

    assert f"{name}: not allowed to read" in found.answer, found.answer
