"""Subscriptions to resources, in both eras."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from mcp import Client
from mcp.server.subscriptions import ResourceUpdated
from mcp.shared.exceptions import MCPError
from mcp.types import (
    EmptyResult,
    ResourceUpdatedNotification,
    SubscribeRequest,
    SubscribeRequestParams,
    UnsubscribeRequest,
    UnsubscribeRequestParams,
)

from jamie_base import watches
from jamie_lab.waiting import until
from tests.base.offering import Watched, serve
from tests.base.shelf import Era

SUGAR, SALT = "shelf://-/-/sugar", "shelf://-/-/salt"

Serve = Callable[..., Any]


@pytest.fixture
def shelf() -> Watched:
    return Watched()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make what is seconds for people milliseconds here."""
    for name in ("SOONEST_SECONDS", "WAIT_SECONDS", "FIRST_LOOK_SECONDS"):
        monkeypatch.setattr(watches, name, 0.05)


class Hearing:
    """What a subscriber heard, by URI."""

    def __init__(self) -> None:
        self.uris: list[str] = []

    async def count(self, number: int) -> None:
        async def enough() -> bool:
            return len(self.uris) >= number

        assert await until(enough, 5, poll=0.01), self.uris


@asynccontextmanager
async def hearing(server: Any, era: Era, *uris: str) -> AsyncGenerator[Hearing]:
    """Subscribe as a client of that era does."""
    heard = Hearing()
    if era == "auto":
        async with (
            Client(server) as client,
            client.listen(resource_subscriptions=uris) as subscription,
            anyio.create_task_group() as group,
        ):
            group.start_soon(_listen, subscription, heard)
            yield heard
            group.cancel_scope.cancel()
        return

    async def take(message: Any) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            heard.uris.append(str(message.params.uri))

    async with Client(server, mode="legacy", message_handler=take) as client:
        for uri in uris:
            await subscribed(client, uri)
        yield heard


async def _listen(subscription: Any, heard: Hearing) -> None:
    async for event in subscription:
        assert isinstance(event, ResourceUpdated)
        heard.uris.append(event.uri)


async def subscribed(client: Client, uri: str) -> None:
    # The client's own method warns that newer servers do without.
    request = SubscribeRequest(params=SubscribeRequestParams(uri=uri))
    await client.session.send_request(request, EmptyResult)


async def unsubscribed(client: Client, uri: str) -> None:
    request = UnsubscribeRequest(params=UnsubscribeRequestParams(uri=uri))
    await client.session.send_request(request, EmptyResult)


async def looking(shelf: Watched, number: int) -> None:
    async def so_many() -> bool:
        return shelf.looking == number

    assert await until(so_many, 5, poll=0.01), shelf.looking


async def test_a_change_is_told_to_who_subscribed(tmp_path: Path, shelf: Watched, era: Era) -> None:
    async with hearing(serve(tmp_path, shelf), era, SUGAR) as heard:
        shelf.fill("salt", 1)
        shelf.fill("sugar", 1)
        await heard.count(1)
        shelf.fill("sugar", 2)
        await heard.count(2)

    assert heard.uris == [SUGAR, SUGAR]
    assert shelf.looking == 0


async def test_the_older_era_is_told_that_it_may_subscribe(tmp_path: Path, shelf: Watched) -> None:
    async with Client(serve(tmp_path, shelf), mode="legacy") as client:
        resources = client.server_capabilities.resources

    assert resources
    assert resources.subscribe


async def test_one_watch_serves_all_and_ends_with_the_last(
    tmp_path: Path, shelf: Watched, era: Era
) -> None:
    server = serve(tmp_path, shelf)
    async with hearing(server, "auto", SUGAR) as one:
        async with hearing(server, era, SUGAR) as other:
            shelf.fill("sugar", 1)
            await one.count(1)
            await other.count(1)
            assert (shelf.looking, shelf.looks) == (1, 1)
        shelf.fill("sugar", 2)
        await one.count(2)
        assert shelf.looking == 1

    await looking(shelf, 0)


async def test_when_the_first_leaves_another_takes_the_watch_over_and_misses_nothing(
    tmp_path: Path, shelf: Watched, era: Era
) -> None:
    server = serve(tmp_path, shelf)
    async with anyio.create_task_group() as group:
        leave, left = anyio.Event(), anyio.Event()

        async def first() -> None:
            async with hearing(server, "auto", SUGAR):
                await leave.wait()
            left.set()

        group.start_soon(first)
        await looking(shelf, 1)
        async with hearing(server, era, SUGAR) as second:
            # Changed while nobody looks: whoever takes over finds another version.
            leave.set()
            shelf.jars["sugar"] = 7
            await left.wait()
            await second.count(1)
            assert shelf.looks == 2


async def test_a_backend_that_goes_down_is_looked_at_again_and_what_changed_is_told(
    tmp_path: Path, shelf: Watched, era: Era
) -> None:
    async with hearing(serve(tmp_path, shelf), era, SUGAR) as heard:
        shelf.down = True
        shelf.stir()
        await looking(shelf, 0)
        shelf.jars["sugar"] = 3
        shelf.down = False
        await heard.count(1)

    assert heard.uris == [SUGAR]


async def test_a_backend_that_is_down_at_first_counts_as_changed_once_it_answers(
    tmp_path: Path, shelf: Watched, era: Era
) -> None:
    shelf.down = True
    async with hearing(serve(tmp_path, shelf), era, SUGAR) as heard:
        shelf.down = False
        await heard.count(1)


async def test_a_burst_of_changes_is_told_few_times(
    tmp_path: Path, shelf: Watched, monkeypatch: pytest.MonkeyPatch, era: Era
) -> None:
    monkeypatch.setattr(watches, "SOONEST_SECONDS", 0.4)
    async with hearing(serve(tmp_path, shelf), era, SUGAR) as heard:
        for grams in range(100):
            shelf.fill("sugar", grams)
            await anyio.lowlevel.checkpoint()
        await heard.count(2)

    assert len(heard.uris) == 2


Refuse = Callable[[Client, str], Awaitable[None]]


async def listened(client: Client, uri: str) -> None:
    async with client.listen(resource_subscriptions=[uri]):
        pass


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("shelf://-/-/pepper", "There is no jar 'pepper'."),
        ("shelf://-/-/locked", "The jar is locked, password=[redacted:"),
        ("shelf://-/-/sugar/label", "cannot be subscribed to, only shelf://{shelf}/{room}/{name}."),
        ("shelf://-/-/%00", "is no name"),
        ("shelf://nowhere/-/sugar", "There is no shelf 'nowhere'"),
        ("shelf://sugar", "is no resource of ours"),
    ],
)
async def test_what_cannot_be_watched_is_refused_with_the_reason(
    tmp_path: Path, shelf: Watched, era: Era, uri: str, words: str
) -> None:
    refuse: Refuse = listened if era == "auto" else subscribed
    async with Client(serve(tmp_path, shelf), mode=era) as client:
        with pytest.raises(MCPError) as found:
            await refuse(client, uri)

    assert found.value.error.code == -32602
    assert words in found.value.error.message
    assert "hunter2" not in found.value.error.message
    assert shelf.looking == 0


async def test_what_is_of_another_scheme_is_not_promised(tmp_path: Path, shelf: Watched) -> None:
    async with Client(serve(tmp_path, shelf)) as client:
        uris = ["jamie://status", SUGAR, "test://x"]
        async with client.listen(resource_subscriptions=uris) as subscription:
            assert subscription.honored.resource_subscriptions == [SUGAR]


async def test_no_more_than_so_many_are_watched_at_once(
    tmp_path: Path, shelf: Watched, monkeypatch: pytest.MonkeyPatch, era: Era
) -> None:
    monkeypatch.setattr(watches, "MOST", 1)
    refuse: Refuse = listened if era == "auto" else subscribed
    server = serve(tmp_path, shelf)
    async with hearing(server, "auto", SUGAR), Client(server, mode=era) as client:
        with pytest.raises(MCPError, match="1 resources are watched at once"):
            await refuse(client, SALT)
        await refuse(client, SUGAR)


async def test_no_more_than_so_many_are_watched_at_once_for_one_stream(
    tmp_path: Path, shelf: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watches, "MOST", 1)
    async with Client(serve(tmp_path, shelf)) as client:
        with pytest.raises(MCPError, match="1 resources are watched at once"):
            async with client.listen(resource_subscriptions=[SUGAR, SALT]):
                pass

    assert shelf.looks == 0


async def test_no_more_than_so_many_are_watched_where_all_are_asked_for_at_once(
    tmp_path: Path, shelf: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watches, "MOST", 1)
    refused: list[str] = []

    async def ask(client: Client, uri: str) -> None:
        try:
            await subscribed(client, uri)
        except MCPError as exc:
            refused.append(exc.error.message)

    async with Client(serve(tmp_path, shelf), mode="legacy") as client:
        async with anyio.create_task_group() as group:
            group.start_soon(ask, client, SUGAR)
            group.start_soon(ask, client, SALT)
        await looking(shelf, 1)

    assert len(refused) == 1


async def test_two_subscriptions_to_the_same_at_once_end_with_one_word(
    tmp_path: Path, shelf: Watched
) -> None:
    async with Client(serve(tmp_path, shelf), mode="legacy") as client:
        async with anyio.create_task_group() as group:
            group.start_soon(subscribed, client, SUGAR)
            group.start_soon(subscribed, client, SUGAR)
        await looking(shelf, 1)
        await unsubscribed(client, SUGAR)
        await looking(shelf, 0)


async def test_the_older_era_ends_a_subscription_by_saying_so(
    tmp_path: Path, shelf: Watched
) -> None:
    async with Client(serve(tmp_path, shelf), mode="legacy") as client:
        await subscribed(client, SUGAR)
        await subscribed(client, SUGAR)
        await looking(shelf, 1)
        await unsubscribed(client, SUGAR)
        await looking(shelf, 0)
        await unsubscribed(client, SUGAR)


async def test_a_subscription_leaves_an_audit_line(
    tmp_path: Path, shelf: Watched, era: Era
) -> None:
    async with hearing(serve(tmp_path, shelf), era, SUGAR):
        pass

    (log,) = (tmp_path / "audit").iterdir()
    (line,) = [msgspec.json.decode(line) for line in log.read_bytes().splitlines()]
    assert (line["tool"], line["arguments"]) == ("subscribe", {"uri": SUGAR})
