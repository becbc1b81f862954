"""Deleting: what goes with it is said before, and it is looked at until it is gone."""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from pytest_httpx import HTTPXMock

from tests.kubernetes.conftest import Mode
from tests.kubernetes.mutable import MutableApi
from tests.kubernetes.offers import offer, resource
from tests.kubernetes.wire import Json, meta, namespace, node, pod, status, workload
from tests.kubernetes.writable import Ask, User, asking, deployment

PLAN = """\
Plan, nothing changed yet: delete shop/deploy/web (context lab).
  shop/deploy/web: there for 3d -> gone
Impact: Goes with it: 2 pods and 1 replicaset.
A deletion cannot be undone; k8s_get output=yaml shows what would be lost."""


@pytest.fixture
def api(httpx_mock: HTTPXMock) -> MutableApi:
    api = MutableApi()
    httpx_mock.add_callback(api, is_reusable=True, is_optional=True)
    offer(api)
    api.objects["deployments"] = [deployment("web")]
    api.objects["replicasets"] = [owned(workload("web-7d9f"), "Deployment", "uid-shop-web")]
    api.objects["pods"] = [
        owned(pod(f"web-7d9f-{one}"), "ReplicaSet", "uid-shop-web-7d9f") for one in "ab"
    ]

    return api


@pytest.fixture
async def ask(tmp_path: Path, config: Path) -> AsyncGenerator[Ask]:
    async with asking(config, tmp_path / "state") as ask:
        yield ask


def owned(one: Json, kind: str, *uids: str) -> Json:
    """Give an object owners, of which the first controls it."""
    one["metadata"]["resourceVersion"] = "1"
    one["metadata"]["ownerReferences"] = [
        {"kind": kind, "name": uid.rpartition("shop-")[2], "uid": uid, "controller": uid == uids[0]}
        for uid in uids
    ]
    return one


def plain(name: str, **fields: Json) -> Json:
    return {"metadata": {**meta(name, "shop"), "resourceVersion": "1"}, **fields}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_deletion_is_planned_agreed_to_done_and_seen(
    api: MutableApi, ask: Ask, mode: Mode
) -> None:
    user = User()
    text = await ask(user, "k8s_delete", mode, name="deploy/web")

    assert user.asked == [PLAN]
    assert not api.objects["deployments"]
    assert text == (
        "Done: shop/deploy/web was deleted.\n"
        "  gone, after 0 s\n"
        "A deletion cannot be undone; k8s_get output=yaml shows what would be lost."
    )


async def test_what_is_sent_holds_for_the_object_that_was_looked_at_only(
    api: MutableApi, ask: Ask
) -> None:
    await ask(User(), "k8s_delete", name="deploy/web")

    seen = {"uid": "uid-shop-web", "resourceVersion": "1"}
    assert api.deleted == [{"propagationPolicy": "Background", "preconditions": seen}]


async def test_a_rehearsal_deletes_nothing(api: MutableApi, ask: Ask) -> None:
    text = await ask(User(agrees=False), "k8s_delete", name="deploy/web")

    assert text == "error: The user did not agree; nothing was changed."
    assert len(api.objects["deployments"]) == 1
    assert not api.deleted


async def test_orphans_are_named(api: MutableApi, ask: Ask) -> None:
    user = User()
    await ask(user, "k8s_delete", name="deploy/web", propagation="orphan")

    assert "Impact: Left behind, owned by nobody: 1 replicaset." in user.asked[0]
    assert api.deleted[0]["propagationPolicy"] == "Orphan"


async def test_what_something_else_owns_too_stays(api: MutableApi, ask: Ask) -> None:
    api.objects["pods"] = [owned(pod("x"), "ReplicaSet", "uid-shop-web-7d9f", "uid-of-another")]
    user = User(agrees=False)
    await ask(user, "k8s_delete", name="deploy/web", propagation="foreground")

    assert "Impact: Goes first: 1 replicaset." in user.asked[0]
    assert "1 dependent stay: they have another owner, too." in user.asked[0]


async def test_a_pod_says_who_makes_it_again_and_which_budget_is_not_asked(
    api: MutableApi, ask: Ask
) -> None:
    api.objects["pods"][0]["metadata"]["labels"] = {"app": "web"}
    api.objects["poddisruptionbudgets"] = [
        plain("web", spec={"selector": {"matchLabels": {"app": "web"}}}, status={})
    ]
    user = User(agrees=False)
    await ask(user, "k8s_delete", name="pod/web-7d9f-a")

    assert "ReplicaSet web-7d9f controls it and will make a new one." in user.asked[0]
    assert "pdb/web allows 0 disruptions now; a deletion does not ask it." in user.asked[0]


async def test_a_pod_of_nobody_will_not_come_back(api: MutableApi, ask: Ask) -> None:
    api.objects["pods"] = [owned(pod("lonely"), "")]
    user = User(agrees=False)
    await ask(user, "k8s_delete", name="pod/lonely", force=True)

    assert "Nobody owns this pod: it will not come back." in user.asked[0]
    assert "By force: the API forgets it at once" in user.asked[0]


async def test_force_is_for_pods(api: MutableApi, ask: Ask) -> None:
    api.objects["pods"] = [owned(pod("lonely"), "")]

    refused = await ask(User(), "k8s_delete", name="deploy/web", force=True)
    assert refused == "error: force is for pods; shop/deploy/web is none."
    await ask(User(), "k8s_delete", name="pod/lonely", force=True)
    assert api.deleted[0]["gracePeriodSeconds"] == 0


async def test_finalizers_are_named_before_and_after(api: MutableApi, ask: Ask) -> None:
    api.find("deployments", "web")["metadata"]["finalizers"] = ["example.net/guard"]
    user = User()
    text = await ask(user, "k8s_delete", settings={"deadline": 4.0}, name="deploy/web")

    assert "It has finalizer example.net/guard: it stays until" in user.asked[0]
    assert text.startswith(
        "Sent, but NOT verified: shop/deploy/web is being deleted and is not gone yet.\n"
        "  held by finalizer example.net/guard, after "
    )


async def test_what_is_being_deleted_already_is_not_deleted_again(
    api: MutableApi, ask: Ask
) -> None:
    api.find("deployments", "web")["metadata"].update(
        finalizers=["example.net/guard"], deletionTimestamp="2026-01-01T00:00:00Z"
    )
    text = await ask(User(), "k8s_delete", name="deploy/web")

    assert text == (
        "error: shop/deploy/web is being deleted already; held by finalizer example.net/guard."
        " Nothing more is needed but what holds it."
    )


async def test_a_namespace_counts_what_is_in_it(api: MutableApi, ask: Ask) -> None:
    api.objects["namespaces"] = [namespace("shop")]
    api.find("namespaces", "shop")["metadata"]["resourceVersion"] = "1"
    api.objects["secrets"] = [plain("one"), plain("two")]
    api.objects["certificates"] = [plain("tls")]
    user = User(agrees=False)
    await ask(user, "k8s_delete", name="ns/shop")

    assert (
        "Everything in it goes: 2 pods, 2 secrets, 1 deployment and 1 certificate." in user.asked[0]
    )
    assert "Not checked" not in user.asked[0]


async def test_a_statefulset_s_volumes_stay(api: MutableApi, ask: Ask) -> None:
    one = workload("db")
    one["metadata"]["resourceVersion"] = "1"
    one["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}}]
    api.objects["statefulsets"] = [one]
    api.objects["persistentvolumeclaims"] = [plain("data-db-0"), plain("data-db-1"), plain("x")]
    user = User(agrees=False)
    await ask(user, "k8s_delete", name="sts/db")

    assert "2 volume claims of it stay, with their data." in user.asked[0]


async def test_a_claim_says_whether_the_data_is_lost(api: MutableApi, ask: Ask) -> None:
    api.objects["persistentvolumeclaims"] = [plain("data", spec={"volumeName": "pv-1"})]
    volume = {"metadata": meta("pv-1"), "spec": {"persistentVolumeReclaimPolicy": "Delete"}}
    api.objects["persistentvolumes"] = [volume]
    claim = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}
    api.objects["pods"] = [pod("db-0", spec={"volumes": [claim, {"name": "tmp", "emptyDir": {}}]})]
    user = User(agrees=False)
    await ask(user, "k8s_delete", name="pvc/data")

    assert "Its volume pv-1 is deleted with it (reclaim policy Delete)" in user.asked[0]
    assert "Used by 1 pod (db-0): it stays until they are gone." in user.asked[0]


async def test_a_node_counts_its_pods(api: MutableApi, ask: Ask) -> None:
    api.objects["nodes"] = [node("node-1")]
    api.find("nodes", "node-1")["metadata"]["resourceVersion"] = "1"
    user = User(agrees=False)
    await ask(user, "k8s_delete", name="node/node-1", namespace="shop")

    assert user.asked[0].startswith("Plan, nothing changed yet: delete node/node-1 (context lab).")
    assert "2 pods on it will be removed with it; k8s_node action=drain moves" in user.asked[0]


async def test_a_definition_counts_its_objects(api: MutableApi, ask: Ask) -> None:
    definition = resource("customresourcedefinitions", "CustomResourceDefinition", namespaced=False)
    offer(api, {"apiextensions.k8s.io": {"v1": [definition]}})
    names = {"kind": "Certificate", "plural": "certificates"}
    spec = {
        "group": "cert-manager.io",
        "names": names,
        "versions": [{"name": "v1", "storage": True}],
    }
    about = {**meta("certificates.cert-manager.io"), "resourceVersion": "1"}
    api.objects["customresourcedefinitions"] = [{"metadata": about, "spec": spec}]
    api.objects["certificates"] = [plain("a"), plain("b"), plain("c")]
    user = User(agrees=False)
    await ask(user, "k8s_delete", name="customresourcedefinitions/certificates.cert-manager.io")

    assert "Every Certificate in the cluster goes with it: 3 objects." in user.asked[0]


async def test_who_misses_it_is_said(api: MutableApi, ask: Ask) -> None:
    template = api.find("deployments", "web")["spec"]["template"]
    template["spec"]["containers"][0]["envFrom"] = [{"configMapRef": {"name": "settings"}}]
    api.objects["configmaps"] = [plain("settings")]
    api.objects["services"] = [plain("front", spec={"selector": {"app": "web"}})]
    user = User(agrees=False)
    await ask(user, "k8s_delete", name="cm/settings", namespace="shop")
    await ask(user, "k8s_delete", name="svc/front", namespace="shop")

    assert "Impact: It is used by deploy/web: pods that start without it wait." in user.asked[0]
    assert "It leads to deploy/web: whoever calls it by name gets no answer." in user.asked[1]


@pytest.mark.parametrize(("arguments", "is_said"), [({}, True), ({"propagation": "orphan"}, False)])
async def test_whose_callers_get_no_answer_is_said(
    api: MutableApi, ask: Ask, arguments: Json, is_said: bool
) -> None:
    api.objects["services"] = [
        plain("front", spec={"selector": {"app": "web"}}),
        plain("other", spec={"selector": {"app": "db"}}),
        plain("by-hand", spec={}),
    ]
    user = User(agrees=False)
    await ask(user, "k8s_delete", name="deploy/web", namespace="shop", **arguments)

    said = "svc/front leads to it: whoever calls it gets no answer, unless others answer."
    assert (f"Impact: {said}" in user.asked[0]) is is_said


async def test_dependents_of_any_kind_are_found(api: MutableApi, ask: Ask) -> None:
    api.objects["certificates"] = [plain("tls")]
    api.objects["secrets"] = [owned(plain("tls-1"), "Certificate", "uid-shop-tls"), plain("other")]
    user = User(agrees=False)
    await ask(user, "k8s_delete", name="cert/tls", namespace="shop")

    assert "Impact: Goes with it: 1 secret." in user.asked[0]


async def test_what_may_not_be_listed_is_not_called_nothing(api: MutableApi, ask: Ask) -> None:
    api.objects["certificates"] = [plain("tls")]
    api.denied = {"secrets", "pods"}
    user = User(agrees=False)
    await ask(user, "k8s_delete", name="cert/tls", namespace="shop")

    assert "Not checked: not allowed to list pods and secrets." in user.asked[0]


async def test_a_change_while_the_user_thought_makes_the_plan_stale(
    api: MutableApi, ask: Ask
) -> None:
    api.objects["configmaps"] = [plain("settings", data={"mode": "old"})]

    def meanwhile() -> None:
        api.touch("configmaps", "settings")["data"]["mode"] = "new"

    text = await ask(User(meanwhile=meanwhile), "k8s_delete", name="cm/settings", namespace="shop")

    assert (
        "shop/cm/settings changed since the plan was made; nothing was changed. data: was" in text
    )
    assert len(api.objects["configmaps"]) == 1


async def test_another_object_of_the_same_name_is_left_alone(api: MutableApi, ask: Ask) -> None:
    def meanwhile() -> None:
        api.find("deployments", "web")["metadata"]["uid"] = "another"

    text = await ask(User(meanwhile=meanwhile), "k8s_delete", name="deploy/web")

    assert "It is another object of that name" in text
    assert len(api.objects["deployments"]) == 1


async def test_a_status_that_moves_is_met_with_another_look(api: MutableApi, ask: Ask) -> None:
    api.refusals = [status(409, "the ResourceVersion in the precondition differs", "Conflict")]
    text = await ask(User(), "k8s_delete", name="deploy/web")

    assert text.startswith("Done: shop/deploy/web was deleted.")
    assert len(api.deleted) == 2


async def test_a_deletion_that_was_not_answered_is_looked_after(api: MutableApi, ask: Ask) -> None:
    api.refusals = [httpx.ReadTimeout("no answer")]
    text = await ask(User(), "k8s_delete", name="deploy/web")

    assert text.startswith("error: It may or may not have been done: delete shop/deploy/web")
    assert len(api.deleted) == 1


async def test_a_deletion_that_found_no_connection_was_not_done(api: MutableApi, ask: Ask) -> None:
    api.refusals = [httpx.ConnectError("connection refused")]
    text = await ask(User(), "k8s_delete", name="deploy/web")

    assert text.endswith("Nothing was sent.")
    assert api.objects["deployments"]


async def test_a_secret_s_data_is_not_told(api: MutableApi, ask: Ask) -> None:
    api.objects["secrets"] = [plain("db", data={"password": "aHVudGVyMg=="})]

    def meanwhile() -> None:
        api.touch("secrets", "db")["data"]["password"] = "c3dvcmRmaXNo"

    user = User(meanwhile=meanwhile)
    text = await ask(user, "k8s_delete", name="secret/db", namespace="shop")

    assert "changed since the plan was made" in text
    assert not any(one in user.asked[0] + text for one in ("aHVudGVyMg==", "c3dvcmRmaXNo"))


async def test_a_webhook_that_refuses_rehearsals_is_named(api: MutableApi, ask: Ask) -> None:
    words = 'admission webhook "guard.example.net" does not support dry run'
    api.rehearsal = status(400, words, "BadRequest")
    user = User()
    text = await ask(user, "k8s_delete", name="deploy/web")

    assert "Impact: Not rehearsed: an admission webhook refuses dry runs" in user.asked[0]
    assert text.startswith("Done: ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "deploy/wep"}, "There is no deploy/wep"),
        ({"name": "nosuch/x"}, "has no kind 'nosuch'."),
        ({"name": "deploy/"}, "is neither a kind nor an object"),
        ({"name": "../web"}, "is neither a kind nor an object"),
        ({"name": "x" * 301}, "name"),
        ({"name": "deploy/web", "propagation": "sideways"}, "propagation"),
        ({"name": "deploy/web", "force": "maybe"}, "force"),
        ({"name": "deploy/web", "namespace": "nowhere"}, "in namespace 'nowhere'"),
        ({"name": "deploy/web", "namespace": "x" * 64}, "namespace"),
        ({"name": "deploy/web", "cascade": "orphan"}, "cascade"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_way_on(
    api: MutableApi, ask: Ask, given: Json, said: str
) -> None:
    text = await ask(User(), "k8s_delete", **given)

    assert text.startswith("error: ")
    assert said in text
    assert not api.deleted


async def test_a_refusal_is_the_api_server_s(api: MutableApi, ask: Ask) -> None:
    api.rehearsal = status(403, 'namespaces "x" is forbidden: may not be deleted', "Forbidden")
    text = await ask(User(), "k8s_delete", name="deploy/web")

    assert text.startswith("error: ")
    assert "may not be deleted" in text


async def test_the_tool_is_not_there_without_the_flag(api: MutableApi, ask: Ask) -> None:
    text = await ask(User(), "k8s_delete", settings={"write": False}, name="deploy/web")

    assert text == "error: Unknown tool: k8s_delete"
    assert not api.requests
