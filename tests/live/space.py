"""A namespace of a test's own, and what is made in it."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from mcp import Client

from jamie_kubernetes.server import build
from jamie_kubernetes.settings import Settings
from jamie_lab import LabState
from jamie_lab.waiting import wait_until
from tests.kubernetes.conftest import Mode
from tests.kubernetes.wire import Json
from tests.kubernetes.writable import User

IMAGE = "registry.example.net/app:1"


@contextmanager
def space(kube: httpx.Client, name: str, **labels: str) -> Generator[str]:
    """Make a namespace, once an older one of that name is gone; it goes with everything in it."""
    # Fixtures that are not async are set up inside the event loop of async tests.
    wait_until(lambda: not got(kube, f"/api/v1/namespaces/{name}"), f"namespace {name} stays")
    body = {"metadata": {"name": name, "labels": labels}}
    kube.post("/api/v1/namespaces", json=body).raise_for_status()
    try:
        yield name
    finally:
        remove(kube, name)


def remove(kube: httpx.Client, name: str) -> None:
    """Delete a namespace, and its pods at once: its controller would wait out their grace."""
    path = f"/api/v1/namespaces/{name}"
    kube.delete(path)
    kube.delete(f"{path}/pods", params={"gracePeriodSeconds": 0})


def writing(
    lab: LabState, state: Path, user: User | None, mode: Mode = "auto", **settings: Any
) -> Client:
    """A client of the server in write mode, in this process; `user` is asked what to do."""
    ours: Json = {"kubeconfig": lab.kubernetes.kubeconfig, "state_dir": state, "write": True}
    server = build(Settings(**{**ours, **settings}))

    return Client(server, mode=mode, elicitation_callback=user)


def made(kube: httpx.Client, path: str, body: Json) -> Json:
    """Make an object and return it as the server has it."""
    return kube.post(path, json=body).raise_for_status().json()


def deployment(name: str, replicas: int = 2, **spec: Any) -> Json:
    """A Deployment as somebody would write it; `spec` is its pods'."""
    containers = [{"name": "app", "image": IMAGE}]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": containers, "terminationGracePeriodSeconds": 1, **spec},
            },
        },
    }


def pods(kube: httpx.Client, namespace: str, phase: str = "Running") -> list[Json]:
    """The pods of a namespace that are in this phase and not about to go."""
    found = kube.get(f"/api/v1/namespaces/{namespace}/pods").raise_for_status().json()["items"]
    return [
        one
        for one in found
        if one["status"]["phase"] == phase and "deletionTimestamp" not in one["metadata"]
    ]


def got(kube: httpx.Client, path: str) -> Json:
    """An object as the server has it now; empty when it is gone."""
    reply = kube.get(path)
    if reply.status_code == 404:
        return {}

    return reply.raise_for_status().json()


def serves(kube: httpx.Client, path: str) -> bool:
    """Tell whether the API server answers about a path; a new kind takes a moment."""
    return kube.get(path).is_success


def changed(
    kube: httpx.Client, path: str, patch: Json | list[Json], manager: str = "somebody"
) -> Json:
    """Change an object as somebody else, by a merge patch or a list of operations."""
    media = "json-patch" if isinstance(patch, list) else "merge-patch"
    headers = {"Content-Type": f"application/{media}+json"}
    reply = kube.patch(path, json=patch, headers=headers, params={"fieldManager": manager})

    return reply.raise_for_status().json()


def dropped(kube: httpx.Client, path: str) -> None:
    """Delete an object, if it is still there."""
    kube.delete(path)
