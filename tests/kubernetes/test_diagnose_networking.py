"""k8s_diagnose on what keeps pods from each other."""

from typing import Any

import httpx
import pytest

from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer
from tests.kubernetes.wire import Api, Json, ago, condition, container, meta, node, pod

SYSTEM = "kube-system"


@pytest.fixture
def healthy(api: Api) -> Api:
    api.objects["nodes"] = [node("node-1")]
    api.objects["pods"] = [dns()]
    offer(api)
    return api


def dns(*, ready: bool = True, **fields: Any) -> Json:
    labels = {"k8s-app": "kube-dns"}
    one = container("coredns", ready=ready)
    metadata = meta("coredns-1", SYSTEM, labels=labels)
    return pod("coredns-1", SYSTEM, containers=[one], metadata=metadata, **fields)


def web(name: str = "web-1") -> Json:
    labels = {"app": "web"}
    spec = {"containers": [{"name": "app", "ports": [{"containerPort": 8080, "name": "http"}]}]}
    return pod(name, metadata=meta(name, "shop", labels=labels), spec=spec)


def serve(api: Api, target: int | str) -> None:
    """A Service of the web pods, with its endpoint."""
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": target}]}
    api.objects["services"] = [{"metadata": meta("web", "shop"), "spec": spec}]
    labels = {"kubernetes.io/service-name": "web"}
    api.objects["endpointslices"] = [
        {
            "metadata": meta("web-1", "shop", labels=labels),
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}],
            "ports": [{"name": "", "port": 8080}],
        }
    ]


def guard(api: Api, *specs: Json, **about: Any) -> None:
    items: list[Json] = [
        {"metadata": meta(f"guard-{at}", "shop", **about), "spec": {"podSelector": {}, **spec}}
        for at, spec in enumerate(specs)
    ]
    path = "/apis/networking.k8s.io/v1"
    reply = httpx.Response(200, json={"items": items, "metadata": {}})
    api.routes[f"{path}/networkpolicies"] = reply
    api.routes[f"{path}/namespaces/shop/networkpolicies"] = reply


async def test_egress_without_dns_is_a_risk_while_the_pods_are_well(ask: Ask, healthy: Api) -> None:
    healthy.objects["pods"] += [web()]
    guard(healthy, {"policyTypes": ["Egress"]})

    text = await ask("k8s_diagnose")

    assert "AT RISK shop/netpol/guard-0: netpol/guard-0 lets 1 pod send nothing" in text
    assert "(netpol-blocks-dns, likely)" in text
    assert "hits: shop/pod/web-1" in text
    assert "netpol-blocks-dns" in await ask("k8s_diagnose", namespace="shop")


async def test_a_policy_s_age_and_last_change_are_told(ask: Ask, healthy: Api) -> None:
    healthy.objects["pods"] += [web()]
    written = {"manager": "kubectl", "operation": "Update", "time": ago(minutes=12)}
    seen = {"manager": "cni", "operation": "Update", "subresource": "status", "time": ago()}
    guard(
        healthy,
        {"policyTypes": ["Egress"]},
        {"policyTypes": ["Egress"]},
        managedFields=[written, seen],
    )

    text = await ask("k8s_diagnose")

    old = "netpol/guard-0 made 3d ago, changed 12m ago"
    assert f"   {old}; netpol/guard-1 made 3d ago, changed 12m ago" in text


async def test_what_was_written_when_a_policy_was_made_is_no_change(ask: Ask, healthy: Api) -> None:
    serve(healthy, 8080)
    healthy.objects["pods"] += [web()]
    written = {"manager": "kubectl", "operation": "Update", "time": ago(minutes=12)}
    guard(
        healthy,
        {"policyTypes": ["Ingress"]},
        creationTimestamp=ago(minutes=12),
        managedFields=[written],
    )

    assert "\n   netpol/guard-0 made 12m ago\n" in await ask("k8s_diagnose")


@pytest.mark.parametrize("ports", [[{"port": 53, "protocol": "UDP"}], None])
async def test_egress_to_dns_is_well(ask: Ask, healthy: Api, ports: list[Json] | None) -> None:
    healthy.objects["pods"] += [web()]
    to: Json = {"to": [{"namespaceSelector": {}}], **({"ports": ports} if ports else {})}
    guard(healthy, {"policyTypes": ["Egress"]}, {"policyTypes": ["Egress"], "egress": [to]})

    assert (await ask("k8s_diagnose")).startswith("Healthy")


async def test_a_service_that_nobody_may_reach_is_told_with_its_policy(
    ask: Ask, healthy: Api
) -> None:
    healthy.objects["pods"] += [web()]
    serve(healthy, 8080)
    guard(healthy, {"policyTypes": ["Ingress"]})

    text = await ask("k8s_diagnose", namespace="shop")

    assert "netpol/guard-0 lets nobody connect to the pods of svc/web (port 8080)" in text
    assert "(netpol-denies-service, likely)" in text
    assert "hits: shop/svc/web" in text


@pytest.mark.parametrize(("target", "open_at"), [(8080, 80), ("http", 80)])
async def test_a_policy_that_opens_the_service_s_port_instead_of_the_pods_is_told(
    ask: Ask, healthy: Api, target: int | str, open_at: int
) -> None:
    healthy.objects["pods"] += [web()]
    serve(healthy, target)
    guard(healthy, {"policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": open_at}]}]})

    text = await ask("k8s_diagnose", namespace="shop")

    assert f"opens port 80, but the pods of svc/web listen at {target} (netpol-wrong-port)" in text


async def test_a_rule_for_nobody_with_a_near_label_is_a_slip(ask: Ask, healthy: Api) -> None:
    healthy.objects["pods"] += [web()]
    rule = {"from": [{"podSelector": {"matchLabels": {"app": "wbe"}}}]}
    guard(healthy, {"policyTypes": ["Ingress"], "ingress": [rule]})

    text = await ask("k8s_diagnose")

    assert (
        "a rule for traffic in is for no pod there is: app=wbe; there are pods with app=web" in text
    )
    assert "(netpol-allows-nobody, likely)" in text


async def test_a_dns_without_a_ready_pod_is_down(ask: Ask, healthy: Api) -> None:
    healthy.objects["pods"] = [dns(ready=False)]

    text = await ask("k8s_diagnose")

    assert "1. DOWN kube-system/pod/coredns-1: " in text
    assert "names resolve nowhere in the cluster" in text


async def test_a_dns_that_just_stopped_being_ready_is_told_at_once(ask: Ask, healthy: Api) -> None:
    lately = condition("Ready", "False", lastTransitionTime=ago(seconds=5))
    healthy.objects["pods"] = [dns(ready=False, conditions=[condition("PodScheduled"), lately])]

    assert "(dns-down)" in await ask("k8s_diagnose")


@pytest.mark.parametrize(
    ("corefile", "said"),
    [
        (".:53 {\n  kubernetes cluster.local\n  forward . /etc/resolv.conf\n}", ""),
        (".:53 {\n  import custom/*.conf\n}", ""),
        (
            ".:53 {\n  forward . 10.0.0.2\n}",
            "no plugin 'kubernetes' (cluster names do not resolve)",
        ),
        (".:53 {\n  kubernetes cluster.local\n}", "'forward' (outside names do not resolve)"),
    ],
)
async def test_a_corefile_without_its_plugins_is_told(
    ask: Ask, healthy: Api, corefile: str, said: str
) -> None:
    config = {"metadata": meta("coredns", SYSTEM), "data": {"Corefile": corefile}}
    healthy.objects["configmaps"] = [config]

    text = await ask("k8s_diagnose")

    assert ("(dns-config)" in text) is bool(said)
    assert said in text
