"""Scaling and undoing: planned, agreed to, sent under conditions, looked after."""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from mcp import Client
from pytest_httpx import HTTPXMock

from jamie_kubernetes.server import build
from jamie_kubernetes.settings import Settings
from tests.kubernetes.conftest import Mode, text_of
from tests.kubernetes.wire import Json, status
from tests.kubernetes.writable import (
    Ask,
    User,
    WritableApi,
    asking,
    record_in,
    scalable_api,
    settled,
)

PLAN = """\
Plan, nothing changed yet: scale shop/deploy/web from 2 to 3 replicas (context lab).
  spec.replicas: 2 -> 3
Impact: 1 pod will start.
Impact: The pods request nothing: they are placed whatever the nodes can bear.
This can be undone with k8s_undo."""


@pytest.fixture
def api(httpx_mock: HTTPXMock) -> WritableApi:
    return scalable_api(httpx_mock)


@pytest.fixture
async def ask(tmp_path: Path, config: Path) -> AsyncGenerator[Ask]:
    async with asking(config, tmp_path / "state") as ask:
        yield ask


def replicas(api: WritableApi) -> int:
    return api.find("deployments", "web")["spec"]["replicas"]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_step_up_is_planned_agreed_to_done_and_seen(
    api: WritableApi, ask: Ask, mode: Mode
) -> None:
    user = User()
    text = await ask(user, "k8s_scale", mode, name="web", replicas="+1")

    assert user.asked == [PLAN]
    assert replicas(api) == 3
    assert text == (
        "Done: shop/deploy/web is set to 3 replicas, was 2.\n"
        "  3 of 3 updated, 3 available, after 0 s\n"
        f"Undo record {record_in(text)}: k8s_undo puts spec.replicas of shop/deploy/web back."
    )


async def test_what_is_sent_holds_for_the_object_that_was_looked_at_only(
    api: WritableApi, ask: Ask
) -> None:
    await ask(User(), "k8s_scale", name="web", replicas="5")

    seen = {"uid": "uid-shop-web", "resourceVersion": "1"}
    assert api.sent == [{"metadata": seen, "spec": {"replicas": 5}}]


async def test_nothing_is_sent_but_rehearsals_before_the_user_agrees(
    api: WritableApi, ask: Ask
) -> None:
    text = await ask(User(agrees=False), "k8s_scale", name="web", replicas="5")

    assert text == "error: The user did not agree; nothing was changed."
    changes = [one for one in api.requests if one.method != "GET"]
    assert changes
    assert all(one.url.params["dryRun"] == "All" for one in changes)


async def test_the_tool_is_not_there_without_the_flag(api: WritableApi, ask: Ask) -> None:
    text = await ask(User(), "k8s_scale", settings={"write": False}, name="web", replicas="5")

    assert text == "error: Unknown tool: k8s_scale"
    assert not api.requests


async def test_a_client_that_cannot_ask_changes_nothing(api: WritableApi, ask: Ask) -> None:
    text = await ask(None, "k8s_scale", name="web", replicas="+1")

    assert text.startswith(f"error: {PLAN}\nThis needs the user's consent")
    assert replicas(api) == 2


async def test_replicas_changed_while_the_user_thought_are_left_alone(
    api: WritableApi, ask: Ask
) -> None:
    def meanwhile() -> None:
        api.touch("deployments", "web")["spec"]["replicas"] = 7

    text = await ask(User(meanwhile=meanwhile), "k8s_scale", name="web", replicas="5")

    assert "changed since the plan was made; nothing was changed" in text
    assert "spec.replicas: was '2', is '7'" in text
    assert replicas(api) == 7


async def test_another_object_of_the_same_name_is_left_alone(api: WritableApi, ask: Ask) -> None:
    def meanwhile() -> None:
        api.find("deployments", "web")["metadata"]["uid"] = "another"

    text = await ask(User(meanwhile=meanwhile), "k8s_scale", name="web", replicas="5")

    assert "It is another object of that name" in text
    assert replicas(api) == 2


async def test_a_new_template_while_the_user_thought_makes_the_plan_stale(
    api: WritableApi, ask: Ask
) -> None:
    def meanwhile() -> None:
        api.touch("deployments", "web")["metadata"]["generation"] = 2

    text = await ask(User(meanwhile=meanwhile), "k8s_scale", name="web", replicas="5")

    assert "another part of the object changed" in text
    assert replicas(api) == 2


async def test_a_status_that_moves_is_no_reason_to_refuse(api: WritableApi, ask: Ask) -> None:
    def moves() -> None:
        api.touch("deployments", "web")

    api.after_rehearsal = moves
    text = await ask(User(), "k8s_scale", name="web", replicas="5")

    assert text.startswith("Done: ")
    assert replicas(api) == 5


async def test_an_object_that_moves_between_look_and_rehearsal_is_looked_at_again(
    api: WritableApi, ask: Ask
) -> None:
    """A rollout writes its status all the time; somebody may change something else, too."""

    def labelled() -> None:
        api.touch("deployments", "web")["metadata"]["labels"] = {"by": "somebody"}

    def moved() -> None:
        api.touch("deployments", "web")

    api.moves = [moved, labelled, moved]
    user = User()
    text = await ask(user, "k8s_scale", name="web", replicas="3")

    assert text.startswith("Done: ")
    assert user.asked == [PLAN]


async def test_a_conflict_is_met_with_another_look(api: WritableApi, ask: Ask) -> None:
    api.refusals = [status(409, "the object has been modified", "Conflict")]
    text = await ask(User(), "k8s_scale", name="web", replicas="5")

    assert text.startswith("Done: ")
    assert len(api.sent) == 2


async def test_an_object_that_never_rests_is_given_up(api: WritableApi, ask: Ask) -> None:
    api.refusals = [status(409, "the object has been modified", "Conflict")] * 9
    text = await ask(User(), "k8s_scale", name="web", replicas="5")

    assert "changes faster than it can be written" in text
    assert replicas(api) == 2


async def test_a_request_without_an_answer_may_have_been_done(api: WritableApi, ask: Ask) -> None:
    api.refusals = [httpx.ReadTimeout("no answer")]
    text = await ask(User(), "k8s_scale", name="web", replicas="5")

    assert text.startswith("error: It may or may not have been done: scale shop/deploy/web")
    assert len(api.sent) == 1


async def test_a_request_that_found_no_connection_was_not_done(api: WritableApi, ask: Ask) -> None:
    api.refusals = [httpx.ConnectError("connection refused")]
    text = await ask(User(), "k8s_scale", name="web", replicas="5")

    assert text.startswith("error: Kubernetes 'lab' at http://cluster does not answer")
    assert text.endswith("Nothing was sent.")


async def test_a_rollout_that_does_not_get_through_is_not_called_done(
    api: WritableApi, ask: Ask
) -> None:
    api.settles = False
    settings = {"deadline": 4.0}
    text = await ask(User(), "k8s_scale", settings=settings, name="web", replicas="5")

    assert text.startswith("Sent, but NOT verified: shop/deploy/web is set to 5 replicas, was 2.")
    assert "not there yet: not noticed by its controller yet" in text
    assert record_in(text)


async def test_a_failure_that_was_there_before_is_not_believed_at_once(
    api: WritableApi, ask: Ask
) -> None:
    """A controller writes its status in steps: a condition of before may stand a moment longer."""
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    looks = iter([[late], [], []])

    def corrected() -> None:
        if api.sent:
            api.find("deployments", "web")["status"]["conditions"] = next(looks)

    api.before_reading = corrected
    text = await ask(User(), "k8s_scale", name="web", replicas="3")

    assert text.startswith("Done: "), text


async def test_replicas_taken_back_while_the_pods_come_are_not_called_done(
    api: WritableApi, ask: Ask
) -> None:
    def taken_back() -> None:
        if api.sent:
            one = api.find("deployments", "web")
            one["spec"]["replicas"] = 2
            settled(one)

    api.before_reading = taken_back
    text = await ask(User(), "k8s_scale", name="web", replicas="3")

    assert text.startswith("Sent, but NOT verified: shop/deploy/web is set to 3 replicas, was 2.")
    assert "changed again at once by somebody else: spec.replicas" in text


async def test_undo_restores_what_was(api: WritableApi, ask: Ask) -> None:
    done = await ask(User(), "k8s_scale", name="web", replicas="5")
    user = User()
    text = await ask(user, "k8s_undo", record=record_in(done))

    assert "  spec.replicas: 5 -> 2" in user.asked[0]
    assert text.startswith(f"Done: shop/deploy/web is as it was before {record_in(done)}.")
    assert replicas(api) == 2


async def test_undo_works_once(api: WritableApi, ask: Ask) -> None:
    done = await ask(User(), "k8s_scale", name="web", replicas="5")
    await ask(User(), "k8s_undo", record=record_in(done))
    text = await ask(User(), "k8s_undo", record=record_in(done))

    assert "it may be used already" in text


async def test_undo_refuses_after_somebody_else_changed_it(api: WritableApi, ask: Ask) -> None:
    done = await ask(User(), "k8s_scale", name="web", replicas="5")
    api.touch("deployments", "web")["spec"]["replicas"] = 9
    text = await ask(User(), "k8s_undo", record=record_in(done))

    assert text == (
        f"error: {record_in(done)} cannot be undone: spec.replicas of shop/deploy/web was changed"
        " by somebody else since; nothing was changed. Set what you want with the tool for it."
    )
    assert replicas(api) == 9


async def test_undo_leaves_what_others_changed_beside_it(api: WritableApi, ask: Ask) -> None:
    done = await ask(User(), "k8s_scale", name="web", replicas="5")
    api.touch("deployments", "web")["spec"]["paused"] = True
    await ask(User(), "k8s_undo", record=record_in(done))

    assert api.find("deployments", "web")["spec"]["paused"] is True
    assert replicas(api) == 2


async def test_undo_refuses_for_an_object_that_was_made_anew(api: WritableApi, ask: Ask) -> None:
    done = await ask(User(), "k8s_scale", name="web", replicas="5")
    api.find("deployments", "web")["metadata"]["uid"] = "another"
    text = await ask(User(), "k8s_undo", record=record_in(done))

    assert "is another object of that name now" in text


async def test_a_token_acts_once(api: WritableApi, ask: Ask, tmp_path: Path, config: Path) -> None:
    settings = Settings(
        kubeconfig=str(config), state_dir=tmp_path / "state", write=True, confirm="token"
    )
    given = {"name": "web", "replicas": "5"}
    async with Client(build(settings)) as client:
        plan = text_of(await client.call_tool("k8s_scale", given))
        token = plan.partition('confirm="')[2].partition('"')[0]
        assert replicas(api) == 2
        done = text_of(await client.call_tool("k8s_scale", {**given, "confirm": token}))
        replay = text_of(await client.call_tool("k8s_scale", {**given, "confirm": token}))

    assert done.startswith("Done: ")
    assert "unknown, used or older" in replay
    assert len(api.sent) == 1


async def test_a_webhook_that_refuses_rehearsals_is_named(api: WritableApi, ask: Ask) -> None:
    words = 'admission webhook "guard.example.net" does not support dry run'
    api.rehearsal = status(400, words, "BadRequest")
    user = User()
    text = await ask(user, "k8s_scale", name="web", replicas="5")

    assert "Impact: Not rehearsed: an admission webhook refuses dry runs" in user.asked[0]
    assert "  spec.replicas: 2 -> 5" in user.asked[0]
    assert text.startswith("Done: ")


async def test_a_refusal_is_the_api_server_s(api: WritableApi, ask: Ask) -> None:
    api.denied = {"deployments"}
    text = await ask(User(), "k8s_scale", name="web", replicas="5")

    assert text.startswith("error: ")
    assert "forbidden" in text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "web", "replicas": "lots"}, "replicas"),
        ({"name": "web", "replicas": "-5"}, "-5 from 2 replicas is less than none."),
        ({"name": "web", "replicas": "99999"}, "that is no scaling"),
        ({"name": "web", "replicas": "2"}, "Nothing to change: shop/deploy/web is like that"),
        ({"name": "wep", "replicas": "2"}, "Did you mean 'deploy/web'?"),
        ({"name": "svc/web", "replicas": "2"}, "cannot be scaled"),
        ({"name": "../web", "replicas": "2"}, "is not a kind we know here"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_way_on(
    api: WritableApi, ask: Ask, given: Json, said: str
) -> None:
    api.objects["services"] = [{"metadata": {"name": "web", "namespace": "shop"}}]

    assert said in await ask(User(), "k8s_scale", **given)


async def test_a_number_is_as_good_as_its_text(api: WritableApi, ask: Ask) -> None:
    await ask(User(), "k8s_scale", name="web", replicas=4)

    assert replicas(api) == 4
