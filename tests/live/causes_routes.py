"""Causes of Ingresses and of the Gateway API; no controller serves either on the lab."""

from typing import Any

from tests.kubernetes.certified import certificate, tls_secret
from tests.kubernetes.wire import Json, ago
from tests.live.causes import Cause, Made
from tests.live.causes_scaling import resource
from tests.live.causes_services import ADDRESS, HTTP, ingress_class
from tests.live.causes_workloads import deploy, service

UNIT = "tests/kubernetes/test_causes_routes.py"
NAMESPACE = "jamie-test-diagnose-routes"
SERVED = "jamie-test-served"
GATEWAYS = "gateway.networking.k8s.io"


def ingress(
    name: str,
    backend: str = "web",
    *,
    port: int = 80,
    of: str = SERVED,
    host: str = "",
    status: Json | None = None,
    secret: str = "",
    notes: Json | None = None,
) -> Made:
    to = {"service": {"name": backend, "port": {"number": port}}}
    path: Json = {"path": "/", "pathType": "Prefix", "backend": to}
    host = host or f"{name}.example.com"
    spec: Json = {
        "rules": [{"host": host, "http": {"paths": [path]}}],
        **({"ingressClassName": of} if of else {}),
        **({"tls": [{"hosts": [host], "secretName": secret}]} if secret else {}),
    }
    body: Json = {"metadata": {"name": name, "annotations": notes or {}}, "spec": spec}
    return Made("networking.k8s.io/v1/ingresses", body, ADDRESS if status is None else status)


def custom(plural: str, kind: str, name: str, spec: Json, status: Json | None = None) -> Made:
    body: Json = {
        "apiVersion": f"{GATEWAYS}/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    }
    return Made(f"{GATEWAYS}/v1/{plural}", body, status)


def said(kind: str, status: str = "True", reason: str = "") -> Json:
    return {
        "type": kind,
        "status": status,
        "reason": reason or kind,
        "message": "in its words",
        "lastTransitionTime": ago(minutes=30),
    }


FINE = [said("Accepted"), said("Programmed")]


def gateway_class(name: str, *conditions: Json) -> Made:
    body: Json = {
        "apiVersion": f"{GATEWAYS}/v1",
        "kind": "GatewayClass",
        "metadata": {"name": name},
        "spec": {"controllerName": "example.com/gateways"},
    }
    status: Json = {"conditions": [*conditions]}
    return Made(f"{GATEWAYS}/v1/gatewayclasses", body, status, namespaced=False)


def gateway(
    name: str, *conditions: Json, of: str = "jamie-test-good", listeners: list[Json] | None = None
) -> Made:
    certificate = {"certificateRefs": [{"name": "cert", "namespace": "elsewhere"}]}
    listener = {"name": "web", "port": 443, "protocol": "HTTPS", "tls": certificate}
    spec: Json = {"gatewayClassName": of, "listeners": [listener]}
    status: Json = {"conditions": [*(conditions or FINE)], "listeners": listeners or []}
    return custom("gateways", "Gateway", name, spec, status)


def listening(*conditions: Json) -> list[Json]:
    return [{"name": "web", "attachedRoutes": 0, "conditions": [*conditions]}]


def route(
    name: str,
    *conditions: Json,
    parent: str = "good",
    backend: str = "web",
    port: int = 80,
    kind: str = "HTTPRoute",
    **more: Any,
) -> Made:
    to: Json = {"name": backend, "port": port, **more}
    spec: Json = {"parentRefs": [{"name": parent}], "rules": [{"backendRefs": [to]}]}
    about = {"parentRef": {"name": parent}, "controllerName": "example.com/gateways"}
    status: Json = {"parents": [{**about, "conditions": [*conditions]}]}
    return custom(f"{kind.lower()}s", kind, name, spec, status)


DEFINITIONS = (
    resource("gatewayclasses", "GatewayClass", GATEWAYS, "v1", namespaced=False),
    resource("gateways", "Gateway", GATEWAYS, "v1"),
    resource("httproutes", "HTTPRoute", GATEWAYS, "v1"),
    resource("grpcroutes", "GRPCRoute", GATEWAYS, "v1"),
)

INGRESSES = (
    Cause(
        "ingress-class-missing",
        "Ingress class missing",
        "ing/misclassed",
        made=[
            ingress_class(SERVED),
            deploy("web", pods=HTTP),
            service("web", {"app": "web"}, "http"),
            ingress("misclassed", of="jamie-test-srved", status={}),
        ],
    ),
    Cause(
        "ingress-without-class",
        "Ingress without a class, and no default",
        "ing/classless",
        made=[ingress("classless", of="", status={})],
    ),
    Cause(
        "ingress-backend-missing",
        "Ingress backend missing",
        "ing/astray",
        made=[ingress("astray", "wbe")],
    ),
    Cause(
        "ingress-backend-port-missing",
        "Ingress port missing",
        "ing/portless",
        made=[ingress("portless", port=8080)],
    ),
    Cause(
        "ingress-backend-wrong-type",
        "wrong service type",
        "ing/clouded",
        made=[
            ingress_class("jamie-test-alb", "ingress.k8s.aws/alb"),
            ingress("clouded", of="jamie-test-alb"),
        ],
    ),
    Cause(
        "ingress-backend-down",
        "Ingress backend without endpoints",
        how="elsewhere",
        why=f"is told with what its Service has: {UNIT}",
    ),
    Cause(
        "ingress-tls-secret-missing",
        "Ingress TLS secret missing",
        "ing/unkeyed",
        made=[ingress("unkeyed", secret="nothing")],
    ),
    Cause(
        "ingress-tls-secret-wrong-type",
        "Ingress TLS secret of the wrong type",
        "ing/miskeyed",
        made=[
            Made("v1/secrets", {"metadata": {"name": "opaque"}, "stringData": {"tls.crt": "x"}}),
            ingress("miskeyed", secret="opaque"),
        ],
    ),
    Cause(
        "ingress-certificate-expired",
        "Ingress TLS secret with an expired certificate",
        "ing/worn",
        made=[
            Made("v1/secrets", tls_secret("worn", certificate("worn.example.com", days=-1))),
            ingress("worn", secret="worn"),
        ],
    ),
    Cause(
        "ingress-certificate-expiring",
        "Ingress certificate that was not renewed",
        "ing/wearing",
        made=[
            Made("v1/secrets", tls_secret("wearing", certificate("wearing.example.com", days=3))),
            ingress("wearing", secret="wearing"),
        ],
    ),
    Cause(
        "ingress-certificate-wrong-host",
        "Ingress certificate for another host",
        "ing/mistaken",
        made=[
            Made("v1/secrets", tls_secret("mistaken", certificate("else.example.com", days=60))),
            ingress("mistaken", secret="mistaken"),
        ],
    ),
    Cause(
        "",
        "an Ingress whose certificate is good",
        "ing/keyed",
        made=[
            Made("v1/secrets", tls_secret("keyed", certificate("*.example.com", days=60))),
            ingress("keyed", secret="keyed"),
        ],
    ),
    Cause(
        "ingress-host-collision",
        "Ingress host collision",
        "ing/second",
        made=[
            deploy("other", replicas=1, pods=HTTP),
            service("other", {"app": "other"}, "http"),
            ingress("first", host="same.example.com"),
            ingress("second", "other", host="same.example.com"),
        ],
    ),
    Cause(
        "ingress-without-address",
        "Ingress without an address for long",
        "ing/addressless",
        made=[ingress("addressless", status={})],
    ),
    Cause("", "an Ingress as it should be", "ing/fine", made=[ingress("fine")]),
    Cause(
        "",
        "a canary of the same host",
        "ing/canary",
        made=[
            ingress(
                "canary",
                "other",
                host="same.example.com",
                notes={"nginx.ingress.kubernetes.io/canary": "true"},
            )
        ],
    ),
)

GATEWAY = (
    Cause(
        "gateway-class-not-accepted",
        "GatewayClass not Accepted",
        "GatewayClass/jamie-test-bad",
        how="played",
        made=[
            gateway_class("jamie-test-bad", said("Accepted", "False", "InvalidParameters")),
            gateway_class("jamie-test-good", said("Accepted")),
        ],
    ),
    Cause(
        "gateway-class-missing",
        "Gateway whose class does not exist",
        "Gateway/misclassed",
        made=[gateway("misclassed", of="jamie-test-god")],
    ),
    Cause(
        "gateway-not-accepted",
        "Gateway API: Accepted",
        "Gateway/refused",
        how="played",
        made=[gateway("refused", said("Accepted", "False", "UnsupportedAddress"))],
    ),
    Cause(
        "gateway-not-programmed",
        "Gateway API: Programmed",
        "Gateway/idle",
        how="played",
        made=[gateway("idle", said("Accepted"), said("Programmed", "False", "AddressNotAssigned"))],
    ),
    Cause(
        "gateway-listener-broken",
        "Gateway listener problems",
        "Gateway/deaf",
        how="played",
        made=[
            gateway(
                "deaf",
                said("Accepted", "True", "ListenersNotValid"),
                listeners=listening(said("Accepted", "False", "PortUnavailable")),
            )
        ],
    ),
    Cause(
        "gateway-certificate-invalid",
        "Gateway: invalid certificate refs",
        "Gateway/unkeyed",
        how="played",
        made=[
            gateway(
                "unkeyed",
                listeners=listening(said("ResolvedRefs", "False", "InvalidCertificateRef")),
            )
        ],
    ),
    Cause(
        "reference-not-granted",
        "ReferenceGrant missing for a certificate",
        "Gateway/ungranted",
        how="played",
        made=[
            gateway(
                "ungranted", listeners=listening(said("ResolvedRefs", "False", "RefNotPermitted"))
            )
        ],
    ),
    Cause(
        "reference-not-granted",
        "ReferenceGrant missing for a backend",
        "HTTPRoute/ungranted",
        how="played",
        made=[
            gateway("good"),
            route(
                "ungranted",
                said("Accepted"),
                said("ResolvedRefs", "False", "RefNotPermitted"),
                namespace="shop",
                backend="frontend",
            ),
        ],
    ),
    Cause(
        "route-parent-missing",
        "HTTPRoute without a matching parent",
        "HTTPRoute/rootless",
        made=[route("rootless", parent="god")],
    ),
    Cause(
        "route-not-accepted",
        "HTTPRoute Accepted False",
        "HTTPRoute/refused",
        how="played",
        made=[route("refused", said("Accepted", "False", "NoMatchingListenerHostname"))],
    ),
    Cause(
        "route-backend-unresolved",
        "HTTPRoute ResolvedRefs False",
        "HTTPRoute/unresolved",
        how="played",
        made=[
            route("unresolved", said("Accepted"), said("ResolvedRefs", "False", "BackendNotFound"))
        ],
    ),
    Cause(
        "route-backend-unresolved",
        "GRPCRoute to a port that the Service lacks",
        "GRPCRoute/portless",
        made=[route("portless", said("Accepted"), port=9090, kind="GRPCRoute")],
    ),
    Cause(
        "route-backend-down",
        "route whose backend does not answer",
        how="elsewhere",
        why="is told with what its Service has: tests/kubernetes/test_causes_gateways.py",
    ),
    Cause("", "a Gateway as it should be", "Gateway/good", made=[gateway("fine")]),
    Cause(
        "",
        "a route as it should be",
        "HTTPRoute/fine",
        made=[route("fine", said("Accepted"), said("ResolvedRefs"))],
    ),
)

ROUTES = (*INGRESSES, *GATEWAY)
