"""The Gateway API, seen the way a model sees it."""

from typing import Any

import pytest

from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer, resource
from tests.kubernetes.test_causes_routes import answered, service
from tests.kubernetes.wire import Api, Json, ago, condition, meta

GATEWAYS = {
    "gateway.networking.k8s.io": {
        "v1": [
            resource("gatewayclasses", "GatewayClass", "gc", namespaced=False),
            resource("gateways", "Gateway", "gtw"),
            resource("httproutes", "HTTPRoute"),
            resource("grpcroutes", "GRPCRoute"),
        ]
    }
}


def custom(kind: str, name: str, spec: Json, *conditions: Json, **more: Any) -> Json:
    space = "" if kind == "GatewayClass" else "shop"
    return {
        "metadata": meta(name, space),
        "spec": spec,
        "status": {"conditions": [*conditions], **more},
    }


def false(kind: str, reason: str) -> Json:
    return condition(kind, "False", reason=reason, message="in its words")


def gateway(name: str, *conditions: Json, of: str = "good", **more: Any) -> Json:
    refs = {"certificateRefs": [{"name": "cert"}]}
    listener = {"name": "web", "port": 443, "protocol": "HTTPS", "tls": refs}
    spec = {"gatewayClassName": of, "listeners": [listener]}
    return custom("Gateway", name, spec, *conditions, **more)


def listening(*conditions: Json) -> Json:
    return {"listeners": [{"name": "web", "conditions": [*conditions]}]}


def route(
    name: str, *conditions: Json, parent: str = "web", backend: str = "web", **more: Any
) -> Json:
    to = {"name": backend, "port": 80, **more}
    spec = {"parentRefs": [{"name": parent}], "rules": [{"backendRefs": [to]}]}
    parents = [{"parentRef": {"name": parent}, "conditions": [*conditions]}]
    return custom("HTTPRoute", name, spec, parents=parents)


def gated(api: Api, *gateways: Json, routes: list[Json] | None = None) -> None:
    offer(api, GATEWAYS)
    api.objects["services"] = [service("web")]
    api.objects["endpointslices"] = answered("web")
    api.objects["gatewayclasses"] = [
        custom("GatewayClass", "good", {"controllerName": "example.com/x"}, condition("Accepted"))
    ]
    fine = gateway("web", condition("Accepted"), condition("Programmed"))
    api.objects["gateways"] = [fine, *gateways]
    api.objects["httproutes"] = routes or []


async def test_a_gateway_and_its_route_as_they_should_be_are_healthy(ask: Ask, api: Api) -> None:
    gated(api, routes=[route("shop", condition("Accepted"), condition("ResolvedRefs"))])

    assert (await ask("k8s_diagnose")).startswith("Healthy")


async def test_a_class_that_nobody_accepts_is_told_with_its_gateways(ask: Ask, api: Api) -> None:
    gated(api, gateway("idle", false("Accepted", "Pending"), of="bad"))
    bad = {"controllerName": "example.com/gone"}
    api.objects["gatewayclasses"].append(
        custom("GatewayClass", "bad", bad, false("Accepted", "InvalidParameters"))
    )

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "GatewayClass/bad: no controller accepts it (InvalidParameters)" in text
    assert "(gateway-class-not-accepted)" in text
    assert "hits: shop/Gateway/idle" in text


@pytest.mark.parametrize(
    ("one", "code", "said"),
    [
        (gateway("x", of="goood"), "gateway-class-missing", "its class goood does not exist"),
        (
            gateway("x", false("Accepted", "UnsupportedAddress")),
            "gateway-not-accepted",
            "its controller does not accept it: UnsupportedAddress",
        ),
        (
            gateway("x", condition("Accepted"), false("Programmed", "AddressNotAssigned")),
            "gateway-not-programmed",
            "it got no address (AddressNotAssigned)",
        ),
        (
            gateway("x", **listening(condition("Conflicted", reason="HostnameConflict"))),
            "gateway-listener-broken",
            "its listener web does not work: another listener has its host name and port",
        ),
        (
            gateway("x", **listening(false("ResolvedRefs", "InvalidCertificateRef"))),
            "gateway-certificate-invalid",
            "its listener web has no certificate to use: shop/cert",
        ),
        (
            gateway("x", **listening(false("ResolvedRefs", "RefNotPermitted"))),
            "reference-not-granted",
            "no ReferenceGrant allows it",
        ),
    ],
)
async def test_a_gateway_says_what_keeps_it(
    ask: Ask, api: Api, one: Json, code: str, said: str
) -> None:
    gated(api, one)

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "shop/Gateway/x: " in text
    assert said in text
    assert f"({code})" in text


@pytest.mark.parametrize(
    ("one", "code", "said"),
    [
        (route("x", parent="wbe"), "route-parent-missing", "what it hangs on does not exist"),
        (
            route("x", false("Accepted", "NotAllowedByListeners")),
            "route-not-accepted",
            "its parent's listeners allow no routes from its namespace",
        ),
        (
            route("x", false("ResolvedRefs", "InvalidKind")),
            "route-backend-unresolved",
            "a backend is of a kind that is no backend (InvalidKind)",
        ),
        (
            route("x", false("ResolvedRefs", "RefNotPermitted"), namespace="pay"),
            "reference-not-granted",
            "it may not send to pay/svc/web: no ReferenceGrant",
        ),
        (
            route("x", condition("Accepted"), port=81),
            "route-backend-unresolved",
            "it sends to port 81 of shop/svc/web, which it does not have",
        ),
        (
            route("x", condition("Accepted"), backend="wbe"),
            "route-backend-unresolved",
            "it sends to shop/svc/wbe, which does not exist",
        ),
    ],
)
async def test_a_route_says_what_keeps_it(
    ask: Ask, api: Api, one: Json, code: str, said: str
) -> None:
    gated(api, routes=[one])

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "shop/HTTPRoute/x: " in text
    assert said in text
    assert f"({code})" in text


async def test_a_route_is_hit_by_what_its_service_has(ask: Ask, api: Api) -> None:
    gated(api, routes=[route("shop", condition("Accepted"))])
    api.objects["services"] = [service("web", selector={"app": "nobody"})]

    text = await ask("k8s_diagnose")

    # This takes the place of route-backend-down.
    assert text.startswith("1 finding")
    assert "DOWN shop/svc/web: its selector app=nobody matches no pod" in text
    assert "hits: shop/HTTPRoute/shop" in text


async def test_an_object_of_a_custom_kind_is_found_by_its_short_name(ask: Ask, api: Api) -> None:
    gated(api, gateway("x", of="goood"))

    text = await ask("k8s_diagnose", object="gtw/x", namespace="shop")

    assert text.startswith("1 finding")


async def test_what_is_new_or_waits_for_its_controller_is_left_alone(ask: Ask, api: Api) -> None:
    waits = condition("Accepted", "Unknown", reason="Pending", lastTransitionTime=ago(minutes=1))
    new = gateway("new", of="later")
    new["metadata"]["creationTimestamp"] = ago(seconds=10)
    gated(api, new, gateway("waits", waits))

    assert (await ask("k8s_diagnose")).startswith("Healthy")
