"""Undoing what was made: it is deleted while nobody else has written to it."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from pytest_httpx import HTTPXMock

from tests.kubernetes.manifests import SETTINGS, web_api
from tests.kubernetes.mutable import MutableApi
from tests.kubernetes.writable import Ask, User, asking, record_in


@pytest.fixture
def api(httpx_mock: HTTPXMock) -> MutableApi:
    return web_api(httpx_mock)


@pytest.fixture
async def ask(tmp_path: Path, config: Path) -> AsyncGenerator[Ask]:
    async with asking(config, tmp_path / "state") as ask:
        yield ask


async def test_the_undo_of_a_new_object_deletes_it(api: MutableApi, ask: Ask) -> None:
    made = await ask(User(), "k8s_apply", manifest=SETTINGS)
    user = User()
    text = await ask(user, "k8s_undo", record=record_in(made))

    assert user.asked[0].startswith(
        f"Plan, nothing changed yet: undo {record_in(made)}: delete shop/cm/settings"
    )
    assert text.startswith("Done: shop/cm/settings was deleted.\n  gone, after 0 s")
    assert not api.objects["configmaps"]
    again = await ask(User(), "k8s_undo", record=record_in(made))
    assert "it may be used already" in again


NEW = {
    "services": "apiVersion: v1\nkind: Service\nspec: {selector: {app: web}}",
    "serviceaccounts": "apiVersion: v1\nkind: ServiceAccount\nautomountServiceAccountToken: false",
    "ingresses": "apiVersion: networking.k8s.io/v1\nkind: Ingress\nspec: {rules: []}",
    "persistentvolumeclaims": "apiVersion: v1\nkind: PersistentVolumeClaim\nspec: {volumeName: a}",
    "poddisruptionbudgets": "apiVersion: policy/v1\nkind: PodDisruptionBudget\n"
    "spec: {selector: {}}",
    "horizontalpodautoscalers": "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n"
    "spec: {scaleTargetRef: {kind: Deployment, name: web}, maxReplicas: 3}",
    "secrets": "apiVersion: v1\nkind: Secret\ndata: {a: Yg==}",
    "configmaps": "apiVersion: v1\nkind: ConfigMap",
}


@pytest.mark.parametrize("plural", NEW)
async def test_a_new_object_of_any_kind_can_be_taken_back(
    api: MutableApi, ask: Ask, plural: str
) -> None:
    about = "metadata: {name: new, namespace: shop}"
    made = await ask(User(), "k8s_apply", manifest=f"{NEW[plural]}\n{about}\n")
    text = await ask(User(), "k8s_undo", record=record_in(made))

    assert text.startswith("Done: shop/")
    assert not api.objects[plural]


async def test_a_new_object_that_somebody_changed_is_not_deleted(api: MutableApi, ask: Ask) -> None:
    made = await ask(User(), "k8s_apply", manifest=SETTINGS)
    api.touch("configmaps", "settings")["data"]["mode"] = "theirs"
    text = await ask(User(), "k8s_undo", record=record_in(made))

    assert "cannot be undone: data.mode of shop/cm/settings was changed by somebody else" in text
    assert len(api.objects["configmaps"]) == 1


@pytest.mark.parametrize(
    ("manager", "operation", "who"),
    [("kubectl-edit", "Update", "kubectl-edit"), ("jamie", "Update", "jamie")],
)
async def test_a_new_object_that_somebody_added_to_is_not_deleted(
    api: MutableApi, ask: Ask, manager: str, operation: str, who: str
) -> None:
    made = await ask(User(), "k8s_apply", manifest=SETTINGS)
    one = api.touch("configmaps", "settings")
    one["data"]["more"] = "theirs"
    one["metadata"]["managedFields"].append({"manager": manager, "operation": operation})
    text = await ask(User(), "k8s_undo", record=record_in(made))

    assert f"cannot be undone: shop/cm/settings was changed since by {who}; nothing was" in text
    assert len(api.objects["configmaps"]) == 1


async def test_a_new_object_that_was_applied_again_is_not_deleted(
    api: MutableApi, ask: Ask
) -> None:
    made = await ask(User(), "k8s_apply", manifest=SETTINGS)
    await ask(User(), "k8s_apply", manifest=f"{SETTINGS}  more: ours\n")
    text = await ask(User(), "k8s_undo", record=record_in(made))

    assert "was changed since by another write of Jamie's" in text


async def test_an_object_made_anew_is_not_deleted(api: MutableApi, ask: Ask) -> None:
    made = await ask(User(), "k8s_apply", manifest=SETTINGS)
    api.find("configmaps", "settings")["metadata"]["uid"] = "another"
    text = await ask(User(), "k8s_undo", record=record_in(made))

    assert "is another object of that name now" in text


async def test_a_controller_s_own_writes_do_not_stand_in_the_way(api: MutableApi, ask: Ask) -> None:
    made = await ask(User(), "k8s_apply", manifest=SETTINGS)
    one = api.touch("configmaps", "settings")
    entry = {"manager": "kube-controller-manager", "operation": "Update"}
    one["metadata"]["managedFields"].append(entry)
    text = await ask(User(), "k8s_undo", record=record_in(made))

    assert text.startswith("Done: ")
