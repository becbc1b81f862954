"""k8s_diagnose on what guards and extends the API server."""

import base64
from datetime import timedelta

import httpx
import pytest

from tests.kubernetes.certified import certificate
from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer
from tests.kubernetes.wire import Api, Json, ago, condition, meta, node, pod, renewed, status

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
REGISTRATION = "/apis/apiregistration.k8s.io/v1"
EXTENSIONS = "/apis/apiextensions.k8s.io/v1"


@pytest.fixture
def healthy(api: Api) -> Api:
    api.objects["nodes"] = [node("node-1")]
    offer(api)
    return api


def listed(api: Api, path: str, *items: Json) -> None:
    there = renewed(list(items))
    api.routes[path] = httpx.Response(200, json={"items": there, "metadata": {}})


def webhook(service: str, policy: str = "Fail", seconds: int = 10) -> Json:
    reached = {"service": {"namespace": "shop", "name": service}}
    hook = {
        "name": "check.example.com",
        "clientConfig": reached,
        "failurePolicy": policy,
        "timeoutSeconds": seconds,
    }
    return {"metadata": meta("guard"), "webhooks": [hook]}


def serve(api: Api, name: str, *, ready: bool = True, **spec: str) -> None:
    """A Service with one endpoint, ready or not."""
    api.objects["services"] = [{"metadata": meta(name, "shop"), "spec": spec}]
    labels = {"kubernetes.io/service-name": name}
    endpoint = {"addresses": ["10.0.0.1"], "conditions": {"ready": ready}}
    api.objects["endpointslices"] = [
        {"metadata": meta(f"{name}-1", "shop", labels=labels), "endpoints": [endpoint]}
    ]


async def test_a_webhook_without_its_service_refuses_everything(ask: Ask, healthy: Api) -> None:
    listed(healthy, f"{ADMISSION}/validatingwebhookconfigurations", webhook("gone"))

    text = await ask("k8s_diagnose")

    assert "1. BROKEN webhook/guard: validating webhook: its Service shop/svc/gone does not" in text
    assert "every request it matches is refused (webhook-service-missing)" in text


async def test_a_webhook_that_may_be_skipped_is_a_risk(ask: Ask, healthy: Api) -> None:
    serve(healthy, "guard", ready=False)
    hooks = webhook("guard", "Ignore")
    listed(healthy, f"{ADMISSION}/mutatingwebhookconfigurations", hooks)

    text = await ask("k8s_diagnose")

    assert "AT RISK webhook/guard: mutating webhook: no ready endpoint behind its Service" in text
    assert "it is skipped (policy Ignore) (webhook-no-endpoints)" in text


async def test_a_patient_webhook_is_a_risk_and_one_that_answers_is_none(
    ask: Ask, healthy: Api
) -> None:
    serve(healthy, "guard")
    listed(healthy, f"{ADMISSION}/validatingwebhookconfigurations", webhook("guard", seconds=30))
    assert "may hold up each request for 30 s (webhook-slow)" in await ask("k8s_diagnose")

    listed(healthy, f"{ADMISSION}/validatingwebhookconfigurations", webhook("guard"))
    assert (await ask("k8s_diagnose")).startswith("Healthy")


def trusting(bundle: str, policy: str = "Fail", **notes: str) -> Json:
    """A webhook that the API server calls by its address, and trusts by a bundle."""
    there = {"url": "https://guard.example.com", "caBundle": bundle}
    hook = {"name": "check.example.com", "clientConfig": there, "failurePolicy": policy}
    return {"metadata": meta("guard") | {"annotations": notes}, "webhooks": [hook]}


def bundle(*certificates: str) -> str:
    """Several certificates in one text."""
    return base64.b64encode(b"\n".join(map(base64.b64decode, certificates))).decode()


@pytest.mark.parametrize(
    ("given", "policy", "told"),
    [
        (certificate(days=-3), "Fail", "BROKEN webhook/guard: validating webhook: its caBundle"
         " expired 3d ago; every request it matches is refused (ca-bundle-invalid)"),
        (certificate(days=-3), "Ignore", "AT RISK webhook/guard: validating webhook: its caBundle"
         " expired 3d ago; it is skipped (policy Ignore) (ca-bundle-invalid)"),
        (certificate(days=95, hours=1), "Fail", "its caBundle becomes valid only in 5d;"),
        ("Cg==", "Fail", "its caBundle holds no certificate; every request it matches is refused"),
        ("not base64", "Fail", "its caBundle holds no certificate;"),
        (certificate(days=5, hours=1), "Fail", "AT RISK webhook/guard: validating webhook: its"
         " caBundle expires in 5d; from then on every request it matches is refused"
         " (ca-bundle-expiring)"),
    ],
    ids=["expired", "expired and skipped", "not yet valid", "a blank", "no base64", "soon"],
)  # fmt: skip
async def test_a_bundle_that_vouches_for_nobody_is_named(
    ask: Ask, healthy: Api, given: str, policy: str, told: str
) -> None:
    listed(healthy, f"{ADMISSION}/validatingwebhookconfigurations", trusting(given, policy))

    text = await ask("k8s_diagnose")

    assert told in text
    assert "next: put the CA certificate that signed its server's into caBundle" in text


@pytest.mark.parametrize(
    "given",
    [
        bundle(certificate(days=-3), certificate(days=80)),
        bundle(base64.b64encode(b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"
               ).decode(), certificate(days=80)),
        certificate(hours=20, life=timedelta(days=1)),
        "",
    ],
    ids=["one of two", "one that is none", "short-lived", "the system's"],
)  # fmt: skip
async def test_a_bundle_with_one_good_certificate_is_fine(
    ask: Ask, healthy: Api, given: str
) -> None:
    listed(healthy, f"{ADMISSION}/validatingwebhookconfigurations", trusting(given))

    assert (await ask("k8s_diagnose")).startswith("Healthy")


async def test_a_bundle_that_nobody_filled_in_names_who_should(ask: Ask, healthy: Api) -> None:
    noted = {"cert-manager.io/inject-ca-from": "shop/guard-cert"}
    hooks = trusting("", **noted)
    listed(healthy, f"{ADMISSION}/validatingwebhookconfigurations", hooks)

    text = await ask("k8s_diagnose")

    assert "its caBundle was not filled in; every request it matches is refused" in text
    assert "k8s_diagnose object=certificate/guard-cert namespace=shop" in text


async def test_other_fillers_are_named_by_their_annotation(ask: Ask, healthy: Api) -> None:
    noted = {"service.beta.openshift.io/inject-cabundle": "true"}
    listed(healthy, f"{ADMISSION}/mutatingwebhookconfigurations", trusting("Cg==", **noted))

    assert "whoever acts on its annotation service.beta.openshift.io/inject-cabundle" in (
        await ask("k8s_diagnose")
    )


async def test_the_expired_bundle_of_an_aggregated_api_is_why_it_does_not_answer(
    ask: Ask, healthy: Api
) -> None:
    gone = condition("Available", "False", reason="FailedDiscoveryCheck", message="x509: expired")
    there = {"namespace": "kube-system", "name": "metrics-server"}
    spec = {"group": "metrics.k8s.io", "version": "v1beta1", "service": there}
    api_service: Json = {
        "metadata": meta("v1beta1.metrics.k8s.io"),
        "spec": spec | {"caBundle": certificate(days=-1)},
        "status": {"conditions": [gone]},
    }
    listed(healthy, f"{REGISTRATION}/apiservices", api_service)

    text = await ask("k8s_diagnose")

    assert "BROKEN apiservice/v1beta1.metrics.k8s.io: the API metrics.k8s.io/v1beta1: its" in text
    assert "caBundle expired 24h ago; the API server cannot ask it" in text
    assert "also: the API metrics.k8s.io/v1beta1 does not answer (FailedDiscoveryCheck)" in text


async def test_the_expired_bundle_of_a_conversion_is_named(ask: Ask, healthy: Api) -> None:
    client = {"url": "https://guard.example.com", "caBundle": certificate(days=-1)}
    conversion = {"strategy": "Webhook", "webhook": {"clientConfig": client}}
    crd: Json = {"metadata": meta("gears.example.com"), "spec": {"conversion": conversion}}
    listed(healthy, f"{EXTENSIONS}/customresourcedefinitions", crd)

    text = await ask("k8s_diagnose")

    assert "BROKEN crd/gears.example.com: conversion webhook: its caBundle expired 24h ago" in text
    assert "its objects cannot be converted between versions (ca-bundle-invalid)" in text


async def test_a_webhook_of_a_foreign_name_is_not_judged(ask: Ask, healthy: Api) -> None:
    serve(healthy, "guard", ready=False, type="ExternalName", externalName="guard.example.com")
    listed(healthy, f"{ADMISSION}/validatingwebhookconfigurations", webhook("guard"))

    assert (await ask("k8s_diagnose")).startswith("Healthy")


async def test_an_aggregated_api_that_does_not_answer_is_named(ask: Ask, healthy: Api) -> None:
    gone = condition("Available", "False", reason="MissingEndpoints", message="no addresses")
    api_service: Json = {
        "metadata": meta("v1beta1.metrics.k8s.io"),
        "spec": {
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "service": {"namespace": "kube-system", "name": "metrics-server"},
        },
        "status": {"conditions": [gone]},
    }
    listed(healthy, f"{REGISTRATION}/apiservices", api_service)

    text = await ask("k8s_diagnose")

    assert "BROKEN apiservice/v1beta1.metrics.k8s.io: the API metrics.k8s.io/v1beta1" in text
    assert "(MissingEndpoints); it is served by kube-system/svc/metrics-server for 60m" in text
    assert "1: no addresses" in text


async def test_a_new_crd_has_null_conditions_and_no_fault(ask: Ask, healthy: Api) -> None:
    fresh: Json = {
        "metadata": meta("gears.example.com"),
        "spec": {},
        "status": {"conditions": None},
    }
    listed(healthy, f"{EXTENSIONS}/customresourcedefinitions", fresh)

    assert (await ask("k8s_diagnose")).startswith("Healthy")


async def test_a_crd_whose_names_are_taken_is_named(ask: Ask, healthy: Api) -> None:
    taken = condition("NamesAccepted", "False", reason="KindConflict", message="Gear is in use")
    crd: Json = {"metadata": meta("gears.example.com"), "status": {"conditions": [taken]}}
    listed(healthy, f"{EXTENSIONS}/customresourcedefinitions", crd)

    assert "NamesAccepted=False (KindConflict)" in await ask("k8s_diagnose")


async def test_a_stuck_namespace_names_what_is_left_and_who_holds_it(
    ask: Ask, healthy: Api
) -> None:
    left = "Some resources are remaining: caches.example.com has 2 resource instances"
    held = "Some content has finalizers remaining: example.com/cleanup in 2 resource instances"
    why = [
        condition("NamespaceContentRemaining", reason="SomeResourcesRemain", message=left),
        condition("NamespaceFinalizersRemaining", reason="SomeFinalizersRemain", message=held),
    ]
    leaving = meta("old", deletionTimestamp=ago(minutes=10))
    healthy.objects["namespaces"] = [{"metadata": leaving, "status": {"conditions": why}}]

    text = await ask("k8s_diagnose")

    assert "(caches.example.com left; finalizer example.com/cleanup holds it)" in text
    assert "next: k8s_get what=caches.example.com namespace=old: " in text


async def test_a_namespace_that_waits_for_a_silent_api_is_told_with_that(
    ask: Ask, healthy: Api
) -> None:
    words = (
        "Discovery failed for some groups, 1 failing: unable to retrieve the complete list of"
        " server APIs: custom.metrics.k8s.io/v1beta1: stale GroupVersion discovery:"
        " custom.metrics.k8s.io/v1beta1"
    )
    why = condition("NamespaceDeletionDiscoveryFailure", reason="DiscoveryFailed", message=words)
    leaving = meta("old", deletionTimestamp=ago(minutes=10))
    healthy.objects["namespaces"] = [{"metadata": leaving, "status": {"conditions": [why]}}]

    text = await ask("k8s_diagnose")

    assert "DiscoveryFailed (custom.metrics.k8s.io/v1beta1 not to be asked what is left)" in text
    assert "next: k8s_diagnose object=apiservice/v1beta1.custom.metrics.k8s.io; delete it" in text
    gone = condition("Available", "False", reason="MissingEndpoints", message="no addresses")
    there = {"namespace": "kube-system", "name": "adapter"}
    api_service: Json = {
        "metadata": meta("v1beta1.custom.metrics.k8s.io"),
        "spec": {"group": "custom.metrics.k8s.io", "version": "v1beta1", "service": there},
        "status": {"conditions": [gone]},
    }
    listed(healthy, f"{REGISTRATION}/apiservices", api_service)
    assert "hits: ns/old" in await ask("k8s_diagnose")


async def test_a_namespace_that_stays_is_stuck_after_two_minutes(ask: Ask, healthy: Api) -> None:
    why = condition(
        "NamespaceFinalizersRemaining", reason="SomeFinalizersRemain", message="x has 1 finalizer"
    )
    for seconds, stuck in ((30, False), (600, True)):
        leaving = meta("old", deletionTimestamp=ago(seconds=seconds))
        space = {"metadata": leaving, "status": {"phase": "Terminating", "conditions": [why]}}
        healthy.objects["namespaces"] = [space]

        text = await ask("k8s_diagnose")

        said = "DEGRADED ns/old: its deletion does not end: SomeFinalizersRemain for 10m"
        assert (f"{said} (namespace-stuck)" in text) is stuck


@pytest.mark.parametrize(("past", "lost"), [({"seconds": 20}, False), ({"minutes": 9}, True)])
async def test_a_leader_that_stopped_renewing_is_lost(
    ask: Ask, healthy: Api, past: dict[str, float], lost: bool
) -> None:
    spec = {"holderIdentity": "a", "leaseDurationSeconds": 15, "renewTime": ago(**past)}
    lease = {"metadata": meta("kube-controller-manager", "kube-system"), "spec": spec}
    listed(healthy, "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases", lease)

    text = await ask("k8s_diagnose")

    assert ("DOWN kube-system/lease/kube-controller-manager" in text) is lost
    assert ("(leader-lost)" in text) is lost


async def test_an_api_server_that_is_not_ready_says_so(ask: Ask, healthy: Api) -> None:
    checks = "[+]ping ok\n[-]etcd failed: reason withheld\n"
    healthy.routes["/readyz"] = httpx.Response(500, text=checks)

    text = await ask("k8s_diagnose")

    assert "DOWN apiserver: the API server is not ready (api-server-not-ready)" in text
    assert "etcd failed" in text


async def test_deprecated_apis_in_use_are_named_the_first_to_go_first(
    ask: Ask, healthy: Api
) -> None:
    def used(resource: str, group: str, removed: str) -> str:
        labels = f'group="{group}",removed_release="{removed}",resource="{resource}"'
        return (
            f'apiserver_requested_deprecated_apis{{{labels},subresource="",version="v1beta3"}} 1\n'
        )

    metrics = used("gears", "example.com", "1.40") + used("flowschemas", "flow", "1.38")
    metrics += used("endpoints", "", "")
    healthy.routes["/metrics"] = httpx.Response(200, text=f"# HELP x y\n{metrics}")

    text = await ask("k8s_diagnose")

    both = "flowschemas.v1beta3.flow (gone in 1.38), gears.v1beta3.example.com (gone in 1.40)"
    assert f"clients use 2 deprecated APIs on v1.37.2: {both} (deprecated-api-used)" in text


async def test_who_may_not_read_metrics_is_told_nothing_of_them(ask: Ask, healthy: Api) -> None:
    healthy.routes["/metrics"] = status(403, "forbidden", "Forbidden")

    assert (await ask("k8s_diagnose")).startswith("Healthy")


def led(holder: str, **past: float) -> Json:
    """A lease of an operator's pod."""
    spec = {"holderIdentity": f"{holder}_id", "leaseDurationSeconds": 15, "renewTime": ago(**past)}
    return {"metadata": meta(f"lock-of-{holder}", "shop"), "spec": spec}


LEADER = "op-66d7c-vwxz2"


@pytest.mark.parametrize(
    ("pods", "leases", "told"),
    [
        ([LEADER], [led("op-66d7c-zzzzz", hours=2)], "2h ago by op-66d7c-zzzzz, which is gone"),
        ([LEADER], [led(LEADER, hours=2)], f"2h ago by {LEADER}, which is still there"),
        ([LEADER], [led("op-66d7c-zzzzz", seconds=90)], ""),
        ([LEADER], [led("op-66d7c-zzzzz", hours=2), led(LEADER, seconds=3)], ""),
        ([], [led("op-66d7c-zzzzz", hours=2)], ""),
        ([LEADER], [led("node-1", hours=2)], ""),
    ],
    ids=["gone", "still there", "young", "an old lock beside", "scaled to zero", "no pod's"],
)
async def test_a_lease_that_ready_pods_do_not_take_over_is_told(
    ask: Ask, healthy: Api, pods: list[str], leases: list[Json], told: str
) -> None:
    healthy.objects["pods"] = [pod(one, owner="ReplicaSet/op-66d7c") for one in pods]
    healthy.objects["leases"] = leases

    text = await ask("k8s_diagnose")

    if told:
        assert "DEGRADED shop/deploy/op: none of its pods leads: lease/lock-of-" in text
        assert f"was last renewed {told}; 1 ready pod did not take it over" in text
        assert "(lease-not-renewed, possible)" in text
    else:
        assert text.startswith("Healthy")
