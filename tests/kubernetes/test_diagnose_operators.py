"""k8s_diagnose on custom resources and Helm releases."""

import httpx
import pytest

from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer
from tests.kubernetes.test_diagnose_control import listed
from tests.kubernetes.wire import Api, Json, ago, condition, crashing, meta, node

CERTIFICATES = "/apis/cert-manager.io/v1/certificates"


@pytest.fixture
def healthy(api: Api) -> Api:
    api.objects["nodes"] = [node("node-1")]
    offer(api)
    return api


def certificate(status: Json, name: str = "tls", **more: Json) -> Json:
    about = {**meta(name, "shop", generation=3), **more.pop("metadata", {})}
    return {"metadata": about, "status": status, **more}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (
            {"conditions": [condition("Ready", "False", reason="DoesNotExist")]},
            "BROKEN shop/Certificate/tls: Certificate (cert-manager.io): Ready=False",
        ),
        ({"conditions": [condition("Degraded", "True")]}, "Degraded=True (no reason given)"),
        ({"state": "error", "message": "no disk"}, "state is error (custom-resource-failed)"),
        ({"health": {"status": "Missing"}}, "health is Missing"),
        ({"sync": {"status": "OutOfSync"}}, "out of sync"),
        (
            {
                "observedGeneration": 2,
                "conditions": [condition("Ready", lastTransitionTime=ago(hours=2))],
            },
            "generation 3, its controller saw 2 (controller-lags)",
        ),
        ({"notAfter": ago(days=-3)}, "(certificate-expiring)"),
        ({"notAfter": ago(days=2)}, "the certificate expired 2d ago"),
    ],
)
async def test_a_custom_resource_tells_what_is_wrong(
    ask: Ask, healthy: Api, status: Json, said: str
) -> None:
    listed(healthy, CERTIFICATES, certificate(status))

    assert said in await ask("k8s_diagnose")


@pytest.mark.parametrize(
    "one",
    [
        certificate({"conditions": [condition("Ready")], "observedGeneration": 3}),
        certificate({"conditions": [condition("Ready", "False", reason="Suspended")]}),
        certificate({"conditions": [condition("Ready", "False")]}, spec={"suspend": True}),
        certificate({"conditions": [condition("Ready", "False", lastTransitionTime=ago())]}),
        certificate({"conditions": "no", "phase": 3, "health": [], "notAfter": "soon"}),
        certificate({"notAfter": ago(days=-60)}),
        certificate({"phase": "Failed"}, metadata={"deletionTimestamp": ago()}),
        {"metadata": meta("bare", "shop")},
    ],
)
async def test_a_custom_resource_that_is_well_or_held_is_no_finding(
    ask: Ask, healthy: Api, one: Json
) -> None:
    listed(healthy, CERTIFICATES, one)

    assert (await ask("k8s_diagnose")).startswith("Healthy")


@pytest.mark.parametrize(("minutes", "told"), [(2, False), (30, True)])
async def test_a_custom_resource_that_does_not_go_names_who_holds_it(
    ask: Ask, healthy: Api, minutes: int, *, told: bool
) -> None:
    leaving = {"deletionTimestamp": ago(minutes=minutes), "finalizers": ["example.com/cleanup"]}
    listed(healthy, CERTIFICATES, certificate({}, metadata=leaving))

    text = await ask("k8s_diagnose")

    said = "is deleted, but its finalizer example.com/cleanup holds it"
    assert (f"DEGRADED shop/Certificate/tls: Certificate (cert-manager.io): {said}" in text) is told
    assert ("(custom-resource-deleting)" in text) is told


async def test_what_a_custom_resource_made_is_told_with_it(ask: Ask, healthy: Api) -> None:
    failed = {"conditions": [condition("Ready", "False", reason="Failed", message="DNS says no")]}
    order = certificate(failed, "tls-1", metadata=meta("tls-1", "shop", "Certificate/tls"))
    waiting = {"conditions": [condition("Ready", "False", reason="DoesNotExist")]}
    listed(healthy, CERTIFICATES, certificate(waiting), order)

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "hits: shop/Certificate/tls-1" in text
    assert "1: DNS says no" in text


async def test_a_custom_resource_follows_from_the_workload_it_owns(ask: Ask, healthy: Api) -> None:
    unready = {"conditions": [condition("Ready", "False", reason="PodsNotReady")]}
    listed(healthy, CERTIFICATES, certificate(unready, "db"))
    owned = meta("db", "shop", "Certificate/db")
    healthy.objects["deployments"] = [{"metadata": owned}]
    healthy.objects["pods"] = [crashing("db-66d7-1", "ReplicaSet/db-66d7")]

    text = await ask("k8s_diagnose")

    assert "1. " in text
    assert "shop/deploy/db:" in text
    assert "hits: shop/Certificate/db" in text
    here = "/apis/cert-manager.io/v1/namespaces/shop/certificates"
    listed(healthy, here, certificate(unready, "db"))
    healthy.routes[f"{here}/db"] = httpx.Response(200, json=certificate(unready, "db"))
    asked = await ask("k8s_diagnose", object="certificate/db", namespace="shop")
    assert "hits: shop/Certificate/db" in asked


async def test_kinds_we_may_not_list_are_named_at_the_end(ask: Ask, healthy: Api) -> None:
    text = await ask("k8s_diagnose")
    assert "not looked at" not in text

    healthy.denied |= {"secrets"}
    text = await ask("k8s_diagnose")
    assert text.startswith("Healthy")
    assert "(Without permission to list them, not looked at: Helm releases)" in text


@pytest.mark.parametrize(
    ("status", "code"),
    [("failed", "helm-release-failed"), ("pending-install", "helm-release-pending")],
)
async def test_the_newest_revision_of_a_release_counts(
    ask: Ask, healthy: Api, status: str, code: str
) -> None:
    def release(version: int, status: str) -> Json:
        labels = {"owner": "helm", "name": "web", "version": str(version), "status": status}
        return {"metadata": meta(f"sh.helm.release.v1.web.v{version}", "shop", labels=labels)}

    healthy.objects["secrets"] = [release(9, "deployed"), release(10, status)]
    text = await ask("k8s_diagnose")
    assert f"({code})" in text
    assert "next: k8s_rollout name=helm/web namespace=shop" in text

    healthy.objects["secrets"] += [release(11, "deployed")]
    assert (await ask("k8s_diagnose")).startswith("Healthy")


async def test_objects_nested_too_deeply_to_be_read_hide_no_other_kind(
    ask: Ask, healthy: Api
) -> None:
    healthy.objects["pods"] = [crashing("web-0")]
    deep = "[" * 5_000 + "]" * 5_000
    body = f'{{"items": [{{"metadata": {{"name": "x"}}, "spec": {deep}}}]}}'
    healthy.routes[CERTIFICATES] = httpx.Response(200, text=body)

    answer = await ask("k8s_diagnose")

    assert "pod/web-0" in answer
    assert "certificates.cert-manager.io" in answer
    assert "recursion" in await ask("k8s_get", what="certificates")
