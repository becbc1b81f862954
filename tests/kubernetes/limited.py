"""A cluster of which a namespace is to be out of reach, and the limits that keep it out."""

from typing import Any

from tests.kubernetes.offers import offer
from tests.kubernetes.wire import Api, crashing, event, meta, namespace, node, pod, workload

SHOWN = {"shop": "web", "team-a": "api", "team-b": "db"}
CANARY = "canary"
"""Is in the name of everything in the namespace `vault`."""

LIMITS: list[dict[str, Any]] = [
    {"allow_namespace": ["shop", "team-*"]},
    {"allow_namespace": ["*"], "deny_namespace": ["vault"]},
    {"deny_namespace": ["vault"]},
    {"deny_namespace": ["va*"]},
]


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
