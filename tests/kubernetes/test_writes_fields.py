"""Rollouts, images, labels, patches and nodes: what is shown, what is sent, what comes back."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from pytest_httpx import HTTPXMock

from tests.kubernetes.wire import Json, meta, node, status
from tests.kubernetes.writable import Ask, User, WritableApi, asking, deployment, record_in


@pytest.fixture
def api(httpx_mock: HTTPXMock) -> WritableApi:
    api = WritableApi()
    httpx_mock.add_callback(api, is_reusable=True, is_optional=True)
    api.objects["deployments"] = [deployment("web")]
    api.objects["nodes"] = [versioned(node("node-1")), versioned(node("node-2"))]

    return api


@pytest.fixture
async def ask(tmp_path: Path, config: Path) -> AsyncGenerator[Ask]:
    async with asking(config, tmp_path / "state") as ask:
        yield ask


def versioned(one: Json) -> Json:
    one["metadata"]["resourceVersion"] = "1"
    return one


def revision(number: int, image: str) -> Json:
    """A ReplicaSet of web, with the hash its pods carry."""
    labels = {"app": "web", "pod-template-hash": f"h{number}"}
    about = meta(f"web-h{number}", "shop", labels=labels)
    owner = {"kind": "Deployment", "name": "web", "uid": "uid-shop-web", "controller": True}
    about["annotations"] = {"deployment.kubernetes.io/revision": str(number)}
    about["ownerReferences"] = [owner]
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "app", "image": image}]},
    }
    return {"metadata": about, "spec": {"replicas": 0, "template": template}}


def web(api: WritableApi) -> Json:
    return api.find("deployments", "web")


def image(api: WritableApi) -> str:
    return web(api)["spec"]["template"]["spec"]["containers"][0]["image"]


async def test_a_restart_carries_the_moment_it_was_sent(api: WritableApi, ask: Ask) -> None:
    user = User()
    text = await ask(user, "k8s_roll", name="web", action="restart")

    notes = web(api)["spec"]["template"]["metadata"]["annotations"]
    assert notes["kubectl.kubernetes.io/restartedAt"].startswith("20")
    assert "annotations[kubectl.kubernetes.io/restartedAt]: (none) -> (now)" in user.asked[0]
    assert "Impact: 2 pods will be replaced, 1 more and 0 fewer at a time." in user.asked[0]
    assert user.asked[0].endswith("A restart cannot be undone: the pods are new.")
    assert text.startswith("Done: shop/deploy/web was restarted.")
    assert "undo-" not in text


async def test_a_rollout_goes_back_to_the_revision_before(api: WritableApi, ask: Ask) -> None:
    api.objects["replicasets"] = [revision(1, "old:1"), revision(2, "registry.example.net/app:1")]
    user = User()
    text = await ask(user, "k8s_roll", name="web", action="undo")

    assert "containers[app].image: registry.example.net/app:1 -> old:1" in user.asked[0]
    assert image(api) == "old:1"
    assert web(api)["spec"]["template"]["metadata"]["labels"] == {"app": "web"}
    assert text.startswith("Done: shop/deploy/web has the template of revision 1 again.")


async def test_an_undone_rollout_can_be_put_back(api: WritableApi, ask: Ask) -> None:
    api.objects["replicasets"] = [revision(1, "old:1"), revision(2, "registry.example.net/app:1")]
    text = await ask(User(), "k8s_roll", name="web", action="undo")
    await ask(User(), "k8s_undo", record=record_in(text))

    assert image(api) == "registry.example.net/app:1"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"action": "undo", "revision": 7}, "has no revision 7; there are 1."),
        ({"action": "undo", "revision": 2}, "is at revision 2 already."),
        ({"action": "restart", "revision": 1}, "revision is for action=undo, not for restart."),
        ({"action": "explode"}, "action"),
        ({"action": "restart", "name": "pod/x"}, "x"),
    ],
)
async def test_a_rollout_that_cannot_be_is_refused(
    api: WritableApi, ask: Ask, given: Json, said: str
) -> None:
    api.objects["replicasets"] = [revision(1, "old:1"), revision(2, "registry.example.net/app:1")]
    text = await ask(User(), "k8s_roll", **{"name": "web", **given})

    assert text.startswith("error: ")
    assert said in text
    assert not api.sent


async def test_pause_and_resume_are_each_other_s_undo(api: WritableApi, ask: Ask) -> None:
    text = await ask(User(), "k8s_roll", name="web", action="pause")
    assert web(api)["spec"]["paused"] is True
    refused = await ask(User(), "k8s_roll", name="web", action="restart")
    assert "is paused: nothing would roll; resume it first." in refused

    await ask(User(), "k8s_undo", record=record_in(text))
    assert "paused" not in web(api)["spec"]


async def test_an_image_is_set_and_undone(api: WritableApi, ask: Ask) -> None:
    user = User()
    text = await ask(user, "k8s_set", name="web", image=["registry.example.net/app:2"])

    assert (
        "containers[app].image: registry.example.net/app:1 -> registry.example.net/app:2"
        in (user.asked[0])
    )
    assert image(api) == "registry.example.net/app:2"
    await ask(User(), "k8s_undo", record=record_in(text))
    assert image(api) == "registry.example.net/app:1"


async def test_labels_and_annotations_are_set_and_removed(api: WritableApi, ask: Ask) -> None:
    web(api)["metadata"]["labels"] = {"tier": "web", "old": "yes"}
    given = {"label": ["tier=api", "old-"], "annotation": ["who=Ada, on call"]}
    text = await ask(User(), "k8s_set", name="deploy/web", **given)

    assert web(api)["metadata"]["labels"] == {"tier": "api"}
    assert web(api)["metadata"]["annotations"] == {"who": "Ada, on call"}
    web(api)["metadata"]["labels"]["new"] = "by somebody else"
    await ask(User(), "k8s_undo", record=record_in(text))
    assert web(api)["metadata"]["labels"] == {
        "tier": "web", "old": "yes", "new": "by somebody else",
    }  # fmt: skip
    assert not web(api)["metadata"]["annotations"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Nothing to set: give image, label or annotation."),
        ({"label": ["tier"]}, "'tier' is neither key=value nor key- (to remove it)."),
        ({"label": ["tier=a b"]}, "'a b' cannot be the value of a label"),
        ({"label": ["-x=1"]}, "'-x' cannot be the key of a label."),
        ({"image": ["nope=x:1"]}, "There is no container 'nope'."),
        ({"image": ["app=x y"]}, "'x y' is not an image"),
        ({"label": ["a=[redacted:0a1b2c3d]"]}, "What is to be set holds a redaction mark at [0]"),
        ({"image": ["x:1"], "name": "node/node-1"}, "node/node-1 runs no containers"),
    ],
)
async def test_what_cannot_be_set_is_refused(
    api: WritableApi, ask: Ask, given: Json, said: str
) -> None:
    text = await ask(User(), "k8s_set", **{"name": "deploy/web", **given})

    assert said in text
    assert not api.sent


async def test_a_patch_shows_its_fields_and_hides_secrets(api: WritableApi, ask: Ask) -> None:
    user = User()
    patch = "{metadata: {annotations: {password: hunter22, team: shop}}}"
    text = await ask(user, "k8s_patch", name="deploy/web", patch=patch)

    assert "metadata.annotations.team: (none) -> shop" in user.asked[0]
    assert "metadata.annotations.password (a secret): (none) -> [redacted:" in user.asked[0]
    assert "hunter22" not in user.asked[0] + text
    assert web(api)["metadata"]["annotations"] == {"password": "hunter22", "team": "shop"}


async def test_a_secret_changed_meanwhile_is_not_told(api: WritableApi, ask: Ask) -> None:
    web(api)["metadata"]["annotations"] = {"password": "correct-horse"}

    def meanwhile() -> None:
        api.touch("deployments", "web")["metadata"]["annotations"]["password"] = "battery-staple"

    patch = "{metadata: {annotations: {password: hunter22}}}"
    user = User(meanwhile=meanwhile)
    text = await ask(user, "k8s_patch", name="deploy/web", patch=patch)

    assert "changed since the plan was made" in text
    assert not {"correct-horse", "battery-staple", "hunter22"} & set(text.split("'"))
    assert web(api)["metadata"]["annotations"] == {"password": "battery-staple"}


@pytest.mark.parametrize(
    ("patch", "kind", "said"),
    [
        ("{spec: [", "merge", "The patch is neither JSON nor YAML"),
        ("[]", "merge", "A merge patch is an object, not empty."),
        ("{a: 1}", "json", "A json patch is a list of operations."),
        ('[{"op": "remove"}]', "json", "Each operation has op and path"),
        ("{status: {replicas: 1}}", "merge", "The status is the controllers' to write"),
        ("{when: 2020-01-01}", "merge", "Nothing to change"),
    ],
)
async def test_a_patch_that_is_none_is_refused(
    api: WritableApi, ask: Ask, patch: str, kind: str, said: str
) -> None:
    web(api)["when"] = "2020-01-01"
    text = await ask(User(), "k8s_patch", name="deploy/web", patch=patch, type=kind)

    assert said in text
    assert not api.sent


async def test_a_refusal_does_not_repeat_the_object(api: WritableApi, ask: Ask) -> None:
    words = '"" is invalid: patch: Invalid value: "{\\"data\\":{\\"a\\":\\"c2VjcmV0\\"}}": strict'
    api.rehearsal = status(422, f'{words} decoding error: unknown field "spec.pausd"', "Invalid")
    text = await ask(User(), "k8s_patch", name="deploy/web", patch="{spec: {pausd: true}}")

    assert 'unknown field "spec.pausd"' in text
    assert "c2VjcmV0" not in text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('{"Spec":{"a":[{"b":"}: c2VjcmV0"}]}}: field is immutable', "spec: field is immutable."),
        (
            '{"a":"c2VjcmV0"}: no, spec.x: Invalid value: {"b":"c2VjcmV0"}: nor that',
            "spec: no, spec.x: nor that.",
        ),
        ('{"a":"c2VjcmV0 cut o', "spec: (an object)."),
    ],
)
async def test_a_refusal_that_shows_an_object_says_only_why(
    api: WritableApi, ask: Ask, value: str, said: str
) -> None:
    words = f'Job.batch "web" is invalid: spec: Invalid value: {value}'
    api.rehearsal = status(422, words, "Invalid")
    text = await ask(User(), "k8s_patch", name="deploy/web", patch="{spec: {paused: true}}")

    assert text.endswith(said)
    assert "c2VjcmV0" not in text


async def test_one_image_or_label_may_be_given_without_a_list(api: WritableApi, ask: Ask) -> None:
    text = await ask(User(), "k8s_set", name="web", image="app:2", label="tier=web")

    assert text.startswith("Done: ")
    assert web(api)["metadata"]["labels"]["tier"] == "web"


async def test_the_last_finalizer_of_what_is_being_deleted_is_its_end(
    api: WritableApi, ask: Ask
) -> None:
    about = {"finalizers": ["example.net/guard"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
    web(api)["metadata"] |= about
    user = User()
    await ask(user, "k8s_patch", name="deploy/web", patch="{metadata: {finalizers: null}}")

    assert "nothing will hold it any more: it will be gone at once." in user.asked[0]
    assert user.asked[0].endswith("This cannot be undone: the object will be gone.")


async def test_a_node_is_cordoned_and_back(api: WritableApi, ask: Ask) -> None:
    user = User()
    text = await ask(user, "k8s_node", name="node-1", action="cordon")

    assert "1 other node will take new pods." in user.asked[0]
    assert api.find("nodes", "node-1")["spec"] == {"unschedulable": True}
    await ask(User(), "k8s_undo", record=record_in(text))
    assert api.find("nodes", "node-1")["spec"] == {}


async def test_the_last_open_node_is_not_cordoned_without_a_word(
    api: WritableApi, ask: Ask
) -> None:
    api.find("nodes", "node-2")["spec"]["unschedulable"] = True
    user = User(agrees=False)
    await ask(user, "k8s_node", name="node-1", action="cordon")

    assert "No other node takes pods: new ones will stay Pending." in user.asked[0]
