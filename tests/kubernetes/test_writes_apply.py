"""Applying: what would be new or other is shown, fields of others are named, undo is true."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from pytest_httpx import HTTPXMock

from tests.kubernetes.conftest import Mode
from tests.kubernetes.manifests import SECRET, SETTINGS, WEB, web_api
from tests.kubernetes.mutable import MutableApi
from tests.kubernetes.wire import Json, meta, status
from tests.kubernetes.writable import Ask, User, asking, record_in

CREATED = """\
Plan, nothing changed yet: apply shop/cm/settings, which is new (context lab).
  shop/cm/settings: new
  data.mode: new
This can be undone: k8s_undo deletes what is new again, unless somebody else changes it."""


@pytest.fixture
def api(httpx_mock: HTTPXMock) -> MutableApi:
    return web_api(httpx_mock)


@pytest.fixture
async def ask(tmp_path: Path, config: Path) -> AsyncGenerator[Ask]:
    async with asking(config, tmp_path / "state") as ask:
        yield ask


def settings_there(api: MutableApi, mode: str = "old") -> None:
    about = {**meta("settings", "shop"), "resourceVersion": "1"}
    one = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": about}
    api.objects["configmaps"] = [{**one, "data": {"mode": mode, "other": "theirs"}}]


def data(api: MutableApi) -> Json:
    return api.find("configmaps", "settings")["data"]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_new_object_is_planned_agreed_to_made_and_seen(
    api: MutableApi, ask: Ask, mode: Mode
) -> None:
    user = User()
    text = await ask(user, "k8s_apply", mode, manifest=SETTINGS)

    assert user.asked == [CREATED]
    assert data(api) == {"mode": "new"}
    assert text == (
        "Done: shop/cm/settings was applied.\n"
        f"Undo record {record_in(text)}: k8s_undo deletes shop/cm/settings again, unless somebody"
        " else changes it."
    )


async def test_a_change_shows_its_fields_and_is_undone(api: MutableApi, ask: Ask) -> None:
    settings_there(api)
    user = User()
    text = await ask(user, "k8s_apply", manifest=SETTINGS)

    assert user.asked[0] == (
        "Plan, nothing changed yet: apply shop/cm/settings (context lab).\n"
        "  data.mode: old -> new\n"
        "This can be undone with k8s_undo."
    )
    assert data(api) == {"mode": "new", "other": "theirs"}
    undone = await ask(User(), "k8s_undo", record=record_in(text))
    assert undone.startswith("Done: shop/cm/settings is as it was before")
    assert data(api) == {"mode": "old", "other": "theirs"}


async def test_what_is_sent_holds_for_the_object_that_was_looked_at_and_is_never_forced(
    api: MutableApi, ask: Ask
) -> None:
    settings_there(api)
    await ask(User(), "k8s_apply", manifest=SETTINGS)

    about = {"uid": "uid-shop-settings", "resourceVersion": "1"}
    assert [one["metadata"] for one in api.sent] == [
        {"name": "settings", "namespace": "shop", **about}
    ]
    sent = [one for one in api.requests if one.method == "PATCH"]
    assert all(one.url.params["fieldValidation"] == "Strict" for one in sent)
    assert all(one.url.params["fieldManager"] == "jamie" for one in sent)


async def test_nothing_is_made_before_the_user_agrees(api: MutableApi, ask: Ask) -> None:
    text = await ask(User(agrees=False), "k8s_apply", manifest=SETTINGS)

    assert text == "error: The user did not agree; nothing was changed."
    assert not api.objects["configmaps"]
    assert not api.sent


async def test_fields_of_others_are_named_with_their_owners(api: MutableApi, ask: Ask) -> None:
    settings_there(api)
    api.claims = {
        "web": {"spec.replicas": '"scaler" with subresource "scale" using apps/v1'},
        "settings": {"data.mode": '"kubectl" using v1'},
    }
    user = User()
    text = await ask(user, "k8s_apply", manifest=f"{WEB}---{SETTINGS}")

    assert text == (
        "error: Not applied, these fields belong to somebody else; nothing was changed:\n"
        '  shop/deploy/web: spec.replicas belongs to "scaler" with subresource "scale" using'
        " apps/v1\n"
        '  shop/cm/settings: data.mode belongs to "kubectl" using v1\n'
        "Leave them out of the manifest, or take them over one by one with k8s_patch."
    )
    assert not user.asked
    assert not api.sent


async def test_several_objects_are_planned_together_and_made_in_order(
    api: MutableApi, ask: Ask
) -> None:
    settings_there(api, mode="new")
    user = User()
    text = await ask(user, "k8s_apply", manifest=f"{WEB}---{SETTINGS}---{SECRET}", namespace="shop")

    assert user.asked[0] == (
        "Plan, nothing changed yet: apply 3 objects (1 new, 1 changed, 1 as they are)"
        " (context lab).\n"
        "  shop/deploy/web:\n"
        "    spec.replicas: 2 -> 3\n"
        "  shop/cm/settings: as it is\n"
        "  shop/secret/db: new\n"
        f"    data.greeting (a secret): {mark_in(user.asked[0])}\n"
        "Impact: shop/deploy/web: The pods request nothing: they are placed whatever the nodes can"
        " bear.\n"
        "This can be undone: k8s_undo deletes what is new again, unless somebody else changes it"
        " and puts the rest back."
    )
    assert [one["kind"] for one in api.sent] == ["Deployment", "Secret"]
    assert text.startswith(
        "Done: shop/deploy/web and shop/secret/db were applied.\n"
        "  shop/deploy/web: 3 of 3 updated, 3 available, after 0 s\n"
        "  shop/secret/db: as applied\n"
        "Undo record undo-"
    )
    assert text.count("Undo record undo-") == 2


def mark_in(text: str) -> str:
    return f"[redacted:{text.partition('[redacted:')[2][:8]}]"


async def test_a_failure_half_way_says_what_was_done_and_what_was_not(
    api: MutableApi, ask: Ask
) -> None:
    third = SETTINGS.replace("settings", "third")
    api.refusals = [None, status(500, "etcd is away", "InternalError")]
    user = User()
    text = await ask(user, "k8s_apply", manifest=f"{SETTINGS}---{WEB}---{third}")

    assert text.startswith(
        "Sent, but NOT verified: only 1 of 3 objects were applied.\n"
        "  applied: shop/cm/settings\n"
        "  failed: shop/deploy/web: "
    )
    assert "etcd is away" in text
    assert "  not tried: shop/cm/third\n" in text
    assert [one["metadata"]["name"] for one in api.objects["configmaps"]] == ["settings"]
    await ask(User(), "k8s_undo", record=record_in(text))
    assert not api.objects["configmaps"]


async def test_an_answer_that_never_comes_half_way_leaves_the_undo_of_both(
    api: MutableApi, ask: Ask
) -> None:
    api.refusals = [None, httpx.ReadTimeout("no answer")]
    text = await ask(User(), "k8s_apply", manifest=f"{SETTINGS}---{WEB}")

    assert "only 1 of 2 objects were applied" in text
    assert (
        "failed: shop/deploy/web: It may or may not have been done: apply shop/deploy/web" in text
    )
    assert text.count("Undo record undo-") == 2


async def test_a_failure_of_the_first_changes_nothing(api: MutableApi, ask: Ask) -> None:
    api.refusals = [status(500, "etcd is away", "InternalError")]
    text = await ask(User(), "k8s_apply", manifest=f"{SETTINGS}---{WEB}")

    assert text.startswith("error: ")
    assert "etcd is away" in text
    assert not api.objects["configmaps"]


async def test_an_object_that_somebody_made_while_the_user_thought_is_left_alone(
    api: MutableApi, ask: Ask
) -> None:
    user = User(meanwhile=lambda: settings_there(api))
    text = await ask(user, "k8s_apply", manifest=SETTINGS)

    assert "shop/cm/settings changed since the plan was made; nothing was changed" in text
    assert data(api)["mode"] == "old"


async def test_an_object_that_changed_while_the_user_thought_is_left_alone(
    api: MutableApi, ask: Ask
) -> None:
    settings_there(api)

    def meanwhile() -> None:
        api.touch("configmaps", "settings")["data"]["mode"] = "newest"

    text = await ask(User(meanwhile=meanwhile), "k8s_apply", manifest=SETTINGS)

    assert "data.mode: was 'old', is 'newest'" in text
    assert data(api)["mode"] == "newest"


async def test_an_object_that_is_being_deleted_is_no_good_place(api: MutableApi, ask: Ask) -> None:
    settings_there(api)
    api.find("configmaps", "settings")["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    user = User(agrees=False)
    await ask(user, "k8s_apply", manifest=SETTINGS)

    assert "Impact: It is being deleted: what is changed goes with it." in user.asked[0]


async def test_what_is_like_that_already_is_not_sent(api: MutableApi, ask: Ask) -> None:
    settings_there(api, mode="new")
    text = await ask(User(), "k8s_apply", manifest=SETTINGS)

    assert text == "error: Nothing to change, already like that: shop/cm/settings."


async def test_what_the_server_keeps_is_left_out_and_said(api: MutableApi, ask: Ask) -> None:
    settings_there(api)
    copied = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {**meta("settings", "shop"), "resourceVersion": "0", "managedFields": []},
            "data": {"mode": "new"},
            "status": {"x": 1},
        }
    )
    user = User()
    text = await ask(user, "k8s_apply", manifest=copied)

    assert (
        "Impact: Left out of it, the server keeps it: metadata.creationTimestamp,"
        " metadata.managedFields, metadata.resourceVersion, metadata.uid, status of ConfigMap"
        " settings (line 1)."
    ) in user.asked[0]
    assert text.startswith("Done: ")


async def test_secrets_are_nowhere_but_in_the_undo_record(
    api: MutableApi, ask: Ask, tmp_path: Path
) -> None:
    manifest = SECRET.replace("stringData", "data").replace("hunter2-canary", "Y2FuYXJ5LW5ldw==")
    about = {**meta("db", "shop"), "resourceVersion": "1"}
    one = {"apiVersion": "v1", "kind": "Secret", "metadata": about}
    api.objects["secrets"] = [{**one, "data": {"greeting": "Y2FuYXJ5LW9sZA=="}}]
    user = User()
    text = await ask(user, "k8s_apply", manifest=manifest, namespace="shop")

    assert text.startswith("Done: ")
    files = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    telling = b"".join(path.read_bytes() for path in files) + (user.asked[0] + text).encode()
    assert b"Y2FuYXJ5" not in telling
    assert b"canary" not in telling
    (undo,) = [path for path in files if path.parent.name == "undo"]
    assert undo.stat().st_mode & 0o777 == 0o600


async def test_objects_of_a_namespace_that_the_manifest_makes_are_not_rehearsed(
    api: MutableApi, ask: Ask
) -> None:
    space = "apiVersion: v1\nkind: Namespace\nmetadata: {name: fresh}\n"
    manifest = f"{space}---{SETTINGS.replace('shop', 'fresh')}"
    user = User()
    text = await ask(user, "k8s_apply", manifest=manifest)

    assert (
        "fresh/cm/settings: Not rehearsed, because the manifest makes its namespace."
    ) in user.asked[0]
    assert text.startswith("Done: ns/fresh and fresh/cm/settings were applied.")


async def test_a_new_workload_says_what_will_start(api: MutableApi, ask: Ask) -> None:
    template = {"metadata": {}, "spec": {"containers": [{"name": "app", "image": "x:1"}]}}
    new = {"spec": {"replicas": 2, "template": template}, "metadata": {"name": "new"}}
    manifest = json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", **new})
    user = User(agrees=False)
    await ask(user, "k8s_apply", manifest=manifest, namespace="shop")

    assert "shop/deploy/new: new" in user.asked[0]
    assert "spec.template.spec.containers[app].image: x:1" in user.asked[0]
    assert "Impact: 2 pods will start." in user.asked[0]


async def test_names_without_a_namespace_go_to_the_context_s_own(api: MutableApi, ask: Ask) -> None:
    user = User()
    await ask(user, "k8s_apply", manifest=SETTINGS.replace("  namespace: shop\n", ""))

    assert "apply default/cm/settings, which is new" in user.asked[0]


async def test_a_list_is_its_items(api: MutableApi, ask: Ask) -> None:
    items = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": one}} for one in "ab"]
    user = User()
    await ask(user, "k8s_apply", manifest=json.dumps({"kind": "List", "items": items}))

    assert "apply 2 objects (2 new)" in user.asked[0]


async def test_a_version_that_is_not_preferred_has_its_own_path(api: MutableApi, ask: Ask) -> None:
    manifest = "{apiVersion: cert-manager.io/v1alpha2, kind: Certificate, metadata: {name: tls}}"
    text = await ask(User(), "k8s_apply", manifest=manifest)

    assert "default/cert/tls was applied" in text
    assert api.asked("/apis/cert-manager.io/v1alpha2/namespaces/default/certificates/tls")


async def test_a_patch_with_a_redaction_mark_is_refused(api: MutableApi, ask: Ask) -> None:
    patch = "{metadata: {annotations: {team: '[redacted:0a1b2c3d]'}}}"
    text = await ask(User(), "k8s_patch", name="deploy/web", patch=patch)

    assert "The patch holds a redaction mark at metadata.annotations.team" in text
    assert not api.sent


async def test_many_fields_fit_the_answer(api: MutableApi, ask: Ask) -> None:
    data = {f"key-{one:03}": "x" * 40 for one in range(100)}
    one = {"apiVersion": "v1", "kind": "ConfigMap", "data": data}
    many = [{**one, "metadata": {"name": f"many-{place}"}} for place in range(20)]
    user = User(agrees=False)
    await ask(user, "k8s_apply", manifest=json.dumps({"kind": "List", "items": many}))

    assert len(user.asked[0].encode()) < 6_000
    assert "default/cm/many-0: new" in user.asked[0]
    assert "more field" in user.asked[0]
