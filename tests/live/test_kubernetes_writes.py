"""A write on the lab is impossible in every way but one: planned, agreed to, still true, once."""

import time
from collections.abc import Generator
from pathlib import Path
from typing import Literal

import httpx
import msgspec
import pytest

from jamie_lab import LabState
from tests.base.test_web import modern
from tests.kubernetes.wire import Json
from tests.kubernetes.writable import User
from tests.live.writing import (
    OLD_AT_ONCE,
    TOKENS,
    Space,
    as_caller,
    do,
    namespace,
    outcomes,
    over_stdio,
    serving,
    settle,
    token_in,
    two_contexts,
)

pytestmark = pytest.mark.live

Era = Literal["auto", "legacy"]
ORDER = {"name": "deploy/web", "replicas": "3"}


@pytest.fixture(scope="module")
def space(kube: httpx.Client) -> Generator[Space]:
    with namespace(kube, f"jamie-test-writes-{time.time_ns()}") as space:
        space.deployment("web")
        settle(space, "web")
        yield space


@pytest.fixture(autouse=True)
def _two_again(space: Space) -> Generator[None]:  # pyright: ignore[reportUnusedFunction]  # pytest uses it
    """Leave two replicas to the next test, whatever one did."""
    yield
    space.patch("web", {"spec": {"replicas": 2}})


@pytest.fixture(scope="module")
def asking(lab: LabState, space: Space, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """A server over HTTP that asks, with two contexts and three callers."""
    folder = tmp_path_factory.mktemp("asking")
    with serving(two_contexts(lab, folder, space.name), folder) as served:
        yield served.url


@pytest.fixture(scope="module")
def tokens(lab: LabState, space: Space, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The same, but it takes the plan's token for a yes."""
    folder = tmp_path_factory.mktemp("tokens")
    with serving(two_contexts(lab, folder, space.name), folder, "--confirm", "token") as served:
        yield served.url


async def test_it_is_done_when_the_user_agrees_over_stdio(
    lab: LabState, space: Space, tmp_path: Path, era: Era
) -> None:
    user = User()
    config = two_contexts(lab, tmp_path, space.name)
    async with over_stdio(config, tmp_path, user, era) as client:
        text = await do(client, "k8s_scale", **ORDER)

    (plan,) = user.asked
    assert "spec.replicas: 2 -> 3" in plan
    assert text.startswith(f"Done: {space.name}/deploy/web is set to 3 replicas, was 2.")
    assert "3 of 3 updated, 3 available" in text
    assert space.replicas("web") == 3
    acting, acted, answered = outcomes(tmp_path)[-3:]
    assert acting.startswith("acting: scale ")
    assert acted.startswith("acted: ")
    assert "Undo record undo-" in acted
    assert answered == "answered"


async def test_it_is_done_when_the_user_agrees_over_http(
    asking: str, space: Space, era: Era
) -> None:
    user = User()
    async with as_caller(asking, "ada", user, era) as client:
        text = await do(client, "k8s_scale", **ORDER)

    assert len(user.asked) == 1
    assert text.startswith("Done: ")
    assert space.replicas("web") == 3


async def test_without_the_flag_the_tools_are_not_there(
    lab: LabState, space: Space, tmp_path: Path, era: Era
) -> None:
    config = two_contexts(lab, tmp_path, space.name)
    async with over_stdio(config, tmp_path, User(), era, "--no-write") as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        refused = {
            name: await do(client, name, **ORDER)
            for name in ("k8s_scale", "k8s_roll", "k8s_set", "k8s_patch", "k8s_undo", "k8s_node")
        }

    assert not names & refused.keys()
    assert refused == {name: f"error: Unknown tool: {name}" for name in refused}
    assert space.replicas("web") == 2


async def test_a_client_that_cannot_ask_gets_the_plan_and_the_way_out(
    asking: str, space: Space, era: Era
) -> None:
    async with as_caller(asking, "ada", None, era) as client:
        text = await do(client, "k8s_scale", **ORDER)

    assert text.startswith("error: Plan, nothing changed yet: scale ")
    assert "this client cannot ask for it (it has no elicitation)" in text
    assert "--confirm token" in text
    assert space.replicas("web") == 2


async def test_a_user_who_declines_is_heeded(asking: str, space: Space, era: Era) -> None:
    async with as_caller(asking, "ada", User(agrees=False), era) as client:
        text = await do(client, "k8s_scale", **ORDER)

    assert text == "error: The user did not agree; nothing was changed."
    assert space.replicas("web") == 2


async def test_a_yes_that_comes_too_late_is_none(
    lab: LabState, space: Space, tmp_path: Path, era: Era
) -> None:
    user = User()
    config = two_contexts(lab, tmp_path, space.name)
    async with over_stdio(config, tmp_path, user, era, command=OLD_AT_ONCE) as client:
        text = await do(client, "k8s_scale", **ORDER)

    assert len(user.asked) == 1
    assert "older than five minutes; nothing was changed" in text
    assert space.replicas("web") == 2


async def test_a_token_too_old_is_none(lab: LabState, space: Space, tmp_path: Path) -> None:
    config = two_contexts(lab, tmp_path, space.name)
    flags = ("--confirm", "token")
    async with over_stdio(config, tmp_path, None, "auto", *flags, command=OLD_AT_ONCE) as client:
        plan = await do(client, "k8s_scale", **ORDER)
        text = await do(client, "k8s_scale", **ORDER, confirm=token_in(plan))

    assert "older than five minutes; nothing was changed" in text
    assert space.replicas("web") == 2


async def test_a_token_counts_once(tokens: str, space: Space) -> None:
    async with as_caller(tokens, "ada") as client:
        token = token_in(await do(client, "k8s_scale", **ORDER))
        assert space.replicas("web") == 2
        done = await do(client, "k8s_scale", **ORDER, confirm=token)
        space.patch("web", {"spec": {"replicas": 2}})
        replay = await do(client, "k8s_scale", **ORDER, confirm=token)

    assert done.startswith("Done: ")
    assert "unknown, used or older" in replay
    assert space.replicas("web") == 2


OTHERS: dict[str, Json] = {
    "another context": {"context": "two"},
    "another object": {"name": "deploy/other"},
    "another number": {"replicas": "4"},
    "another way to say it": {"name": "web"},
}


@pytest.mark.parametrize("given", OTHERS.values(), ids=OTHERS.keys())
async def test_a_token_is_for_the_same_call_only(tokens: str, space: Space, given: Json) -> None:
    async with as_caller(tokens, "ada") as client:
        token = token_in(await do(client, "k8s_scale", **ORDER))
        text = await do(client, "k8s_scale", **{**ORDER, **given}, confirm=token)
        spent = await do(client, "k8s_scale", **ORDER, confirm=token)

    assert "was made for another call" in text
    assert "unknown, used or older" in spent
    assert space.replicas("web") == 2


async def test_a_token_is_for_the_same_tool_only(tokens: str, space: Space) -> None:
    async with as_caller(tokens, "ada") as client:
        token = token_in(await do(client, "k8s_scale", **ORDER))
        restart = {"name": "deploy/web", "action": "restart"}
        text = await do(client, "k8s_roll", **restart, confirm=token)

    assert "was made for another call" in text


@pytest.mark.parametrize("thief", ["bob", "eve"])
async def test_a_token_is_for_the_same_caller_only(tokens: str, space: Space, thief: str) -> None:
    async with as_caller(tokens, "ada") as client, as_caller(tokens, thief) as other:
        token = token_in(await do(client, "k8s_scale", **ORDER))
        text = await do(other, "k8s_scale", **ORDER, confirm=token)

    said = {"bob": "was made for another call", "eve": "The token 'eve' is for reading"}
    assert said[thief] in text
    assert space.replicas("web") == 2


async def test_a_token_for_reading_cannot_even_plan(asking: str, space: Space, era: Era) -> None:
    user = User()
    async with as_caller(asking, "eve", user, era) as client:
        text = await do(client, "k8s_scale", **ORDER)
        read = await do(client, "k8s_get", what="deploy/web", fields="spec.replicas")

    assert "k8s_scale needs one with the scope write" in text
    assert not user.asked
    assert "2" in read
    assert space.replicas("web") == 2


@pytest.mark.parametrize("caller", ["", "token-of-nobody"])
async def test_nobody_is_not_let_in(asking: str, caller: str) -> None:
    headers = {"Authorization": f"Bearer {caller}"} if caller else {}
    request = modern("tools/call", {"name": "k8s_scale", "arguments": ORDER})
    async with httpx.AsyncClient(headers=headers) as http:
        answer = await http.post(f"{asking}/mcp", **request)

    assert answer.status_code == 401


async def test_what_a_client_brings_for_a_plan_counts_once_and_from_its_caller(
    asking: str, space: Space
) -> None:
    """The newer era's client brings the plan back with the reply: it could bring anything."""
    async with httpx.AsyncClient(timeout=30) as http:
        forged = await agreeing(http, asking, "ada", "no-such-plan")
        first, second = [await planned(http, asking, "ada") for _ in range(2)]
        stolen = await agreeing(http, asking, "bob", first)
        unheard = await agreeing(http, asking, "ada", second, reply={})
        third = await planned(http, asking, "ada")
        assert space.replicas("web") == 2
        done = await agreeing(http, asking, "ada", third)
        space.patch("web", {"spec": {"replicas": 2}})
        replay = await agreeing(http, asking, "ada", third)

    # The SDK seals what a client brings back, and binds it to who it was given to.
    assert (forged, stolen) == (SEALED, SEALED)
    assert "did not agree" in unheard
    assert done.startswith("Done: ")
    assert "unknown, used or older" in replay
    assert space.replicas("web") == 2


async def planned(http: httpx.AsyncClient, url: str, caller: str) -> str:
    """Ask for a plan as a client that can ask, and return what stands for it."""
    answer = await called(http, url, caller, {})
    assert answer["resultType"] == "input_required"

    return answer["requestState"]


SEALED = "Invalid or expired requestState"
YES = {"consent": {"action": "accept", "content": {"proceed": True}}}


async def agreeing(
    http: httpx.AsyncClient, url: str, caller: str, state: str, reply: Json = YES
) -> str:
    answer = await called(http, url, caller, {"requestState": state, "inputResponses": reply})

    return answer["message"] if "message" in answer else answer["content"][0]["text"]


async def called(http: httpx.AsyncClient, url: str, caller: str, brought: Json) -> Json:
    can: Json = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}}}
    params = {"name": "k8s_scale", "arguments": ORDER, **brought}
    request = modern("tools/call", params, can)
    request["headers"]["Authorization"] = f"Bearer {TOKENS[caller]['token']}"
    reply = await http.post(f"{url}/mcp", **request)
    (line,) = [line for line in reply.text.splitlines() if '"jsonrpc"' in line]
    answer: Json = msgspec.json.decode(line.removeprefix("data: "))

    return answer.get("result") or answer["error"]


async def test_an_object_changed_while_the_user_thought_is_left_alone(
    asking: str, space: Space, era: Era
) -> None:
    def meanwhile() -> None:
        space.patch("web", {"spec": {"replicas": 1}})

    async with as_caller(asking, "ada", User(meanwhile=meanwhile), era) as client:
        text = await do(client, "k8s_scale", **ORDER)

    assert "changed since the plan was made; nothing was changed" in text, text
    assert "spec.replicas: was '2', is '1'" in text
    assert space.replicas("web") == 1


async def test_another_object_of_the_same_name_is_left_alone(asking: str, space: Space) -> None:
    space.deployment("twin", 1)

    def meanwhile() -> None:
        space.kube.delete(f"{space.apps}/deployments/twin").raise_for_status()
        space.deployment("twin", 1)

    async with as_caller(asking, "ada", User(meanwhile=meanwhile)) as client:
        text = await do(client, "k8s_scale", name="deploy/twin", replicas="2")

    assert "changed since the plan was made; nothing was changed. It is another object" in text
    assert space.replicas("twin") == 1


async def test_without_an_audit_line_nothing_happens(
    lab: LabState, space: Space, tmp_path: Path, era: Era
) -> None:
    (tmp_path / "audit").write_text("a file where the folder should be")
    config = two_contexts(lab, tmp_path, space.name)
    async with over_stdio(config, tmp_path, User(), era) as client:
        text = await do(client, "k8s_scale", **ORDER)
        read = await do(client, "k8s_get", what="deploy/web", fields="spec.replicas")

    assert text.startswith("error: The audit log cannot be written: ")
    assert not read.startswith("error: ")
    assert space.replicas("web") == 2
