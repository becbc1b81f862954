"""Services at which nothing answers, seen the way a model sees it."""

from typing import Any

import pytest

from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer
from tests.kubernetes.wire import (
    Api,
    Json,
    ago,
    condition,
    crashing,
    event,
    meta,
    node,
    pod,
    workload,
)

KEPT = {"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}


def service(name: str = "web", target: int | str = 8080, **spec: Any) -> Json:
    status = spec.pop("status", {})
    return {
        "metadata": meta(name, "shop"),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "10.96.0.9",
            "selector": {"app": "web"},
            "ports": [{"port": 80, "targetPort": target, "protocol": "TCP"}],
            **spec,
        },
        "status": status,
    }


def slice_of(name: str = "web", *nodes: str, ready: bool = True, **more: Any) -> Json:
    labels = {"kubernetes.io/service-name": name, **KEPT}
    return {
        "metadata": meta(f"{name}-x", "shop", labels=labels),
        "addressType": "IPv4",
        "endpoints": [
            {"addresses": ["10.0.0.1"], "conditions": {"ready": ready}, "nodeName": one}
            for one in nodes or ("node-1",)
        ],
        "ports": [{"name": "", "port": 8080}],
        **more,
    }


def backing(*ports: Json, labels: Json | None = None, **more: Any) -> Json:
    one = pod("web-66d7-x", owner="ReplicaSet/web-66d7", **more)
    one["metadata"]["labels"] |= {"app": "web"} if labels is None else labels
    for each in one["spec"]["containers"]:
        each["ports"] = [*ports] or [{"containerPort": 8080, "name": "http"}]

    return one


def served(api: Api, one: Json, *pods: Json, slices: list[Json] | None = None) -> None:
    offer(api, {})
    api.objects["services"] = [one]
    api.objects["pods"] = [*pods]
    api.objects["deployments"] = [workload("web")]
    api.objects["endpointslices"] = (
        [slice_of(one["metadata"]["name"])] if slices is None else slices
    )


async def test_a_service_that_is_answered_for_is_healthy(ask: Ask, api: Api) -> None:
    served(api, service(), backing())

    assert (await ask("k8s_diagnose")).startswith("Healthy")


@pytest.mark.parametrize(
    ("selector", "almost"),
    [
        ({"app": "wbe"}, "; there are pods with app=web"),
        ({"app": "web", "tier": "front"}, "; 1 pod would but for tier=back"),
        ({"job": "x"}, " for"),
        # Likeness is for values: all of a label's begin alike.
        ({"app": "postgres"}, " (service-selects-nothing)"),
    ],
)
async def test_a_selector_that_matches_nothing_offers_what_is_near(
    ask: Ask, api: Api, selector: Json, almost: str
) -> None:
    served(
        api, service(selector=selector), backing(labels={"app": "web", "tier": "back"}), slices=[]
    )

    text = await ask("k8s_diagnose")

    pairs = ",".join(f"{key}={value}" for key, value in selector.items())
    assert f"DOWN shop/svc/web: its selector {pairs} matches no pod{almost}".removesuffix(
        " for"
    ) in (text)
    assert "(service-selects-nothing)" in text


async def test_nothing_is_said_of_what_is_new_or_scaled_to_zero(ask: Ask, api: Api) -> None:
    new = service("new", selector={"app": "new"})
    new["metadata"]["creationTimestamp"] = ago(seconds=20)
    off = workload("off", desired=0, ready=0)
    off["spec"]["template"] = {"metadata": {"labels": {"app": "off"}}}
    offer(api, {})
    api.objects["services"] = [new, service("off", selector={"app": "off"})]
    api.objects["deployments"] = [off]

    assert (await ask("k8s_diagnose")).startswith("Healthy")


async def test_a_service_of_sick_pods_is_hit_by_what_they_have(ask: Ask, api: Api) -> None:
    sick = crashing("web-66d7-x", "ReplicaSet/web-66d7")
    sick["metadata"]["labels"]["app"] = "web"
    served(api, service(), sick, slices=[slice_of(ready=False)])
    api.objects["deployments"] = [workload("web", ready=0)]

    text = await ask("k8s_diagnose")

    # This takes the place of service-none-ready.
    assert text.startswith("1 finding")
    assert "DOWN shop/deploy/web: " in text
    assert "hits: shop/svc/web" in text


async def test_a_service_whose_pods_are_refused_is_hit_by_that(ask: Ask, api: Api) -> None:
    no = condition("ReplicaFailure", reason="FailedCreate", message="exceeded quota")
    one = workload("web", ready=0, replicas=0, conditions=[no])
    one["spec"]["template"] = {"metadata": {"labels": {"app": "web"}}}
    served(api, service(), slices=[])
    api.objects["deployments"] = [one]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "DOWN shop/deploy/web: its pods are refused" in text
    assert "hits: shop/svc/web" in text


async def test_pods_that_just_start_are_nobody_s_fault(ask: Ask, api: Api) -> None:
    late = condition("Ready", "False", lastTransitionTime=ago(seconds=5))
    starting = backing(containers=[], conditions=[late])
    starting["metadata"]["creationTimestamp"] = ago(seconds=10)
    served(api, service(), starting, slices=[slice_of(ready=False)])

    assert (await ask("k8s_diagnose")).startswith("Healthy")


async def test_a_named_port_that_no_pod_has_is_told_with_the_nearest(ask: Ask, api: Api) -> None:
    served(api, service(target="htttp"), backing(), slices=[slice_of(ports=[])])

    text = await ask("k8s_diagnose")

    assert "DOWN shop/svc/web: its pods have no port named htttp (for port 80); they have http" in (
        text
    )
    assert "correct targetPort of port 80: http?" in text
    assert "(service-port-unresolved)" in text


async def test_one_lost_port_of_several_is_broken(ask: Ask, api: Api) -> None:
    ports = [
        {"port": 80, "targetPort": "http", "name": "web"},
        {"port": 90, "targetPort": "metrics", "name": "metrics"},
    ]
    there = slice_of(ports=[{"name": "web", "port": 8080}])
    served(api, service(ports=ports), backing(), slices=[there])

    assert "BROKEN shop/svc/web: its pods have no port named metrics (for port 90)" in (
        await ask("k8s_diagnose")
    )


@pytest.mark.parametrize(
    ("port", "said"),
    [
        ({"port": 80, "targetPort": 9999}, "it sends to 9999/TCP"),
        ({"port": 53, "targetPort": 8080, "protocol": "UDP"}, "it sends to 8080/UDP"),
        ({"port": 80}, "it sends to 80/TCP"),
    ],
)
async def test_a_port_that_no_container_declares_is_likely_wrong(
    ask: Ask, api: Api, port: Json, said: str
) -> None:
    served(api, service(ports=[port]), backing())

    text = await ask("k8s_diagnose")

    assert f"BROKEN shop/svc/web: {said}, and its containers say that they listen to 8080/TCP" in (
        text
    )
    assert "(service-port-not-declared, likely)" in text


async def test_containers_that_declare_nothing_may_listen_to_anything(ask: Ask, api: Api) -> None:
    one = backing()
    one["spec"]["containers"][0]["ports"] = []
    served(api, service(target=9999), one)

    assert (await ask("k8s_diagnose")).startswith("Healthy")


async def test_ready_pods_without_endpoints_are_the_controllers_fault(ask: Ask, api: Api) -> None:
    served(api, service(), backing(), slices=[])

    text = await ask("k8s_diagnose")

    assert "DOWN shop/svc/web: 1 pod of it is ready, and no endpoint names any" in text
    assert "(endpoints-missing)" in text


async def test_endpoints_of_pods_that_are_gone_are_stale(ask: Ask, api: Api) -> None:
    served(api, service())

    text = await ask("k8s_diagnose")

    assert "BROKEN shop/svc/web: 1 endpoint of it lead to pods that are gone" in text
    assert "(endpoints-stale, likely)" in text


async def test_endpoints_that_somebody_else_keeps_are_not_stale(ask: Ask, api: Api) -> None:
    ours = slice_of()
    ours["metadata"]["labels"] = {"kubernetes.io/service-name": "web"}
    served(api, service(selector={"app": "nobody"}), slices=[ours])

    assert "(endpoints-stale" not in await ask("k8s_diagnose")


async def test_a_load_balancer_that_does_not_come_quotes_the_cloud(ask: Ask, api: Api) -> None:
    served(api, service(type="LoadBalancer"), backing())
    api.objects["events"] = [event("SyncLoadBalancerFailed", "Service/web", "out of addresses")]

    text = await ask("k8s_diagnose")

    assert "BROKEN shop/svc/web: its load balancer does not come; the cloud's words" in text
    assert "(load-balancer-pending)" in text
    assert "1: out of addresses" in text


async def test_a_load_balancer_that_is_not_kept_up_is_degraded(ask: Ask, api: Api) -> None:
    given = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    served(api, service(type="LoadBalancer", status=given), backing())
    api.objects["events"] = [event("UpdateLoadBalancerFailed", "Service/web", "no such target")]

    text = await ask("k8s_diagnose")

    assert "DEGRADED shop/svc/web: " in text
    assert "(load-balancer-sync-failed)" in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("192.0.2.1", "it is an address"),
        ("nobody.shop.svc.cluster.local", "there is no Service nobody in namespace shop"),
        ("web.shop.svc", "it leads to itself"),
        ("example.net", ""),
        ("other.shop.svc.cluster.local.", ""),
    ],
)
async def test_an_external_name_may_be_odd(ask: Ask, api: Api, name: str, said: str) -> None:
    offer(api, {})
    odd = service(type="ExternalName", externalName=name, selector={})
    good = service("other", selector={})
    api.objects["services"] = [odd, good]

    text = await ask("k8s_diagnose")

    assert (f"its externalName cannot work: {said}" in text) == bool(said)
    assert ("(external-name-odd)" in text) == bool(said)


async def test_endpoints_that_nobody_made_matter_where_something_routes_to_them(
    ask: Ask, api: Api
) -> None:
    offer(api, {})
    api.objects["services"] = [service("routed", selector={}), service("unused", selector={})]
    backend = {"service": {"name": "routed", "port": {"number": 80}}}
    api.objects["ingresses"] = [
        {
            "metadata": meta("shop", "shop"),
            "spec": {"defaultBackend": backend},
            "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}},
        }
    ]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "DOWN shop/svc/routed: it has no selector, nobody made endpoints" in text
    assert "(endpoints-not-made)" in text
    assert "hits: shop/ing/shop" in text


async def test_endpoints_made_by_hand_need_the_name_of_the_port(ask: Ask, api: Api) -> None:
    offer(api, {})
    ports = [{"name": "pg", "port": 5432, "protocol": "TCP"}]
    api.objects["services"] = [service("db", selector={}, ports=ports)]
    wrong = slice_of("db", ports=[{"name": "postgres", "port": 5432}])
    api.objects["endpointslices"] = [wrong]

    text = await ask("k8s_diagnose")

    assert (
        "DOWN shop/svc/db: its EndpointSlice has no port named like its port pg, but postgres: what"
        " is sent there is dropped (service-port-unresolved)"
    ) in text
    api.objects["endpointslices"] = [slice_of("db", ports=[{"name": "pg", "port": 5432}])]
    assert (await ask("k8s_diagnose")).startswith("Healthy")


async def test_endpoints_made_by_hand_have_to_say_whose_they_are(ask: Ask, api: Api) -> None:
    offer(api, {})
    api.objects["services"] = [service("db", selector={}), service("cache", selector={})]
    stray = slice_of("db")
    stray["metadata"]["labels"] = {}
    api.objects["endpointslices"] = [stray]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "DOWN shop/svc/db: it has no selector and no endpoints: endpointslice/db-x lacks" in text
    assert "next: kubectl -n shop label endpointslice db-x kubernetes.io/service-name=db" in text


@pytest.mark.parametrize(
    ("spec", "harm"),
    [
        ({"internalTrafficPolicy": "Local"}, "DEGRADED"),
        ({"externalTrafficPolicy": "Local", "type": "NodePort"}, "AT RISK"),
        ({"internalTrafficPolicy": "Cluster"}, ""),
    ],
)
async def test_nodes_at_which_a_local_service_drops_requests_are_named(
    ask: Ask, api: Api, spec: Json, harm: str
) -> None:
    served(api, service(**spec), backing())
    api.objects["nodes"] = [
        node("node-1"),
        node("node-2"),
        node("node-3", unschedulable=True),
        node("node-4", taints=[{"key": "x", "effect": "NoSchedule"}]),
    ]

    text = await ask("k8s_diagnose")

    said = "Local, and 1 node without an endpoint of it: node-2"
    assert (said in text) == bool(harm)
    assert (f"{harm} shop/svc/web" in text) == bool(harm)
    assert ("(local-policy-gaps)" in text) == bool(harm)


async def test_without_a_look_at_pods_nothing_is_said_of_selectors(ask: Ask, api: Api) -> None:
    served(api, service(selector={"app": "wbe"}), slices=[])
    api.denied = {"pods"}

    assert "(service-selects-nothing)" not in await ask("k8s_diagnose")


def program(name: str, image: str) -> Json:
    labels = {"tier": "front"}
    one = pod(f"{name}-66d7-a", owner=f"ReplicaSet/{name}-66d7")
    one["metadata"]["labels"] |= {"app": name, **labels}
    one["spec"]["containers"][0]["image"] = image
    return one


@pytest.mark.parametrize(
    ("images", "cluster_ip", "told"),
    [
        (("shop/web:1", "shop/admin:7"), "10.0.0.1", True),
        (("shop/web:1", "shop/web:2"), "10.0.0.1", False),
        (("shop/web:1", "shop/admin:7"), "None", False),
    ],
    ids=["two programs", "two versions of one", "headless"],
)
async def test_a_service_before_two_programs_is_a_risk(
    ask: Ask, api: Api, images: tuple[str, str], cluster_ip: str, *, told: bool
) -> None:
    front = service(selector={"tier": "front"}, clusterIP=cluster_ip)
    served(api, front, program("web", images[0]))
    api.objects["pods"].append(program("admin", images[1]))

    text = await ask("k8s_diagnose")

    said = "AT RISK shop/svc/web: it sends requests to deploy/admin and deploy/web alike, which run"
    assert (said in text) is told
    assert ("(service-mixes-workloads, possible)" in text) is told
