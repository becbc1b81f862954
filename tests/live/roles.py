"""The roles of docs/rbac, applied as they are, and accounts of a namespace that hold them."""

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import yaml

from jamie_lab import LabState
from jamie_lab.waiting import wait_until
from tests.kubernetes.wire import Json, dumps, loads
from tests.live.space import deployment, made, space
from tests.live.test_kubernetes import as_user

FILES = Path(__file__).parents[2] / "docs" / "rbac"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
REVIEW = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
GROUP = "rbac.authorization.k8s.io"
CANARY = "canary-value-of-a-secret-71"


class Grounds(NamedTuple):
    """A namespace with something of everything, and where the lab is."""

    kube: httpx.Client
    lab: LabState
    name: str


@contextmanager
def grounds(kube: httpx.Client, lab: LabState) -> Generator[Grounds]:
    """Apply the roles and make the namespace; both go afterwards."""
    names = [apply(kube, file) for file in sorted(FILES.glob("*.yaml"))]
    with space(kube, f"jamie-test-roles-{time.time_ns()}") as name:
        try:
            fill(kube, name)
            yield Grounds(kube, lab, name)
        finally:
            for role in names:
                kube.delete(f"{RBAC}/clusterroles/{role}")


def apply(kube: httpx.Client, file: Path) -> str:
    """Apply a file as kubectl does; return the name of the role in it."""
    (role,) = yaml.safe_load_all(file.read_text())
    assert role["kind"] == "ClusterRole", file
    name = role["metadata"]["name"]
    kube.patch(
        f"{RBAC}/clusterroles/{name}",
        content=file.read_bytes(),
        headers={"Content-Type": "application/apply-patch+yaml"},
        params={"fieldManager": "jamie-test", "force": "true"},
    ).raise_for_status()

    return name


def fill(kube: httpx.Client, name: str) -> None:
    """Make something of all that tools look at."""
    core, apps = f"/api/v1/namespaces/{name}", f"/apis/apps/v1/namespaces/{name}"
    networking = f"/apis/networking.k8s.io/v1/namespaces/{name}"
    sources: list[Json] = [{"configMapRef": {"name": "web"}}, {"secretRef": {"name": "web"}}]
    container: Json = {"name": "app", "image": "registry.example.net/app:1", "envFrom": sources}
    web = deployment("web", containers=[container])
    job = {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}
    port = {"name": "http", "port": 80}
    backend = {"service": {"name": "web", "port": {"name": "http"}}}
    rule = {"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    scaled = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    selector = {"matchLabels": {"app": "web"}}
    everything: list[tuple[str, Json]] = [
        (f"{core}/configmaps", {"metadata": {"name": "web"}, "data": {"a": "1"}}),
        (f"{core}/secrets", {"metadata": {"name": "web"}, "stringData": {"b": CANARY}}),
        (f"{apps}/deployments", web),
        (
            f"{core}/services",
            {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [port]}},
        ),
        (f"{networking}/ingresses", {"metadata": {"name": "web"}, "spec": {"rules": [rule]}}),
        (
            f"{networking}/networkpolicies",
            {"metadata": {"name": "web"}, "spec": {"podSelector": selector, "ingress": [{}]}},
        ),
        (
            f"/apis/autoscaling/v2/namespaces/{name}/horizontalpodautoscalers",
            {"metadata": {"name": "web"}, "spec": {"scaleTargetRef": scaled, "maxReplicas": 9}},
        ),
        (
            f"/apis/policy/v1/namespaces/{name}/poddisruptionbudgets",
            {"metadata": {"name": "web"}, "spec": {"selector": selector, "maxUnavailable": 1}},
        ),
        (
            f"/apis/batch/v1/namespaces/{name}/cronjobs",
            {
                "metadata": {"name": "nightly"},
                "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": job}},
            },
        ),
    ]
    for path, one in everything:
        made(kube, path, one)


@contextmanager
def account(
    at: Grounds, folder: Path, roles: Sequence[str], *, inside: bool = False
) -> Generator[Path]:
    """Make an account that holds roles, everywhere or inside the namespace; give its kubeconfig."""
    kube, name = at.kube, f"holder-{time.time_ns()}"
    whole = f"{at.name}-{name}"
    made(kube, f"/api/v1/namespaces/{at.name}/serviceaccounts", {"metadata": {"name": name}})
    where = f"{RBAC}/namespaces/{at.name}/rolebindings" if inside else f"{RBAC}/clusterrolebindings"
    subject = {"kind": "ServiceAccount", "name": name, "namespace": at.name}
    try:
        for role in roles:
            binding = {
                "metadata": {"name": f"{whole}-{role}"},
                "subjects": [subject],
                "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": role},
            }
            made(kube, where, binding)
        settle(at, name, roles)
        yield kubeconfig(at, folder, name)
    finally:
        for role in roles:
            kube.delete(f"{where}/{whole}-{role}")


def settle(at: Grounds, name: str, roles: Sequence[str]) -> None:
    """Wait until the API server's authorisers know of the bindings."""
    probes = {
        "jamie-read": ("list", "", "pods", ""),
        "jamie-secret-metadata": ("list", "", "secrets", ""),
        "jamie-write": ("patch", "apps", "deployments", ""),
        "jamie-exec": ("create", "", "pods", "exec"),
    }
    for role in roles:
        probe = probes.get(role, probes["jamie-read"])
        wait_until(
            lambda probe=probe: allowed(at, name, *probe),
            f"the binding of {role} never took effect",
        )


def allowed(at: Grounds, name: str, verb: str, group: str, resource: str, below: str) -> bool:
    """Tell what the API server's authorisers say of an account, in the namespace."""
    attributes = {
        "verb": verb,
        "group": group,
        "resource": resource,
        "subresource": below,
        "namespace": at.name,
    }
    user = f"system:serviceaccount:{at.name}:{name}"
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": user, "resourceAttributes": attributes},
    }

    return at.kube.post(REVIEW, json=body).raise_for_status().json()["status"]["allowed"]


def kubeconfig(at: Grounds, folder: Path, name: str) -> Path:
    """Write a kubeconfig with a fresh token of an account, at home in the namespace."""
    path = f"/api/v1/namespaces/{at.name}/serviceaccounts/{name}/token"
    token = made(at.kube, path, {"spec": {"expirationSeconds": 600}})["status"]["token"]
    file = folder / name
    file.write_text(as_user(at.lab, token))
    config = loads(file)
    config["contexts"][0]["context"]["namespace"] = at.name
    file.write_text(dumps(config))

    return file
