"""Ingresses, seen the way a model sees them."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.kubernetes.certified import certificate, tls_secret
from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer
from tests.kubernetes.wire import Api, Json, ago, crashing, meta, status, workload

ADDRESS: Json = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}


def service(name: str, **spec: Any) -> Json:
    ports = [{"port": 80, "name": "http"}]
    return {
        "metadata": meta(name, "shop", annotations=spec.pop("annotations", {})),
        "spec": {"type": "ClusterIP", "clusterIP": "10.0.0.1", "ports": ports, **spec},
    }


def ingress(
    name: str,
    backend: str = "web",
    port: int = 80,
    *,
    of: str = "nginx",
    host: str = "",
    address: Json = ADDRESS,
    **about: Any,
) -> Json:
    to = {"service": {"name": backend, "port": {"number": port}}}
    rule = {
        "host": host or f"{name}.example.com",
        "http": {"paths": [{"path": "/", "backend": to}]},
    }
    tls = about.pop("tls", None)
    return {
        "metadata": meta(name, "shop", **about),
        "spec": {
            "rules": [rule],
            **({"ingressClassName": of} if of else {}),
            **({"tls": tls} if tls else {}),
        },
        "status": address,
    }


def classed(name: str = "nginx", controller: str = "k8s.io/ingress-nginx", **about: Any) -> Json:
    return {"metadata": meta(name, **about), "spec": {"controller": controller}}


def answered(*names: str) -> list[Json]:
    """Endpoints that a person made."""
    return [
        {
            "metadata": meta(name, "shop", labels={"kubernetes.io/service-name": name}),
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}],
            "ports": [{"name": "http", "port": 80}],
        }
        for name in names
    ]


def offered(api: Api, *ingresses: Json, classes: list[Json] | None = None) -> None:
    offer(api, {})
    api.objects["services"] = [service("web")]
    api.objects["endpointslices"] = answered("web", "other")
    api.objects["ingresses"] = [*ingresses]
    api.objects["ingressclasses"] = [classed()] if classes is None else classes


async def test_an_ingress_that_leads_somewhere_is_healthy(ask: Ask, api: Api) -> None:
    offered(api, ingress("shop"))

    assert (await ask("k8s_diagnose")).startswith("Healthy")


@pytest.mark.parametrize(
    ("one", "code", "said"),
    [
        (
            ingress("shop", of="nginz", address={}),
            "ingress-class-missing",
            "DOWN shop/ing/shop: its class nginz does not exist, so no controller takes it up;"
            " there is nginx",
        ),
        (
            ingress("shop", of="", address={}),
            "ingress-without-class",
            "DOWN shop/ing/shop: it names no class and there is no default one",
        ),
        (
            ingress("shop", "wbe"),
            "ingress-backend-missing",
            "DOWN shop/ing/shop: it sends shop.example.com/ to svc/wbe, which does not exist",
        ),
        (
            ingress("shop", port=8080),
            "ingress-backend-port-missing",
            "it sends shop.example.com/ to port 8080 of svc/web, which has 80 (http)",
        ),
    ],
)
async def test_an_ingress_that_leads_nowhere_says_why(
    ask: Ask, api: Api, one: Json, code: str, said: str
) -> None:
    offered(api, one)

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert said in text
    assert f"({code}" in text


async def test_a_default_class_or_somebody_who_serves_it_will_do(ask: Ask, api: Api) -> None:
    default = {"ingressclass.kubernetes.io/is-default-class": "true"}
    offered(
        api,
        ingress("shop", of="", address={}, creationTimestamp=ago(minutes=3)),
        classes=[classed(annotations=default)],
    )
    assert (await ask("k8s_diagnose")).startswith("Healthy")

    offered(api, ingress("shop", of=""))
    assert (await ask("k8s_diagnose")).startswith("Healthy")


TRAEFIK = classed("traefik", "traefik.io/ingress-controller")


@pytest.mark.parametrize(
    ("classes", "minutes", "said", "sure"),
    [
        (
            [],
            3,
            "AT RISK shop/ing/shop: it names no class and there is no default one,",
            "possible",
        ),
        ([], 30, "DEGRADED shop/ing/shop: it names no class and", "likely"),
        ([TRAEFIK], 3, "AT RISK shop/ing/shop: it names no class", "possible"),
        ([classed(), TRAEFIK], 30, "the controller of traefik may take it up, or pass", "likely"),
        ([classed()], 3, "BROKEN shop/ing/shop: it names no class", "possible"),
        ([classed()], 30, "DOWN shop/ing/shop: it names no class", "likely"),
    ],
)
async def test_without_a_class_it_depends_on_who_may_serve_it_and_how_long_nobody_did(
    ask: Ask, api: Api, classes: list[Json], minutes: int, said: str, sure: str
) -> None:
    one = ingress("shop", of="", address={}, creationTimestamp=ago(minutes=minutes))
    offered(api, one, classes=classes)

    text = await ask("k8s_diagnose")

    assert said in text
    assert f"(ingress-without-class, {sure})" in text
    assert f"it has no address, made {minutes}m ago" in text


@pytest.mark.parametrize(("minutes", "told"), [(3, False), (30, True)])
async def test_where_others_without_a_class_are_served_a_young_one_will_be(
    ask: Ask, api: Api, minutes: int, *, told: bool
) -> None:
    young = ingress("shop", of="", address={}, creationTimestamp=ago(minutes=minutes))
    offered(api, young, ingress("old", of=""), classes=[])

    text = await ask("k8s_diagnose")

    assert ("others like it are served, this one is not" in text) == told
    assert text.startswith("1 finding" if told else "Healthy")


@pytest.mark.parametrize(
    ("controller", "about", "broken"),
    [
        ("ingress.k8s.aws/alb", {}, True),
        ("ingress.k8s.aws/alb", {"alb.ingress.kubernetes.io/target-type": "ip"}, False),
        ("k8s.io/ingress-gce", {}, True),
        ("k8s.io/ingress-nginx", {}, False),
    ],
)
async def test_a_cloud_s_load_balancer_needs_a_port_at_the_nodes(
    ask: Ask, api: Api, controller: str, about: Json, *, broken: bool
) -> None:
    offered(api, ingress("shop", annotations=about), classes=[classed(controller=controller)])

    text = await ask("k8s_diagnose")

    assert ("(ingress-backend-wrong-type, likely)" in text) == broken


async def test_an_ingress_is_hit_by_what_its_service_has(ask: Ask, api: Api) -> None:
    sick = crashing("web-66d7-x", "ReplicaSet/web-66d7")
    sick["metadata"]["labels"]["app"] = "web"
    offered(api, ingress("shop"))
    api.objects["services"] = [service("web", selector={"app": "web"})]
    api.objects["deployments"] = [workload("web", ready=0)]
    api.objects["pods"] = [sick]

    text = await ask("k8s_diagnose")

    # This takes the place of ingress-backend-down.
    assert text.startswith("1 finding")
    assert "DOWN shop/deploy/web: " in text
    assert "hits: shop/ing/shop, shop/svc/web" in text


def printed(kind: str, **whole: Json) -> httpx.Response:
    columns = [{"name": "Name"}, {"name": "Type"}, {"name": "Data"}, {"name": "Age"}]
    rows = [{"cells": ["cert", kind, 2, "3d"]}]
    return httpx.Response(200, json={"columnDefinitions": columns, "rows": rows, **whole})


SECRET = "/api/v1/namespaces/shop/secrets/cert"
TLS = [{"hosts": ["shop.example.com"], "secretName": "cert"}]


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [
        ("kubernetes.io/tls", "", "Healthy"),
        ("Opaque", "ingress-tls-secret-wrong-type", "which is of type Opaque"),
        ("", "ingress-tls-secret-missing", "secret/cert with its certificate for shop.example.com"),
    ],
)
async def test_the_secret_of_a_certificate_is_judged_by_its_type_first(
    ask: Ask, api: Api, kind: str, code: str, said: str
) -> None:
    offered(api, ingress("shop", tls=TLS))
    if kind:
        api.routes[SECRET] = printed(kind)

    text = await ask("k8s_diagnose")

    request, *more = api.asked(SECRET)
    assert bool(more) == (kind == "kubernetes.io/tls")
    assert request.headers["accept"] == "application/json;as=Table;v=v1;g=meta.k8s.io"
    assert request.url.params["includeObject"] == "None"
    assert code in text
    assert said in text


@pytest.mark.parametrize(
    ("pem", "said"),
    [
        (
            certificate("shop.example.com", days=-3),
            "BROKEN shop/ing/shop: the certificate in secret/cert for shop.example.com expired"
            " 3d ago: clients refuse it (ingress-certificate-expired)",
        ),
        (
            certificate("shop.example.com", days=5),
            "AT RISK shop/ing/shop: the certificate in secret/cert for shop.example.com expires in"
            " 4d and was not renewed (ingress-certificate-expiring)",
        ),
        (
            certificate("shop.example.org", "*.example.org", days=60),
            "BROKEN shop/ing/shop: the certificate in secret/cert is not for shop.example.com, but"
            " for shop.example.org and *.example.org: clients refuse it, or get a wrong one"
            " (ingress-certificate-wrong-host)",
        ),
    ],
)
async def test_a_certificate_that_clients_refuse_is_told(
    ask: Ask, api: Api, pem: str, said: str
) -> None:
    offered(api, ingress("shop", tls=TLS))
    api.routes[SECRET] = printed("kubernetes.io/tls", data=tls_secret("cert", pem)["data"])

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert said in text


@pytest.mark.parametrize(
    "pem",
    [
        certificate("shop.example.com", days=60),
        certificate("*.example.com", days=60),
        # Made for a day, and made anew in time.
        certificate("shop.example.com", life=timedelta(days=1), hours=12),
        "bm90aGluZw==",
        "not base64",
    ],
)
async def test_a_certificate_that_is_good_or_unreadable_is_no_trouble(
    ask: Ask, api: Api, pem: str
) -> None:
    offered(api, ingress("shop", tls=TLS))
    api.routes[SECRET] = printed("kubernetes.io/tls", data=tls_secret("cert", pem)["data"])

    assert (await ask("k8s_diagnose")).startswith("Healthy")


async def test_a_secret_that_may_not_be_read_is_named_as_not_looked_at(ask: Ask, api: Api) -> None:
    offered(api, ingress("shop", tls=TLS))
    api.routes[SECRET] = status(403, "secrets is forbidden", "Forbidden")

    text = await ask("k8s_diagnose")

    assert "certificates' Secrets" in text
    assert "ingress-tls" not in text


async def test_a_certificate_that_cert_manager_should_make_leads_to_it(ask: Ask, api: Api) -> None:
    issued = {"cert-manager.io/cluster-issuer": "letsencrypt"}
    offered(api, ingress("shop", tls=TLS, annotations=issued))

    text = await ask("k8s_diagnose")

    assert "cert-manager should make it" in text
    assert "k8s_diagnose object=certificate/cert namespace=shop" in text


async def test_the_younger_of_two_claims_to_a_host_is_told(ask: Ask, api: Api) -> None:
    canary = {"nginx.ingress.kubernetes.io/canary": "true"}
    same = "same.example.com"
    offered(
        api,
        ingress("new", "other", host=same, creationTimestamp=ago(hours=1)),
        ingress("old", host=same),
        ingress("copy", host=same),
        ingress("canary", "other", host=same, annotations=canary),
        ingress("apart", "other", host=same, of="traefik"),
        classes=[classed(), classed("traefik")],
    )
    api.objects["services"].append(service("other"))

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "DEGRADED shop/ing/new: it claims same.example.com/, which ing/copy had before" in text
    assert "(ingress-host-collision)" in text


async def test_an_ingress_without_an_address_is_told_where_others_have_one(
    ask: Ask, api: Api
) -> None:
    offered(api, ingress("a", address={}), ingress("b"))

    assert "BROKEN shop/ing/a: it has no address, others of class nginx have" in (
        await ask("k8s_diagnose")
    )


async def test_a_class_without_any_address_is_a_possible_risk(ask: Ask, api: Api) -> None:
    offered(api, ingress("a", address={}), ingress("b", address={}))

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "AT RISK ingressclass/nginx: no Ingress of this class has an address" in text
    assert "(ingress-without-address, possible)" in text
