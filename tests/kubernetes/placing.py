"""Nodes, pods that none of them takes, and the claims they mount."""

from typing import Any

from tests.kubernetes.wire import Json, ago, condition, meta, node, pod

HOST = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"


def host(name: str, *, labels: Json | None = None, room: Json | None = None, **spec: Any) -> Json:
    one = node(name, **spec)
    one["metadata"]["labels"] = {HOST: name, **(labels or {})}
    one["status"]["allocatable"].update(room or {})
    return one


def homeless(name: str = "web-0", said: str = "", asks: Json | None = None, **fields: Any) -> Json:
    """A pod the scheduler could not place, two minutes ago."""
    spec = fields.pop("spec", {})
    status = fields.pop("status", {})
    conditions = [condition("PodScheduled", "False", reason="Unschedulable", message=said)]
    container = {"name": "app", "image": "x", "resources": {"requests": asks or {}}}
    made = {"creationTimestamp": ago(minutes=2), **fields.pop("metadata", {})}
    return pod(
        name,
        containers=[],
        phase="Pending",
        node="",
        conditions=conditions,
        metadata=made,
        spec={"containers": [container], **spec},
        **status,
        **fields,
    )


def seated(name: str, on: str, asks: Json | None = None, **fields: Any) -> Json:
    container = {"name": "app", "image": "x", "resources": {"requests": asks or {}}}
    spec = {"containers": [container], **fields.pop("spec", {})}
    return pod(name, node=on, spec=spec, **fields)


def required(*expressions: Json) -> Json:
    terms = {"nodeSelectorTerms": [{"matchExpressions": list(expressions)}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def neighbours(kind: str, app: str, key: str = HOST, **more: Any) -> Json:
    term = {"topologyKey": key, "labelSelector": {"matchLabels": {"app": app}}, **more}
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def claim(name: str, phase: str = "Bound", **spec: Any) -> Json:
    return {
        "metadata": meta(name, "shop", **spec.pop("metadata", {})),
        "spec": {"accessModes": ["ReadWriteOnce"], **spec},
        "status": {"phase": phase},
    }


def mounting(name: str) -> Json:
    return {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": name}}]}
