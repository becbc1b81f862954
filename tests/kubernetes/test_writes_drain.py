"""Draining a node: which pods go is agreed to, budgets are waited for, what is left is named."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_httpx import HTTPXMock

from tests.kubernetes.conftest import Mode
from tests.kubernetes.mutable import MutableApi
from tests.kubernetes.wire import Json, meta, node, pod, status
from tests.kubernetes.writable import Ask, User, asking, record_in

PLAN = """\
Plan, nothing changed yet: drain node/node-1: cordon it and evict 3 pods (context lab).
  spec.unschedulable: (none) -> true
  shop/deploy/web: 2 pods -> evicted
  shop/sts/db: 1 pod -> evicted
Impact: Stay on it: 1 pod of DaemonSets and 1 static pod.
Impact: Every running pod is here of shop/sts/db: nothing runs until new ones are ready.
Impact: Room elsewhere for 3 pods: yes (affinity and volumes not counted).
Impact: Evictions go on for 27 s; the same call goes on with what is left then.
Cordoning can be undone (k8s_undo, or action=uncordon); evictions cannot: pods do not move back."""


@pytest.fixture
def api(httpx_mock: HTTPXMock) -> MutableApi:
    api = MutableApi()
    httpx_mock.add_callback(api, is_reusable=True, is_optional=True)
    api.objects["nodes"] = [versioned(node("node-1")), versioned(node("node-2"))]
    api.objects["pods"] = [
        guest("web-7d9f-a", "ReplicaSet/web-7d9f"),
        guest("web-7d9f-b", "ReplicaSet/web-7d9f"),
        guest("web-7d9f-c", "ReplicaSet/web-7d9f", node="node-2"),
        guest("db-0", "StatefulSet/db"),
        guest("agent-1", "DaemonSet/agent"),
        guest("etcd-node-1", "Node/node-1"),
    ]

    return api


@pytest.fixture
async def ask(tmp_path: Path, config: Path) -> AsyncGenerator[Ask]:
    async with asking(config, tmp_path / "state") as ask:
        yield ask


def versioned(one: Json) -> Json:
    one["metadata"]["resourceVersion"] = "1"
    return one


def guest(name: str, owner: str = "", **fields: Any) -> Json:
    return versioned(pod(name, owner=owner, **fields))


def budget(name: str, allowed: int, app: str = "web") -> Json:
    return {
        "metadata": meta(name, "shop"),
        "spec": {"selector": {"matchLabels": {"app": app}}},
        "status": {"disruptionsAllowed": allowed, "currentHealthy": 3, "desiredHealthy": 3},
    }


def names(api: MutableApi) -> set[str]:
    return {one["metadata"]["name"] for one in api.objects["pods"]}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_drain_is_planned_agreed_to_done_and_seen(
    api: MutableApi, ask: Ask, mode: Mode
) -> None:
    user = User()
    text = await ask(user, "k8s_node", mode, name="node-1", action="drain")

    assert user.asked == [PLAN]
    assert names(api) == {"web-7d9f-c", "agent-1", "etcd-node-1"}
    assert api.find("nodes", "node-1")["spec"]["unschedulable"] is True
    assert text == (
        "Done: node/node-1 is drained and takes no new pods.\n"
        "  3 of 3 pods gone, after 0 s\n"
        f"Undo record {record_in(text)}: k8s_undo puts spec.unschedulable of node/node-1 back."
    )


async def test_pods_out_of_reach_stay_and_that_is_said(api: MutableApi, ask: Ask) -> None:
    api.objects["pods"].append(guest("keys-0", "StatefulSet/keys", namespace="vault"))
    user = User()
    settings = {"deny_namespace": ["vault"]}
    text = await ask(user, "k8s_node", settings=settings, name="node-1", action="drain")

    said = "Pods of namespaces that are off limits here are not seen and stay on it"
    assert f"Impact: {said}." in user.asked[0]
    assert text.startswith("Done: ")
    assert f"\n  {said}\n" in text
    assert "keys-0" in names(api)


async def test_nothing_is_evicted_before_the_user_agrees(api: MutableApi, ask: Ask) -> None:
    before = names(api)
    text = await ask(User(agrees=False), "k8s_node", name="node-1", action="drain")

    assert text == "error: The user did not agree; nothing was changed."
    assert names(api) == before
    assert api.find("nodes", "node-1")["spec"] == {}


async def test_the_cordon_is_undone_and_the_pods_do_not_come_back(
    api: MutableApi, ask: Ask
) -> None:
    text = await ask(User(), "k8s_node", name="node-1", action="drain")
    await ask(User(), "k8s_undo", record=record_in(text))

    assert api.find("nodes", "node-1")["spec"] == {}
    assert "db-0" not in names(api)


async def test_a_node_that_is_cordoned_already_has_nothing_to_undo(
    api: MutableApi, ask: Ask
) -> None:
    api.find("nodes", "node-1")["spec"]["unschedulable"] = True
    user = User()
    text = await ask(user, "k8s_node", name="node-1", action="drain")

    assert "drain node/node-1: evict 3 pods (context lab)." in user.asked[0]
    assert text.endswith(
        "Evictions cannot be undone; action=uncordon lets the node take pods again."
    )
    again = await ask(User(), "k8s_node", name="node-1", action="drain")
    assert "Nothing to drain: node/node-1 is cordoned and none of its pods goes." in again


async def test_a_budget_that_says_no_for_a_while_is_waited_for(
    api: MutableApi, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jamie_kubernetes.tools.draining.RETRY_SECONDS", 0.0)
    for one in api.objects["pods"][:2]:
        one["metadata"]["labels"] = {"app": "web"}
    api.objects["poddisruptionbudgets"] = [budget("web", 0)]
    api.held = {"web-7d9f-a": 2}
    user = User()
    text = await ask(user, "k8s_node", name="node-1", action="drain")

    assert (
        "Impact: pdb/web in shop allows none of 2 evictions now (3 healthy, 3 needed): the others"
        " wait until it does."
    ) in user.asked[0]
    assert text.startswith("Done: node/node-1 is drained")
    assert "web-7d9f-a" in api.evicted


async def test_what_a_budget_holds_to_the_end_is_named_with_the_reason(
    api: MutableApi, ask: Ask
) -> None:
    api.held = {"web-7d9f-a": 1_000}
    settings = {"deadline": 5.0}
    text = await ask(User(), "k8s_node", settings=settings, name="node-1", action="drain")

    assert text.startswith(
        "Sent, but NOT verified: node/node-1 takes no new pods and is not drained yet; the same"
        " call goes on.\n"
        "  2 of 3 pods gone, 1 refused, after "
    )
    assert "left: shop/web-7d9f-a: 429: Cannot evict pod The budget web needs 2 pods\n" in text
    assert record_in(text)


async def test_a_pod_that_takes_long_to_stop_is_named(api: MutableApi, ask: Ask) -> None:
    api.find("pods", "db-0")["metadata"]["finalizers"] = ["example.net/guard"]
    settings = {"deadline": 5.0}
    text = await ask(User(), "k8s_node", settings=settings, name="node-1", action="drain")

    assert "2 of 3 pods gone, 1 stopping, after " in text
    assert "left: shop/db-0: stopping" in text


async def test_pods_of_nobody_and_data_that_would_be_lost_need_force(
    api: MutableApi, ask: Ask
) -> None:
    scratch: Json = {"volumes": [{"name": "tmp", "emptyDir": {}}]}
    api.objects["pods"] += [guest("debug"), guest("cache-0", "StatefulSet/cache", spec=scratch)]
    refused = await ask(User(), "k8s_node", name="node-1", action="drain")

    assert refused == (
        "error: node/node-1 is not drained: nobody would bring 1 pod (shop/debug) back and the"
        " emptyDir data of 1 pod (shop/cache-0) would be lost. force=true evicts them all the same;"
        " nothing was changed."
    )
    user = User()
    text = await ask(user, "k8s_node", name="node-1", action="drain", force=True)
    assert "By force: nobody will bring 1 pod (shop/debug) back." in user.asked[0]
    assert "By force: the emptyDir data of 1 pod (shop/cache-0) is lost." in user.asked[0]
    assert text.startswith("Done: ")


async def test_finished_pods_go_without_force(api: MutableApi, ask: Ask) -> None:
    api.objects["pods"] = [guest("done", phase="Succeeded")]
    text = await ask(User(), "k8s_node", name="node-1", action="drain")

    assert "1 of 1 pod gone" in text


async def test_a_pod_of_two_budgets_cannot_be_evicted(api: MutableApi, ask: Ask) -> None:
    api.objects["pods"][0]["metadata"]["labels"] = {"app": "web"}
    api.objects["poddisruptionbudgets"] = [budget("one", 1), budget("two", 1)]
    user = User(agrees=False)
    await ask(user, "k8s_node", name="node-1", action="drain")

    assert "Never evicted, more than one budget covers them: shop/web-7d9f-a." in user.asked[0]


async def test_pods_without_room_elsewhere_are_counted(api: MutableApi, ask: Ask) -> None:
    wants = {"requests": {"cpu": "5"}}
    spec = {"containers": [{"name": "app", "image": "x", "resources": wants}]}
    api.objects["pods"] = [guest(f"web-{one}", "ReplicaSet/web-7d9f", spec=spec) for one in "abc"]
    user = User(agrees=False)
    await ask(user, "k8s_node", name="node-1", action="drain")

    assert "No room elsewhere for 2 of 3 pods: they will stay Pending" in user.asked[0]


async def test_a_silent_node_is_named(api: MutableApi, ask: Ask) -> None:
    api.objects["nodes"][0] = versioned(node("node-1", ready="Unknown"))
    user = User(agrees=False)
    await ask(user, "k8s_node", name="node-1", action="drain")

    assert "The node is not ready: evicted pods stay Terminating" in user.asked[0]


async def test_pods_that_come_meanwhile_are_left_alone(api: MutableApi, ask: Ask) -> None:
    def meanwhile() -> None:
        api.objects["pods"].append(guest("late", "ReplicaSet/late-7d9f"))
        api.find("pods", "db-0")["metadata"]["uid"] = "made-anew"

    text = await ask(User(meanwhile=meanwhile), "k8s_node", name="node-1", action="drain")

    assert text.startswith("Done: ")
    assert {"late", "db-0"} <= names(api)


async def test_a_node_that_changed_while_the_user_thought_is_left_alone(
    api: MutableApi, ask: Ask
) -> None:
    def meanwhile() -> None:
        api.touch("nodes", "node-1")["spec"]["unschedulable"] = True

    text = await ask(User(meanwhile=meanwhile), "k8s_node", name="node-1", action="drain")

    assert "node/node-1 changed since the plan was made; nothing was changed" in text
    assert "db-0" in names(api)


async def test_who_may_not_evict_is_told_beforehand(api: MutableApi, ask: Ask) -> None:
    api.denied = {"evictions"}
    user = User()
    text = await ask(user, "k8s_node", name="node-1", action="drain")

    assert text.startswith("error: ")
    assert "cannot create" in text
    assert not user.asked


async def test_what_may_not_be_read_is_not_called_safe(api: MutableApi, ask: Ask) -> None:
    api.denied = {"poddisruptionbudgets"}
    user = User(agrees=False)
    await ask(user, "k8s_node", name="node-1", action="drain")

    assert "Not checked: pdb (not allowed to list)." in user.asked[0]


async def test_a_webhook_that_refuses_rehearsals_is_named(api: MutableApi, ask: Ask) -> None:
    words = 'admission webhook "guard.example.net" does not support dry run'
    api.rehearsal = status(400, words, "BadRequest")
    user = User(agrees=False)
    await ask(user, "k8s_node", name="node-1", action="drain")

    assert "Impact: Not rehearsed: an admission webhook refuses dry runs" in user.asked[0]


async def test_a_cordon_without_an_answer_evicts_nobody(api: MutableApi, ask: Ask) -> None:
    api.refusals = [httpx.ReadTimeout("no answer")]
    text = await ask(User(), "k8s_node", name="node-1", action="drain")

    assert "It may or may not have been done" in text
    assert not api.evicted


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "node-9", "action": "drain"}, "There is no node/node-9"),
        ({"name": "pod/db-0", "action": "drain"}, "is not a node"),
        ({"name": "node-1", "action": "cordon", "force": True}, "force is for action=drain"),
        ({"name": "node-1", "action": "empty"}, "action"),
        ({"name": "node-1", "action": "drain", "force": "maybe"}, "force"),
        ({"name": "x" * 301, "action": "drain"}, "name"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_way_on(
    api: MutableApi, ask: Ask, given: Json, said: str
) -> None:
    text = await ask(User(), "k8s_node", **given)

    assert text.startswith("error: ")
    assert said in text
    assert not api.evicted
