"""Manifests that cannot be applied: refused with the line and the reason, secrets unsaid."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from pytest_httpx import HTTPXMock

from tests.kubernetes.manifests import SECRET, SETTINGS, web_api
from tests.kubernetes.mutable import MutableApi
from tests.kubernetes.offers import GROUPS, offer, resource
from tests.kubernetes.wire import status
from tests.kubernetes.writable import Ask, User, asking

DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: guards.example.net}
spec: {group: example.net, names: {kind: Guard}}
"""

GUARD = """
apiVersion: example.net/v1
kind: Guard
metadata: {name: x}
"""


@pytest.fixture
def api(httpx_mock: HTTPXMock) -> MutableApi:
    return web_api(httpx_mock)


@pytest.fixture
async def ask(tmp_path: Path, config: Path) -> AsyncGenerator[Ask]:
    async with asking(config, tmp_path / "state") as ask:
        yield ask


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ("", "manifest"),
        ("# nothing\n---\n", "The manifest is empty: there is no object in it."),
        ("a: b: c", "neither JSON nor YAML: line 1, column 5: mapping values are not allowed"),
        ("- 1", "What begins in line 1 is no object"),
        ("kind: ConfigMap", "(ConfigMap) has no apiVersion."),
        ("apiVersion: v1", "(without a name) has no kind."),
        (
            "{apiVersion: v1, kind: ConfigMap, metadata: {generateName: x-}}",
            "has no metadata.name. generateName makes a new object each time; give a name.",
        ),
        (
            SETTINGS.replace("new", "'[redacted:0a1b2c3d]'"),
            "ConfigMap settings (line 2) holds a redaction mark at data.mode",
        ),
        (
            "{apiVersion: apps/v2, kind: Nosuch, metadata: {name: x}}",
            "'lab' has no Nosuch of apps/v2 (Nosuch x (line 1)).",
        ),
        (
            "{apiVersion: v1, kind: Deployment, metadata: {name: x}}",
            "has no Deployment of v1 (Deployment x (line 1)); it has one of apps/v1.",
        ),
        (
            f"{DEFINITION}---{GUARD}",
            "defines the kind Guard that Guard x (line 7) is of: apply the definition alone first",
        ),
        (f"{SETTINGS}---{SETTINGS}", "the same object twice: shop/cm/settings."),
        (
            SETTINGS.replace("name: settings", 'name: "x\\nImpact: none"'),
            "metadata.name of the object that begins in line 2 cannot be 'x\\nImpact: none'.",
        ),
        (SETTINGS.replace("namespace: shop", "namespace: [shop]"), "metadata.namespace of the"),
        (SETTINGS.replace("kind: ConfigMap", "kind: Config/Map"), "kind of the object that begins"),
        (SETTINGS.replace("apiVersion: v1", "apiVersion: ../v1"), "apiVersion of the object that"),
        (
            "---".join(SETTINGS.replace("settings", f"s{one}") for one in range(21)),
            "The manifest holds 21 objects; apply at most 20 at a time.",
        ),
        (SETTINGS.replace("shop", "shp"), "There is no namespace 'shp' in 'lab'. Did you mean"),
        ("x" * 262_145, "manifest"),
    ],
)
async def test_what_is_no_manifest_is_refused_with_its_line(
    api: MutableApi, ask: Ask, manifest: str, said: str
) -> None:
    definition = resource("customresourcedefinitions", "CustomResourceDefinition", namespaced=False)
    offer(api, {**GROUPS, "apiextensions.k8s.io": {"v1": [definition]}})
    text = await ask(User(), "k8s_apply", manifest=manifest)

    assert text.startswith("error: ")
    assert said in text
    assert not api.sent


async def test_the_same_object_with_and_without_its_namespace_is_the_same(
    api: MutableApi, ask: Ask
) -> None:
    manifest = f"{SETTINGS}---{SETTINGS.replace('  namespace: shop', '')}"
    text = await ask(User(), "k8s_apply", manifest=manifest, namespace="shop")

    assert "The manifest holds the same object twice: shop/cm/settings." in text


async def test_a_namespace_that_is_not_the_manifest_s_is_refused(api: MutableApi, ask: Ask) -> None:
    text = await ask(User(), "k8s_apply", manifest=SETTINGS, namespace="default")

    assert "is for namespace 'shop', not for 'default'" in text
    assert "namespace" in await ask(User(), "k8s_apply", manifest=SETTINGS, namespace="x" * 64)


async def test_a_secret_in_a_manifest_that_is_refused_is_not_repeated(
    api: MutableApi, ask: Ask
) -> None:
    text = await ask(User(), "k8s_apply", manifest=f"{SECRET}bad: [")
    assert "hunter2-canary" not in text

    api.rehearsal = status(422, 'Secret "db" is invalid: unknown field "bad"', "Invalid")
    text = await ask(User(), "k8s_apply", manifest=SECRET)
    assert 'unknown field "bad"' in text
    assert "hunter2-canary" not in text


async def test_one_of_several_that_is_refused_is_named_and_ends_it(
    api: MutableApi, ask: Ask
) -> None:
    api.rehearsal = status(422, "spec.size: Unsupported value", "Invalid")
    user = User()
    text = await ask(user, "k8s_apply", manifest=f"{SETTINGS}---{SECRET}", namespace="shop")

    assert text.startswith(
        "error: shop/cm/settings cannot be applied, so none of the 2 objects was: Kubernetes 'lab'"
    )
    assert text.endswith("answered 422: spec.size: Unsupported value.")
    assert not user.asked


async def test_a_webhook_that_refuses_rehearsals_ends_it(api: MutableApi, ask: Ask) -> None:
    words = 'admission webhook "guard.example.net" does not support dry run'
    api.rehearsal = status(400, words, "BadRequest")
    user = User()
    text = await ask(user, "k8s_apply", manifest=SETTINGS)

    assert "this cannot be rehearsed, so it is not planned" in text
    assert not user.asked
