"""A cluster of many pods: the lab, with nodes and Deployments of the bench's own, some broken."""

import base64
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from jamie_lab import processes
from jamie_lab.builds import program
from jamie_lab.kube import tls
from jamie_lab.paths import Folders, folders
from jamie_lab.ports import ports
from jamie_lab.state import LabState, lab_state

Json = dict[str, Any]

NAMESPACES = 20
PODS_A_NODE = 500
PODS_A_DEPLOYMENT = 100
BROKEN = 50
CONFLICT = 409
UNUSED = (
    "player", "prometheus", "loki", "alertmanager", "kube-controller-manager", "kube-scheduler",
)  # fmt: skip
"""Parts of the lab that only make noise here, or would tidy up what we write."""

HASH = "6d4cf56db6"
SUFFIX = "bcdfghjklmnpqrstvwxz2456789"
OLD = "2026-01-01T00:00:00Z"
PUTS_AT_ONCE = 50


class Scale:
    """A running cluster of many pods."""

    def __init__(self, place: Folders, state: LabState, pods: int) -> None:
        self.place = place
        self.pods = pods
        self.etcd = f"http://127.0.0.1:{ports(place)['etcd']}"
        self.kubeconfig = Path(state.kubernetes.kubeconfig)
        self.kubectl = program(place, "kubectl")
        self.http = httpx.Client(
            base_url=state.kubernetes.url, verify=tls(place), timeout=60, trust_env=False
        )


@contextmanager
def cluster(pods: int) -> Generator[Scale]:
    """Bring up a lab with so many pods Running, fifty of its Deployments broken."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["JAMIE_LAB_DIR"] = os.environ.get("JAMIE_BENCH_LAB", folder)
        lab("up")
        try:
            place = folders()
            quieten(place)
            scale = Scale(place, lab_state(), pods)
            fill(scale)
            yield scale
        finally:
            if "JAMIE_BENCH_LAB" not in os.environ:
                lab("down")


def lab(command: str) -> None:
    subprocess.run([sys.executable, "-m", "jamie_lab", command], check=True, stdout=sys.stderr)


def quieten(place: Folders) -> None:
    for name in UNUSED:
        if found := processes.running(place, name):
            os.kill(found.pid, signal.SIGTERM)


def fill(scale: Scale) -> None:
    """Write what is missing: the pods, all Running, straight into etcd, for kwok takes long."""
    began = time.monotonic()
    for number in range(NAMESPACES):
        post(scale, "/api/v1/namespaces", {"metadata": {"name": f"bench-{number}"}})
    for number in range(scale.pods // PODS_A_NODE + 3):
        post(scale, "/api/v1/nodes", node(number))
    sample = items(scale, "/api/v1/namespaces/shop/pods")[0]
    with httpx.Client(base_url=scale.etcd, timeout=60, trust_env=False) as etcd:
        for at, (name, space, replicas) in enumerate(workloads(scale.pods)):
            owner = own(scale, name, space, replicas)
            made = [pod(scale, sample, owner, space, at, number) for number in range(replicas)]
            for first in range(0, replicas, PUTS_AT_ONCE):
                put(etcd, made[first : first + PUTS_AT_ONCE])
    found = int(items_left(scale)) + 1
    say(f"{found:,} pods after {time.monotonic() - began:.0f} s")


def items(scale: Scale, path: str, **chosen: str) -> list[Json]:
    return scale.http.get(path, params=chosen).raise_for_status().json()["items"]


def items_left(scale: Scale) -> str:
    page = scale.http.get("/api/v1/pods", params={"limit": "1"}).raise_for_status().json()
    return page["metadata"].get("remainingItemCount", 0)


def put(etcd: httpx.Client, objects: list[Json]) -> None:
    """Write pods as the API server would have stored them; it reads JSON there as well."""
    puts = [
        {
            "request_put": {
                "key": text(f"/registry/pods/{about['namespace']}/{about['name']}".encode()),
                "value": text(msgspec.json.encode(one)),
            }
        }
        for one in objects
        if (about := one["metadata"])
    ]
    etcd.post("/v3/kv/txn", json={"success": puts}).raise_for_status()


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def post(scale: Scale, path: str, body: Json) -> None:
    reply = scale.http.post(path, json=body)
    if reply.status_code != CONFLICT:
        reply.raise_for_status()


def node(number: int) -> Json:
    offers = {"cpu": "96", "memory": "384Gi", "pods": str(PODS_A_NODE + 100)}
    return {
        "metadata": {
            "name": f"bench-{number}",
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {"type": "kwok", "topology.kubernetes.io/zone": f"zone-{number % 3}"},
        },
        "status": {"allocatable": offers, "capacity": offers},
    }


def workloads(pods: int) -> Iterator[tuple[str, str, int]]:
    """Yield name, namespace and replicas: healthy Deployments, then the small broken ones."""
    for number in range((pods - 2 * BROKEN) // PODS_A_DEPLOYMENT):
        yield f"app-{number}", f"bench-{number % NAMESPACES}", PODS_A_DEPLOYMENT
    for number in range(BROKEN):
        yield f"broken-{number}", f"bench-{number % NAMESPACES}", 2


def own(scale: Scale, name: str, space: str, replicas: int) -> Json:
    """Make a Deployment and its ReplicaSet; return how its pods name the latter."""
    labels = {"app": name}
    ready = 0 if name.startswith("broken") else replicas
    whole = {"matchLabels": labels}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "app", "image": f"registry.example.net/{name}:1.4.2"}]},
    }
    spec = {"replicas": replicas, "selector": whole, "template": template}
    path = f"/apis/apps/v1/namespaces/{space}"
    deployment = created(scale, f"{path}/deployments", {"metadata": {"name": name}, "spec": spec})
    hashed = {**labels, "pod-template-hash": HASH}
    about = {
        "name": f"{name}-{HASH}",
        "labels": hashed,
        "ownerReferences": [reference("Deployment", deployment)],
    }
    spec = {**spec, "selector": {"matchLabels": hashed}}
    spec["template"] = {**template, "metadata": {"labels": hashed}}
    owner = created(scale, f"{path}/replicasets", {"metadata": about, "spec": spec})
    status = {"replicas": replicas, "readyReplicas": ready, "availableReplicas": ready}
    patch(scale, f"{path}/replicasets/{name}-{HASH}/status", status)
    patch(
        scale,
        f"{path}/deployments/{name}/status",
        {**status, "updatedReplicas": replicas, "observedGeneration": 1},
    )
    return reference("ReplicaSet", owner)


def created(scale: Scale, path: str, body: Json) -> Json:
    return scale.http.post(path, json=body).raise_for_status().json()


def patch(scale: Scale, path: str, status: Json) -> None:
    media = {"Content-Type": "application/merge-patch+json"}
    scale.http.patch(path, json={"status": status}, headers=media).raise_for_status()


def reference(kind: str, one: Json) -> Json:
    about = one["metadata"]
    owner = {"apiVersion": "apps/v1", "kind": kind, "name": about["name"], "uid": about["uid"]}
    return {**owner, "controller": True, "blockOwnerDeletion": True}


def pod(scale: Scale, sample: Json, owner: Json, space: str, at: int, number: int) -> Json:
    """Return a pod as large as a real one: the lab's own, under another name."""
    app = owner["name"].removesuffix(f"-{HASH}")
    suffix = "".join(SUFFIX[(number // len(SUFFIX) ** place) % len(SUFFIX)] for place in range(5))
    about = {
        **sample["metadata"],
        "name": f"{owner['name']}-{suffix}",
        "namespace": space,
        "uid": str(uuid.uuid4()),
        "labels": {"app": app, "pod-template-hash": HASH},
        "ownerReferences": [owner],
    }
    about.pop("resourceVersion", None)
    about.pop("generateName", None)
    where = f"bench-{(at * PODS_A_DEPLOYMENT + number) % (scale.pods // PODS_A_NODE + 3)}"
    status = dict(sample["status"])
    if app.startswith("broken"):
        status |= crashing() if at % 2 else unpullable()
    spec = {**sample["spec"], "nodeName": where}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": about, "spec": spec, "status": status}


def crashing() -> Json:
    ended = {"exitCode": 1, "reason": "Error", "finishedAt": OLD, "startedAt": OLD}
    return unready(
        {
            "restartCount": 12,
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}},
            "lastState": {"terminated": ended},
        }
    )


def unpullable() -> Json:
    message = "Back-off pulling image: manifest unknown"
    waiting = {"reason": "ImagePullBackOff", "message": message}
    return unready({"restartCount": 0, "state": {"waiting": waiting}})


def unready(status: Json) -> Json:
    same = {"name": "app", "ready": False, "started": False, "image": "x", "imageID": ""}
    conditions = [
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": OLD},
        {"type": "Ready", "status": "False", "lastTransitionTime": OLD},
    ]
    return {"containerStatuses": [{**same, **status}], "conditions": conditions}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
