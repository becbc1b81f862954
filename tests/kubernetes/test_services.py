"""k8s_services, seen the way a model sees it."""

from typing import Any

import httpx
import pytest

from jamie_base.answer import ANSWER_BYTES
from tests.kubernetes.conftest import Ask
from tests.kubernetes.wire import Api, Json, condition, container, crashing, event, meta, pod

ROUTES = "/apis/gateway.networking.k8s.io/v1/httproutes"


def service(name: str, selector: Json | None = None, *ports: Json, **spec: Any) -> Json:
    chosen = {"app": name} if selector is None else selector
    status = spec.pop("status", {})
    return {
        "metadata": meta(name, "shop"),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "10.96.0.9",
            "selector": chosen,
            "ports": list(ports) or [{"port": 80, "targetPort": 8080}],
            **spec,
        },
        "status": status,
    }


def endpoints(
    name: str, ready: int = 1, waiting: int = 0, port: str | None = "", **more: Any
) -> Json:
    places = [
        *({"addresses": ["10.0.0.1"], "conditions": {"ready": True}} for _ in range(ready)),
        *({"addresses": ["10.0.0.2"], "conditions": {"ready": False}} for _ in range(waiting)),
    ]
    labels = {"kubernetes.io/service-name": name}
    return {
        "metadata": meta(f"{name}-x", "shop", labels=labels),
        "addressType": "IPv4",
        "endpoints": places,
        "ports": [] if port is None else [{"name": port, "port": 8080}],
        **more,
    }


def backed(name: str, labels: Json, *ports: Json, **more: Any) -> Json:
    one = pod(name, **more)
    one["metadata"]["labels"] = labels
    one["spec"]["containers"][0]["ports"] = list(ports)

    return one


def ingress(name: str, backend: str, port: Json) -> Json:
    path = {"path": "/pay", "backend": {"service": {"name": backend, "port": port}}}
    rule = {"host": "shop.example.com", "http": {"paths": [path]}}
    return {"metadata": meta(name, "shop"), "spec": {"rules": [rule]}}


async def test_healthy_services_are_counted_and_no_more(ask: Ask, api: Api) -> None:
    api.objects["services"] = [
        service("web"),
        service("db", clusterIP="None"),
        service("mail", {}, type="ExternalName", externalName="mail.example.com", clusterIP=""),
    ]
    api.objects["endpointslices"] = [endpoints("web", 3), endpoints("db")]

    assert await ask("k8s_services") == (
        "3 services in lab: 1 ClusterIP, 1 headless, 1 ExternalName; none broken.\n"
        "(3 not broken and not shown; status=all lists them)"
    )


async def test_what_a_service_offers_is_on_its_line(ask: Ask, api: Api) -> None:
    port = {"port": 443, "nodePort": 30443, "targetPort": "https", "name": "tls"}
    given = {"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}
    api.objects["services"] = [service("web", None, port, type="LoadBalancer", status=given)]
    api.objects["endpointslices"] = [
        endpoints("web", 2, port="tls"),
        endpoints("web", 2, port="tls", addressType="IPv6"),
    ]
    api.objects["ingresses"] = [ingress("shop", "web", {"name": "tls"})]

    answer = await ask("k8s_services", service="svc/web", namespace="shop")

    assert (
        "shop/svc/web  LoadBalancer lb.example.com  443:30443>https  2/2 ready  3d"
        "  from ing/shop shop.example.com/pay"
    ) in answer


async def test_a_selector_that_matches_nothing_is_shown_beside_what_is_near(
    ask: Ask, api: Api
) -> None:
    api.objects["services"] = [service("api"), service("db", {"app": "db", "tier": "data"})]
    api.objects["pods"] = [backed("a", {"app": "apy"}), backed("b", {"app": "db", "tier": "base"})]

    answer = await ask("k8s_services")

    assert "selector app=api matches no pod, there are pods with app=apy" in answer
    assert "selector app=db,tier=data matches no pod; 1 pod would but for tier=base" in answer


async def test_pods_that_are_not_ready_are_told_with_their_causes(ask: Ask, api: Api) -> None:
    api.objects["services"] = [service("pay")]
    api.objects["endpointslices"] = [endpoints("pay", 0, 2)]
    broken = [crashing(f"pay-{at}", code=137) for at in "ab"]
    for one in broken:
        one["metadata"]["labels"] = {"app": "pay"}
    api.objects["pods"] = broken

    answer = await ask("k8s_services")

    assert "0/2 ready" in answer
    assert "none of its 2 pods is ready: 2 CrashLoopBackOff (last exit 137 OOMKilled)" in answer


async def test_a_target_port_that_no_pod_names_is_found(ask: Ask, api: Api) -> None:
    api.objects["services"] = [service("web", None, {"port": 80, "targetPort": "http"})]
    api.objects["endpointslices"] = [endpoints("web", 1, port=None)]

    assert "no pod has a port named http (port 80)" in await ask("k8s_services")


@pytest.mark.parametrize(("ports", "broken"), [([{"containerPort": 3000}], 1), ([], 0)])
async def test_a_target_port_that_no_container_declares_is_found(
    ask: Ask, api: Api, ports: list[Json], broken: int
) -> None:
    api.objects["services"] = [service("web")]
    api.objects["endpointslices"] = [endpoints("web")]
    api.objects["pods"] = [backed("web-0", {"app": "web"}, *ports)]

    answer = await ask("k8s_services", namespace="shop")

    assert ("no container declares port 8080 (they declare 3000)" in answer) == bool(broken)
    assert (f"{broken or 'none'} broken") in answer


async def test_a_service_of_what_is_scaled_to_zero_is_not_broken(ask: Ask, api: Api) -> None:
    api.objects["services"] = [service("night")]
    labels = {"metadata": {"labels": {"app": "night"}}}
    api.objects["deployments"] = [
        {"metadata": meta("night", "shop"), "spec": {"replicas": 0, "template": labels}}
    ]

    assert "none broken" in await ask("k8s_services")
    assert "deploy/night is scaled to zero" in await ask("k8s_services", status="all")


async def test_a_load_balancer_that_never_came_says_so(ask: Ask, api: Api) -> None:
    api.objects["services"] = [service("web", type="LoadBalancer")]
    api.objects["endpointslices"] = [endpoints("web")]
    api.objects["events"] = [event("SyncLoadBalancerFailed", "Service/web", "quota of addresses")]
    api.objects["events"][0]["involvedObject"]["kind"] = "Service"

    answer = await ask("k8s_services")

    assert "load balancer pending for 3d" in answer
    assert "svc/web: quota of addresses" in answer


async def test_routes_that_lead_nowhere_are_found(ask: Ask, api: Api) -> None:
    api.objects["services"] = [service("web")]
    api.objects["endpointslices"] = [endpoints("web")]
    api.objects["ingresses"] = [
        ingress("a", "web", {"number": 9090}),
        ingress("b", "gone", {"number": 80}),
    ]

    answer = await ask("k8s_services")

    assert "ing/a sends to port 9090, which it does not have" in answer
    assert "shop/svc/gone  missing" in answer
    assert "does not exist, but ing/b sends to it" in answer


async def test_routes_of_the_gateway_api_are_followed_where_it_exists(ask: Ask, api: Api) -> None:
    refused = condition("ResolvedRefs", "False", reason="RefNotPermitted")
    route = {
        "metadata": meta("shop", "shop"),
        "spec": {
            "hostnames": ["shop.example.com"],
            "rules": [{"backendRefs": [{"name": "web", "port": 80}]}],
        },
        "status": {"parents": [{"conditions": [refused]}]},
    }
    api.objects["services"] = [service("web")]
    api.objects["endpointslices"] = [endpoints("web")]
    api.routes[ROUTES] = httpx.Response(200, json={"metadata": {}, "items": [route]})

    answer = await ask("k8s_services")

    assert "httproute/shop: ResolvedRefs=False RefNotPermitted; from httproute/shop shop" in answer


async def test_one_without_a_selector_is_noted_not_broken(ask: Ask, api: Api) -> None:
    api.objects["services"] = [service("outside", {})]

    answer = await ask("k8s_services", service="outside")

    assert "none broken" in answer
    assert "no selector, and nobody made endpoints for it" in answer


async def test_endpoints_that_may_not_be_read_are_a_gap_and_no_verdict(ask: Ask, api: Api) -> None:
    api.objects["services"] = [service("web")]
    api.denied = {"endpointslices"}

    answer = await ask("k8s_services", status="all")

    assert "none known to be broken" in answer
    assert "endpoints not known" in answer
    assert "Missing: endpointslices: not allowed to list" in answer


async def test_many_broken_services_fit_and_go_on(ask: Ask, api: Api) -> None:
    api.objects["services"] = [service(f"svc-{at:03}") for at in range(300)]
    api.objects["pods"] = [pod("x", containers=[container()])]

    answer = await ask("k8s_services")

    assert len(answer.encode()) <= ANSWER_BYTES
    assert "more services; go on with cursor=" in answer
