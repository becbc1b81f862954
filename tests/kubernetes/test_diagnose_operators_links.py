"""k8s_diagnose on custom resources that hang on each other, and on workloads."""

import pytest

from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer, resource
from tests.kubernetes.test_diagnose_control import listed
from tests.kubernetes.wire import Api, Json, condition, crashing, meta, node, workload

CERTS, ACME, FLUX = "cert-manager.io", "acme.cert-manager.io", "helm.toolkit.fluxcd.io"
PATHS = {
    "certificates": f"/apis/{CERTS}/v1/certificates",
    "issuers": f"/apis/{CERTS}/v1/clusterissuers",
    "orders": f"/apis/{ACME}/v1/orders",
    "challenges": f"/apis/{ACME}/v1/challenges",
    "apps": "/apis/argoproj.io/v1alpha1/applications",
    "releases": f"/apis/{FLUX}/v2/helmreleases",
}


@pytest.fixture
def extended(api: Api) -> Api:
    """A cluster with cert-manager, Argo CD and Flux, where one Deployment fails."""
    issuer = resource("clusterissuers", "ClusterIssuer", namespaced=False)
    made = [resource("orders", "Order"), resource("challenges", "Challenge")]
    offer(
        api,
        {
            CERTS: {"v1": [resource("certificates", "Certificate"), issuer]},
            ACME: {"v1": made},
            "argoproj.io": {"v1alpha1": [resource("applications", "Application")]},
            FLUX: {"v2": [resource("helmreleases", "HelmRelease")]},
        },
    )
    for path in PATHS.values():
        listed(api, path)
    api.objects["nodes"] = [node("node-1")]
    return api


def custom(name: str, *, owner: str = "", spec: Json | None = None, **status: object) -> Json:
    return {"metadata": meta(name, "shop", owner), "spec": spec or {}, "status": status}


def unready(reason: str, message: str) -> list[Json]:
    return [condition("Ready", "False", reason=reason, message=message)]


def failing(api: Api, **labels: str) -> None:
    """A Deployment whose pods crash."""
    one = workload("web", ready=0)
    one["metadata"]["labels"] = {name.replace("__", "/"): value for name, value in labels.items()}
    api.objects["deployments"] = [one]
    api.objects["pods"] = [crashing("web-66d7c-vwxz2", "ReplicaSet/web-66d7c")]


async def test_what_all_of_them_refer_to_is_told_once(ask: Ask, extended: Api) -> None:
    refers = {"issuerRef": {"kind": "ClusterIssuer", "name": "acme"}}
    words = unready("DoesNotExist", "Secret does not exist")
    certificates = [custom(name, spec=refers, conditions=words) for name in ("a", "b")]
    issuer = {"metadata": meta("acme"), "status": {"conditions": unready("NoAccount", "no such")}}
    listed(extended, PATHS["certificates"], *certificates)
    listed(extended, PATHS["issuers"], issuer)

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "BROKEN ClusterIssuer/acme: ClusterIssuer (cert-manager.io): Ready=False" in text
    assert "hits: shop/Certificate/a, shop/Certificate/b" in text


async def test_what_it_acts_on_does_not_explain_it(ask: Ask, extended: Api) -> None:
    acts = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}}
    bad = unready("NoTrigger", "no credentials")
    listed(extended, PATHS["releases"], custom("scaler", spec=acts, conditions=bad))
    failing(extended)

    text = await ask("k8s_diagnose")

    assert "BROKEN shop/HelmRelease/scaler: HelmRelease" in text


async def test_what_was_made_for_it_says_why_in_the_end(ask: Ask, extended: Api) -> None:
    waits = "Waiting for HTTP-01 challenge propagation: wrong status code '404'"
    listed(
        extended,
        PATHS["certificates"],
        custom("tls", conditions=unready("DoesNotExist", "Secret does not exist")),
    )
    listed(extended, PATHS["orders"], custom("tls-1", owner="Certificate/tls", state="pending"))
    listed(
        extended,
        PATHS["challenges"],
        custom("tls-1-9", owner="Order/tls-1", state="pending", reason=waits),
    )

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "BROKEN shop/Certificate/tls: " in text
    assert (
        "\n   Challenge/tls-1-9 of it: Challenge (acme.cert-manager.io): state is pending" in text
    )
    assert f"1: Secret does not exist\n1: {waits}" in text


async def test_what_waits_without_a_word_is_no_finding(ask: Ask, extended: Api) -> None:
    listed(extended, PATHS["orders"], custom("tls-1", state="pending"))

    assert (await ask("k8s_diagnose")).startswith("Healthy")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("apps", {"health": {"status": "Degraded"}, "resources": [
            {"kind": "Deployment", "namespace": "shop", "name": "web",
             "health": {"status": "Degraded"}}]}),
        ("releases", {"conditions": unready("HealthCheckFailed", "timeout waiting for:"
                                            " [Deployment/shop/web status: 'InProgress']")}),
        ("releases", {"conditions": unready("UpgradeFailed", "context deadline exceeded")}),
    ],
    ids=["it finds it ill", "it names it", "it waits for what it keeps"],
)  # fmt: skip
async def test_who_waits_for_a_broken_workload_is_hit_by_it(
    ask: Ask, extended: Api, path: str, status: Json
) -> None:
    listed(extended, PATHS[path], custom("all", **status))
    failing(extended, **{f"{FLUX}__name": "all", f"{FLUX}__namespace": "shop"})

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "DOWN shop/deploy/web: container app ends with exit 1" in text
    assert f"hits: shop/{'Application' if path == 'apps' else 'HelmRelease'}/all" in text


async def test_a_fault_of_its_own_is_told_beside_a_broken_workload(ask: Ask, extended: Api) -> None:
    denied = unready("ChartPullError", "chart pull error: 401 Unauthorized")
    listed(extended, PATHS["releases"], custom("all", conditions=denied))
    failing(extended, **{f"{FLUX}__name": "all", f"{FLUX}__namespace": "shop"})

    assert (await ask("k8s_diagnose")).startswith("2 findings")


async def test_the_condition_that_should_be_true_is_told_first(ask: Ask, extended: Api) -> None:
    said = [
        condition("Stalled", "True", reason="RetriesExceeded", message="Failed after 1 attempt"),
        *unready("UpgradeFailed", "chart needs Kubernetes 2"),
    ]
    listed(extended, PATHS["releases"], custom("all", conditions=said))

    text = await ask("k8s_diagnose")

    assert "Ready=False (UpgradeFailed)" in text
    assert "1: chart needs Kubernetes 2" in text
