"""A cluster of which a namespace is to be out of reach, and the limits that keep it out."""

from typing import Any

from tests.kubernetes.offers import offer
from tests.kubernetes.wire import Api, Json, crashing, event, meta, namespace, node, pod, workload

SHOWN = {"shop": "web", "team-a": "api", "team-b": "db"}
CANARY = "canary"
"""Is in the name of everything in the namespace `vault`."""

LIMITS: list[dict[str, Any]] = [
    {"allow_namespace": ["shop", "team-*"]},
    {"allow_namespace": ["*"], "deny_namespace": ["vault"]},
    {"deny_namespace": ["vault"]},
    {"deny_namespace": ["va*"]},
]


QUESTIONS: dict[str, list[Json]] = {
    "k8s_overview": [{}],
    "k8s_pods": [{}, {"status": "all"}, {"usage": True}, {"selector": "app=x"}],
    "k8s_logs": [{"selector": "app=x"}, {"name": "web-0"}],
    "k8s_events": [{}, {"warnings_only": False}, {"object": "deploy/web"}, {"object": "node/n"}],
    "k8s_workloads": [{}, {"status": "all"}],
    "k8s_services": [{}, {"status": "all"}],
    "k8s_nodes": [{}, {"node": "n"}],
    "k8s_top": [{}, {"of": "containers"}, {"of": "nodes"}],
    "k8s_get": [
        {"what": "pods"},
        {"what": "pods", "limit": 2},
        {"what": "pods", "where": "metadata.name~a"},
        {"what": "secrets", "fields": "metadata.name"},
        {"what": "deploy", "group_by": "metadata.namespace"},
        {"what": "namespaces"},
        {"what": "ns", "output": "yaml"},
        {"what": "events", "sort": "metadata.name"},
    ],
    "k8s_access": [{"verb": "list", "what": "pods", "who": "anyone"}, {"who": "sa/web"}],
    "k8s_diagnose": [{}],
    "k8s_changes": [{}],
    "k8s_graph": [{"object": "deploy/web"}, {"object": "svc/web"}],
    "k8s_rollout": [{"name": "deploy/web"}, {"name": "helm"}],
}
"""Questions about everything, by tool; a tool that is not here fails the tests that ask them."""


def filled(api: Api) -> Api:
    offer(api)
    api.objects["nodes"] = [node("n")]
    spaces = {**SHOWN, "vault": CANARY}
    api.objects["namespaces"] = [namespace(one) for one in ("default", *spaces)]
    for space, name in spaces.items():
        labels = {"app": "x"}
        api.objects["pods"] += [
            crashing(f"{name}-0", namespace=space, metadata={**meta(f"{name}-0", space)}),
            pod(f"{name}-1", space, metadata=meta(f"{name}-1", space, labels=labels)),
        ]
        api.objects["events"].append(event("BackOff", f"Pod/{name}-0", name, space))
        for plural in ("deployments", "statefulsets", "jobs", "secrets", "configmaps"):
            api.objects[plural].append(workload(name, space, desired=2, ready=1))
        spec = {"selector": {"app": "y"}, "ports": [{"port": 80}]}
        api.objects["services"].append({"metadata": meta(name, space), "spec": spec})
        api.objects["serviceaccounts"].append({"metadata": meta(name, space)})
        api.objects["roles"].append({"metadata": meta(name, space), "rules": []})
        api.logs[f"{name}-1"] = f"2026-01-01T00:00:00Z {name} says ERROR\n"
    return api
