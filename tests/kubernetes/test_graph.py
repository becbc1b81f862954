"""k8s_graph, seen the way a model sees it."""

from typing import Any

import httpx
import pytest

from jamie_base.answer import ANSWER_BYTES
from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer
from tests.kubernetes.wire import Api, Json, crashing, meta, pod, status

APPS = {"app": "web"}
OWNER = "ReplicaSet/web-66d7"


def workload(name: str = "web", **spec: Any) -> Json:
    container = {
        "name": "app",
        "image": "x",
        "ports": [{"containerPort": 8080, "name": "http"}],
        "envFrom": [{"configMapRef": {"name": f"{name}-config"}}],
        "env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}],
    }
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [container], "volumes": volumes, "serviceAccountName": "runner"},
    }
    selector = {"matchLabels": {"app": name}}
    return {
        "metadata": meta(name, "shop"),
        "spec": {"replicas": 1, "selector": selector, "template": template, **spec},
    }


@pytest.fixture
def shop(api: Api) -> Api:
    """A workload with everything around it, all of it well."""
    offer(api)
    api.objects["deployments"] = [workload()]
    labels = {**APPS, "pod-template-hash": "66d7"}
    about = meta("web-66d7-1", "shop", OWNER, labels=labels)
    api.objects["pods"] = [pod("web-66d7-1", owner=OWNER, metadata=about)]
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    service = {"metadata": meta("web", "shop"), "spec": {"selector": APPS, "ports": ports}}
    api.objects["services"] = [service]
    slices = meta("web-1", "shop", labels={"kubernetes.io/service-name": "web"})
    endpoint = {"addresses": ["10.0.0.1"], "conditions": {"ready": True}}
    api.objects["endpointslices"] = [
        {"metadata": slices, "addressType": "IPv4", "endpoints": [endpoint], "ports": []}
    ]
    api.objects["ingresses"] = [ingress("web", 80)]
    api.objects["configmaps"] = [{"metadata": meta("web-config", "shop")}]
    api.objects["secrets"] = [{"metadata": meta("db", "shop")}]
    api.objects["serviceaccounts"] = [{"metadata": meta("runner", "shop")}]
    listed(api, "/api/v1", "persistentvolumeclaims", claim())
    listed(api, "/apis/policy/v1", "poddisruptionbudgets", budget())
    listed(api, "/apis/networking.k8s.io/v1", "networkpolicies")
    return api


def listed(api: Api, root: str, plural: str, *items: Json) -> None:
    """Let a kind have objects in the namespace shop alone."""
    for space, there in (("shop", list(items)), ("data", [])):
        reply = httpx.Response(200, json={"items": there, "metadata": {}})
        api.routes[f"{root}/namespaces/{space}/{plural}"] = reply


def ingress(service: str, port: int) -> Json:
    backend = {"service": {"name": service, "port": {"number": port}}}
    rule = {"host": "shop.example.com", "http": {"paths": [{"path": "/", "backend": backend}]}}
    return {"metadata": meta("shop", "shop"), "spec": {"rules": [rule]}}


def claim(phase: str = "Bound") -> Json:
    volume = "pv-1" if phase == "Bound" else ""
    return {
        "metadata": meta("data", "shop"),
        "spec": {"volumeName": volume},
        "status": {"phase": phase},
    }


def budget() -> Json:
    return {
        "metadata": meta("web", "shop"),
        "spec": {"selector": {"matchLabels": APPS}},
        "status": {"disruptionsAllowed": 0},
    }


def policy(**spec: Any) -> Json:
    return {"metadata": meta("guard", "shop"), "spec": {"podSelector": {}, **spec}}


async def test_a_graph_follows_the_traffic_and_then_the_needs(ask: Ask, shop: Api) -> None:
    text = await ask("k8s_graph", object="svc/web", namespace="shop")

    assert text.split("\n") == [
        "Graph of svc/web in namespace shop: 8 edges between 9 objects, none broken.",
        "ing/shop shop.example.com/ -> svc/web: port 80",
        "svc/web -> deploy/web: ClusterIP 80>8080, 1 of 1 endpoints ready",
        "deploy/web -> pod/web-66d7-1: 1 pod Running (1/1) on node-1",
        "pdb/web -> deploy/web: none may go now",
        "deploy/web -> cm/web-config: env",
        "deploy/web -> pvc/data: Bound to pv/pv-1",
        "deploy/web -> sa/runner",
        "deploy/web -> secret/db: env password",
    ]


@pytest.mark.parametrize(
    "named",
    ["web", "deploy/web", "pod/web-66d7-1", "ing/shop", "cm/web-config", "secret/db", "pvc/data",
     "sa/runner", "hpa/web", "pdb/web"],
)  # fmt: skip
async def test_every_object_of_it_leads_to_the_same_graph(ask: Ask, shop: Api, named: str) -> None:
    scaler = {
        "metadata": meta("web", "shop"),
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 4},
        "status": {"currentReplicas": 1},
    }
    shop.objects["horizontalpodautoscalers"] = [scaler]
    shop.routes["/apis/policy/v1/namespaces/shop/poddisruptionbudgets/web"] = httpx.Response(
        200, json=budget()
    )
    shop.routes["/api/v1/namespaces/shop/persistentvolumeclaims/data"] = httpx.Response(
        200, json=claim()
    )

    text = await ask("k8s_graph", object=named, namespace="shop")

    assert "hpa/web -> deploy/web: 1 to 4, at 1" in text
    assert "ing/shop shop.example.com/ -> svc/web" in text


async def test_broken_edges_are_marked_and_come_first_of_their_kind(ask: Ask, shop: Api) -> None:
    shop.objects["secrets"] = []
    shop.objects["serviceaccounts"] = []
    shop.objects["endpointslices"] = []
    shop.objects["ingresses"] = [ingress("web", 81)]
    shop.objects["pods"] = [
        crashing("web-66d7-1", OWNER, metadata=shop.objects["pods"][0]["metadata"])
    ]
    listed(shop, "/api/v1", "persistentvolumeclaims", claim("Pending"))

    text = await ask("k8s_graph", object="deploy/web", namespace="shop")

    assert "6 broken." in text
    assert "svc/web: port 81 BROKEN: has no port 81" in text
    silent = "0 of 0 endpoints ready BROKEN: no ready endpoint"
    assert f"svc/web -> deploy/web: ClusterIP 80>8080, {silent}" in text
    assert "deploy/web -> secret/db: env password BROKEN: does not exist" in text
    assert "deploy/web -> sa/runner BROKEN: does not exist" in text
    assert "deploy/web -> pvc/data: Pending BROKEN: not bound" in text
    assert "1 pod CrashLoopBackOff (0/1) on node-1 BROKEN: last exit 1" in text
    lines = text.split("\n")
    assert [one for one in lines if one.startswith("deploy/web -> cm/")] == [lines[-1]]


async def test_what_is_scaled_to_zero_breaks_nothing(ask: Ask, shop: Api) -> None:
    shop.objects["deployments"] = [workload(replicas=0)]
    shop.objects["pods"] = []
    shop.objects["endpointslices"] = []

    assert "none broken" in await ask("k8s_graph", object="deploy/web", namespace="shop")


async def test_an_ingress_to_nothing_is_drawn(ask: Ask, shop: Api) -> None:
    shop.objects["ingresses"] = [ingress("gone", 80)]

    text = await ask("k8s_graph", object="ing/shop", namespace="shop")

    assert "ing/shop shop.example.com/ -> svc/gone: port 80 BROKEN: does not exist" in text


async def test_what_we_may_not_see_is_no_broken_edge(ask: Ask, shop: Api) -> None:
    shop.denied |= {"secrets", "endpointslices"}

    text = await ask("k8s_graph", object="deploy/web", namespace="shop")

    assert "deploy/web -> secret/db: env password (not allowed to look)" in text
    assert "svc/web -> deploy/web: ClusterIP 80>8080\n" in text
    assert "Missing: endpointslices: not allowed to list" in text
    assert "none known to be broken" in text


async def test_workloads_of_a_kind_we_may_not_see_are_named(ask: Ask, shop: Api) -> None:
    shop.denied |= {"statefulsets", "cronjobs"}

    text = await ask("k8s_graph", object="svc/web", namespace="shop")

    assert "svc/web -> deploy/web: ClusterIP 80>8080" in text
    assert "Missing: statefulsets, cronjobs: not allowed to list" in text


async def test_policies_are_drawn_and_asked(ask: Ask, shop: Api) -> None:
    shop.objects["namespaces"].append({"metadata": meta("data")})
    shop.objects["deployments"].append({**workload("db"), "metadata": meta("db", "data")})
    listed(shop, "/apis/networking.k8s.io/v1", "networkpolicies", policy(policyTypes=["Egress"]))

    text = await ask("k8s_graph", object="deploy/web", namespace="shop", to="data/deploy/db")

    said = "deploy/web may reach data/deploy/db port 8080: NO: no rule of netpol/guard lets it out"
    assert said in text
    assert "netpol/guard -> deploy/web: out: nothing goes" in text


async def test_reaching_a_service_means_its_pods_port(ask: Ask, shop: Api) -> None:
    text = await ask("k8s_graph", object="deploy/web", namespace="shop", to="svc/web:80")

    assert "deploy/web may reach shop/svc/web port 8080: yes: " in text


async def test_without_the_policies_whether_it_may_reach_is_not_known(ask: Ask, shop: Api) -> None:
    shop.routes["/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies"] = status(
        403, "networkpolicies is forbidden", "Forbidden"
    )

    text = await ask("k8s_graph", object="deploy/web", namespace="shop", to="svc/web:80")

    assert "svc/web -> deploy/web: ClusterIP 80>8080" in text
    assert "Missing: " in text
    assert "whether it may reach shop/svc/web (NetworkPolicies)" in text
    assert "deploy/web may reach" not in text


async def test_many_edges_fit_and_go_on(ask: Ask, shop: Api) -> None:
    many = [{"configMapRef": {"name": f"a-config-map-with-a-long-name-{n}"}} for n in range(300)]
    one = workload()
    one["spec"]["template"]["spec"]["containers"][0]["envFrom"] = many
    shop.objects["deployments"] = [one]

    text = await ask("k8s_graph", object="deploy/web", namespace="shop")

    assert len(text.encode()) <= ANSWER_BYTES
    cursor = text.rpartition("cursor=")[2].rstrip(")")
    after = await ask("k8s_graph", object="deploy/web", namespace="shop", cursor=cursor)
    assert "a-config-map-with-a-long-name-" in after


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"object": "deploy/wbe"}, "There is no deploy/wbe in namespace 'shop'"),
        ({"object": "blob/x"}, "has no kind 'blob'"),
        ({"object": "node/node-1"}, "There is no node/node-1"),
        ({"object": "ns/shop"}, "ns/shop has no such graph; ask for a workload"),
        ({"object": ""}, "'' is not a name"),
        ({"namespace": "shpo"}, "no namespace 'shpo'"),
        ({"to": "a/b/c/d"}, "'a/b/c/d' is nothing to reach; write svc/db"),
        ({"to": "svc/web:99"}, "svc/web has no port '99'; it has 80"),
        ({"to": "svc/gone"}, "There is no svc/gone"),
        ({"cursor": "zzz"}, "cursor 'zzz'"),
        ({"depth": 3}, "k8s_graph has no argument 'depth'"),
    ],
)
async def test_what_cannot_be_meant_is_refused(ask: Ask, shop: Api, given: Json, said: str) -> None:
    asked = {"object": "deploy/web", "namespace": "shop", **given}

    assert said in await ask("k8s_graph", **asked)


async def test_a_kind_that_the_cluster_has_not_is_no_gap_for_who_may_not_list_it(
    ask: Ask, shop: Api
) -> None:
    shop.denied |= {"httproutes", "grpcroutes", "configmaps"}

    answer = await ask("k8s_graph", object="deploy/web", namespace="shop")

    assert "routes" not in answer
    assert "not allowed to look" in answer
