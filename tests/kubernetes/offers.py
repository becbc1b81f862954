"""What an API server offers, in both forms: aggregated, and group by group as old servers do."""

import httpx

from tests.kubernetes.wire import Api, Json

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
VERBS = ["get", "list", "create", "delete"]


def resource(plural: str, kind: str, *shorts: str, namespaced: bool = True, **more: Json) -> Json:
    return {
        "resource": plural,
        "responseKind": {"kind": kind},
        "singularResource": kind.lower(),
        "scope": "Namespaced" if namespaced else "Cluster",
        "verbs": VERBS,
        "shortNames": list(shorts),
        **more,
    }


POD_LOG = {"subresources": [{"subresource": "log"}, {"subresource": "exec"}]}
CORE = [
    {**resource("pods", "Pod", "po"), **POD_LOG},
    resource("services", "Service", "svc"),
    resource("secrets", "Secret"),
    resource("configmaps", "ConfigMap", "cm"),
    resource("events", "Event", "ev"),
    resource("nodes", "Node", "no", namespaced=False),
]
GROUPS: dict[str, dict[str, list[Json]]] = {
    "apps": {"v1": [resource("deployments", "Deployment", "deploy")]},
    "serving.knative.dev": {"v1": [resource("services", "Service", "ksvc")]},
    "cert-manager.io": {
        "v1": [resource("certificates", "Certificate", "cert", "certs")],
        "v1alpha2": [
            resource("certificates", "Certificate", "cert"),
            resource("orders", "Order"),
        ],
    },
}


def offer(api: Api, groups: dict[str, dict[str, list[Json]]] | None = None) -> None:
    """Let an API server answer discovery in one."""
    offered = GROUPS if groups is None else groups
    core = {"metadata": {"name": ""}, "versions": [{"version": "v1", "resources": CORE}]}
    others = [
        {
            "metadata": {"name": name},
            "versions": [{"version": one, "resources": each} for one, each in versions.items()],
        }
        for name, versions in offered.items()
    ]
    api.routes["/api"] = _list([core])
    api.routes["/apis"] = _list(others)


def offer_old(api: Api) -> None:
    """Let an API server answer as before 1.27: group by group."""
    api.routes["/api"] = httpx.Response(200, json={"kind": "APIVersions", "versions": ["v1"]})
    api.routes["/api/v1"] = _old(CORE)
    listed: list[Json] = []
    for name, versions in GROUPS.items():
        named = [{"groupVersion": f"{name}/{one}", "version": one} for one in versions]
        listed.append({"name": name, "versions": named, "preferredVersion": named[0]})
        for version, resources in versions.items():
            api.routes[f"/apis/{name}/{version}"] = _old(resources)
    body = {"kind": "APIGroupList", "groups": listed}
    api.routes["/apis"] = httpx.Response(200, json=body)


def _list(items: list[Json]) -> httpx.Response:
    body = {"kind": "APIGroupDiscoveryList", "items": items}
    return httpx.Response(200, json=body, headers={"content-type": AGGREGATED})


def _old(resources: list[Json]) -> httpx.Response:
    rows: list[Json] = []
    for one in resources:
        plain = {"kind": one["responseKind"]["kind"], "verbs": one["verbs"]}
        named = {"namespaced": one["scope"] == "Namespaced", **plain}
        rows.append(
            {
                "name": one["resource"],
                "singularName": one["singularResource"],
                "shortNames": one["shortNames"],
                **named,
            }
        )
        rows += [
            {"name": f"{one['resource']}/{sub['subresource']}", **named}
            for sub in one.get("subresources", ())
        ]
    return httpx.Response(200, json={"kind": "APIResourceList", "resources": rows})
