"""Nodes of our own on the lab, and pods, claims and volumes for them."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import anyio
import httpx

from jamie_lab.waiting import until
from tests.kubernetes import truth
from tests.kubernetes.placing import HOST, ZONE
from tests.kubernetes.wire import Json
from tests.live.causes import Cause, Made

OWN = "jamie-test-place"
BEARS = {"key": OWN, "operator": "Exists"}


def host(name: str, room: Json | None = None, zone: str = "", **spec: Any) -> Made:
    """A node for one cause alone: others' pods do not bear its taint, ours choose it by a label."""
    taints = [{"key": OWN, "value": "own", "effect": "NoSchedule"}, *spec.pop("taints", [])]
    full = f"{OWN}-{name}"
    labels = {OWN: name.partition(".")[0], HOST: full, **spec.pop("labels", {})}
    offered = {"cpu": "2", "memory": "4Gi", "pods": "10", "ephemeral-storage": "10Gi"}
    body: Json = {
        "metadata": {"name": full, "labels": {**labels, **({ZONE: zone} if zone else {})}},
        "spec": {"taints": taints, **spec},
        "status": {"allocatable": {**offered, **(room or {})}, "capacity": offered},
    }
    return Made("v1/nodes", body, namespaced=False)


def pod(
    name: str,
    on: str = "",
    asks: Json | None = None,
    labels: Json | None = None,
    ports: list[Json] | None = None,
    **spec: Any,
) -> Made:
    """A pod for the nodes of one cause."""
    container: Json = {"name": "app", "image": "example.net/app:1"}
    if asks:
        container["resources"] = {"requests": asks, "limits": asks}
    if ports:
        container["ports"] = ports
    chosen = {"nodeSelector": {OWN: on}} if on else {}
    body: Json = {
        "metadata": {"name": name, "labels": labels or {"app": name}},
        "spec": {"containers": [container], "tolerations": [BEARS], **chosen, **spec},
    }
    return Made("v1/pods", body)


def displaced(name: str) -> Made:
    """A Deployment that fills its node; its pod has it before anything later changes."""
    one = pod(name, name, {"cpu": "2"}).body
    labels = one["metadata"]["labels"]
    spec = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": one["spec"]},
    }
    return Made("apps/v1/deployments", {"metadata": {"name": name}, "spec": spec}, pods={})


def row(code: str, checklist: str, name: str, *made: Made) -> Cause:
    return Cause(code, checklist, f"pod/{name}", made=made)


def of_others(kind: str, app: str, key: str = HOST) -> Json:
    term = {"topologyKey": key, "labelSelector": {"matchLabels": {"app": app}}}
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def on_nodes(**term: Any) -> Json:
    terms = {"nodeSelectorTerms": [term]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def claim(name: str, kind: str = "", mode: str = "ReadWriteOnce", volume: str = "") -> Made:
    spec = {
        "accessModes": [mode],
        "storageClassName": kind,
        "resources": {"requests": {"storage": "1Gi"}},
        **({"volumeName": volume} if volume else {}),
    }
    return Made("v1/persistentvolumeclaims", {"metadata": {"name": name}, "spec": spec})


def devices(name: str, kind: str) -> Made:
    """A claim of a device of a class."""
    asked = {"requests": [{"name": "card", "exactly": {"deviceClassName": kind}}]}
    body: Json = {"metadata": {"name": name}, "spec": {"devices": asked}}
    return Made("resource.k8s.io/v1/resourceclaims", body)


def volume(name: str, mode: str = "ReadWriteOnce", **spec: Any) -> Made:
    """A volume that its claim names; nobody ever mounts it."""
    source = {} if "csi" in spec else {"hostPath": {"path": "/nowhere"}}
    body: Json = {
        "metadata": {"name": f"{OWN}-{name}"},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": [mode],
            "persistentVolumeReclaimPolicy": "Delete" if "csi" in spec else "Retain",
            **source,
            **spec,
        },
    }
    return Made("v1/persistentvolumes", body, namespaced=False)


def mounts(name: str) -> list[Json]:
    return [{"name": "data", "persistentVolumeClaim": {"claimName": name}}]


@contextmanager
def standing(kube: httpx.Client, nodes: Sequence[Made]) -> Generator[None]:
    """Make nodes, wait until kwok has them ready, and take them away again."""
    names = {one.name for one in nodes}

    async def ready() -> bool:
        found = truth.items(kube, "/api/v1/nodes")
        return names <= {one["metadata"]["name"] for one in found if is_ready(one)}

    try:
        for one in nodes:
            kube.post("/api/v1/nodes", json=one.body).raise_for_status()
        assert anyio.run(until, ready)
        yield
    finally:
        for name in names:
            kube.delete(f"/api/v1/nodes/{name}")


def is_ready(node: Json) -> bool:
    """Tell whether a node is ready, and no longer held to be starting."""
    taints = [one["key"] for one in node["spec"].get("taints", [])]
    return "node.kubernetes.io/not-ready" not in taints and truth.is_so(node, "Ready")
