"""Objects as the API server sends them, and an API server that answers from a few of them."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import unquote

import httpx

Json = dict[str, Any]

COLLECTED = timedelta(seconds=30)
"""After that long an instant was made for another moment."""

RESOURCES = {
    "pods": "/api/v1",
    "nodes": "/api/v1",
    "namespaces": "/api/v1",
    "events": "/api/v1",
    "services": "/api/v1",
    "secrets": "/api/v1",
    "configmaps": "/api/v1",
    "serviceaccounts": "/api/v1",
    "persistentvolumeclaims": "/api/v1",
    "persistentvolumes": "/api/v1",
    "resourcequotas": "/api/v1",
    "limitranges": "/api/v1",
    "deployments": "/apis/apps/v1",
    "replicasets": "/apis/apps/v1",
    "controllerrevisions": "/apis/apps/v1",
    "statefulsets": "/apis/apps/v1",
    "daemonsets": "/apis/apps/v1",
    "jobs": "/apis/batch/v1",
    "cronjobs": "/apis/batch/v1",
    "roles": "/apis/rbac.authorization.k8s.io/v1",
    "clusterroles": "/apis/rbac.authorization.k8s.io/v1",
    "rolebindings": "/apis/rbac.authorization.k8s.io/v1",
    "clusterrolebindings": "/apis/rbac.authorization.k8s.io/v1",
    "horizontalpodautoscalers": "/apis/autoscaling/v2",
    "ingresses": "/apis/networking.k8s.io/v1",
    "ingressclasses": "/apis/networking.k8s.io/v1",
    "gatewayclasses": "/apis/gateway.networking.k8s.io/v1",
    "gateways": "/apis/gateway.networking.k8s.io/v1",
    "httproutes": "/apis/gateway.networking.k8s.io/v1",
    "grpcroutes": "/apis/gateway.networking.k8s.io/v1",
    "endpointslices": "/apis/discovery.k8s.io/v1",
    "poddisruptionbudgets": "/apis/policy/v1",
    "storageclasses": "/apis/storage.k8s.io/v1",
    "csinodes": "/apis/storage.k8s.io/v1",
    "csidrivers": "/apis/storage.k8s.io/v1",
    "volumeattachments": "/apis/storage.k8s.io/v1",
    "leases": "/apis/coordination.k8s.io/v1",
    "customresourcedefinitions": "/apis/apiextensions.k8s.io/v1",
    "certificates": "/apis/cert-manager.io/v1",
    "verticalpodautoscalers": "/apis/autoscaling.k8s.io/v1",
}


class Moment(NamedTuple):
    """An instant as it was written, how long ago it was meant, and when that was."""

    text: str
    past: timedelta
    made: datetime


_MOMENTS: dict[int, Moment] = {}
"""Every instant written, by the identity of its text, which stays alive here."""


def ago(**past: float) -> str:
    """An instant in the past, as the API writes it."""
    now, meant = datetime.now(UTC), timedelta(**past)
    text = (now - meant).strftime("%Y-%m-%dT%H:%M:%SZ")
    _MOMENTS[id(text)] = Moment(text, meant, now)
    return text


def renewed(thing: Any) -> Any:
    """Tell instants anew that were made when tests were collected, minutes before they run."""
    if isinstance(thing, dict):
        return {key: renewed(value) for key, value in cast("Json", thing).items()}
    if isinstance(thing, list):
        return [renewed(value) for value in cast("list[Any]", thing)]

    known = _MOMENTS.get(id(thing))
    old = known is not None and datetime.now(UTC) - known.made > COLLECTED
    return ago(seconds=known.past.total_seconds()) if known and old else thing


def meta(name: str, namespace: str = "", owner: str = "", **fields: Any) -> Json:
    """`owner` is `Kind/name`; a ReplicaSet's pods carry its hash as the API server puts it."""
    kind, _, owner_name = owner.partition("/")
    labels = fields.pop("labels", {})
    if kind == "ReplicaSet":
        labels = {**labels, "pod-template-hash": owner_name.rpartition("-")[2]}
    made_by = [{"kind": kind, "name": owner_name, "uid": owner, "controller": True}]
    return {
        "name": name,
        "uid": f"uid-{namespace}-{name}",
        "creationTimestamp": ago(days=3),
        **({"namespace": namespace} if namespace else {}),
        **({"labels": labels} if labels else {}),
        **({"ownerReferences": made_by} if owner else {}),
        **fields,
    }


def container(name: str = "app", state: Json | None = None, **fields: Any) -> Json:
    running = {"running": {"startedAt": ago(days=3)}}
    return {
        "name": name,
        "ready": state is None,
        "restartCount": 0,
        "image": "registry.example.net/app:1",
        "imageID": "",
        "state": running if state is None else state,
        "lastState": {},
        **fields,
    }


def ended(code: int, reason: str = "Error", **past: float) -> Json:
    when = ago(**(past or {"minutes": 3}))
    return {"terminated": {"exitCode": code, "reason": reason, "finishedAt": when}}


def waiting(reason: str, message: str = "") -> Json:
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def condition(kind: str, status: str = "True", **fields: str) -> Json:
    return {"type": kind, "status": status, "lastTransitionTime": ago(hours=1), **fields}


def pod(
    name: str,
    namespace: str = "shop",
    owner: str = "",
    *,
    containers: list[Json] | None = None,
    phase: str = "Running",
    node: str = "node-1",
    conditions: list[Json] | None = None,
    inits: list[Json] | None = None,
    **fields: Any,
) -> Json:
    mains = [container()] if containers is None else containers
    ready = all(one["ready"] for one in mains) and phase == "Running"
    standard = [condition("PodScheduled"), condition("Ready", "True" if ready else "False")]
    metadata = fields.pop("metadata", {})
    spec = fields.pop("spec", {})
    return {
        "metadata": {**meta(name, namespace, owner), **metadata},
        "spec": {
            "nodeName": node,
            "containers": [{"name": one["name"], "image": "x"} for one in mains],
            **({"initContainers": [{"name": one["name"]} for one in inits]} if inits else {}),
            **spec,
        },
        "status": {
            "phase": phase,
            "conditions": standard if conditions is None else conditions,
            "containerStatuses": mains,
            **({"initContainerStatuses": inits} if inits else {}),
            **fields,
        },
    }


def crashing(
    name: str, owner: str = "", *, code: int = 1, restarts: int = 9, **fields: Any
) -> Json:
    state = waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container")
    last = ended(code, "OOMKilled" if code == 137 else "Error")
    broken = container(state=state, ready=False, restartCount=restarts, lastState=last)
    return pod(name, owner=owner, containers=[broken], **fields)


def node(
    name: str, *, ready: str = "True", cpu: str = "8", memory: str = "32Gi", **spec: Any
) -> Json:
    return {
        "metadata": meta(name),
        "spec": spec,
        "status": {
            "conditions": [
                condition("MemoryPressure", "False"),
                condition(
                    "Ready", ready, reason="KubeletReady" if ready == "True" else "KubeletStopped"
                ),
            ],
            "allocatable": {"cpu": cpu, "memory": memory, "pods": "110"},
        },
    }


def namespace(name: str) -> Json:
    return {"metadata": meta(name), "status": {"phase": "Active"}}


def workload(
    name: str, namespace: str = "shop", *, desired: int = 1, ready: int = 1, **status: Any
) -> Json:
    return {
        "metadata": meta(name, namespace),
        "spec": {"replicas": desired, "selector": {"matchLabels": {"app": name}}},
        "status": {"replicas": desired, "readyReplicas": ready, **status},
    }


def event(
    reason: str, about: str, message: str = "", namespace: str = "shop", **fields: Any
) -> Json:
    """An event of the older form about `Kind/name`, seen for the last time two minutes ago."""
    kind, _, name = about.partition("/")
    return {
        "metadata": meta(f"{name}.{reason}", namespace),
        "involvedObject": {"kind": kind, "name": name, "namespace": namespace},
        "type": "Warning",
        "reason": reason,
        "message": message or f"{reason} happened",
        "count": 1,
        "firstTimestamp": ago(minutes=20),
        "lastTimestamp": ago(minutes=2),
        **fields,
    }


def status(code: int, message: str, reason: str = "") -> httpx.Response:
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message}
    return httpx.Response(code, json={**body, "reason": reason, "code": code})


class Api:
    """Answers as an API server does, from the objects it holds by plural; a test changes them.

    `denied` holds plurals (or `plural@namespace`) that are forbidden, `routes` other paths. As
    extensions do, it may not page, or be deaf to field selectors.
    """

    def __init__(self) -> None:
        self.objects: dict[str, list[Json]] = {plural: [] for plural in RESOURCES}
        self.objects["namespaces"] = [namespace("default"), namespace("shop")]
        self.logs: dict[str, str] = {}
        self.denied: set[str] = set()
        self.routes: dict[str, httpx.Response] = {"/readyz": httpx.Response(200, text="ok")}
        self.routes["/version"] = httpx.Response(200, json={"gitVersion": "v1.37.2"})
        self.reviews: Callable[[httpx.Request], httpx.Response] | None = None
        self.requests: list[httpx.Request] = []
        self.page = 1000
        self.pages = True
        self.deaf = False
        self.expired = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path = unquote(request.url.path)
        if path in self.routes:
            return self.routes[path]
        if request.method == "POST" and self.reviews:
            return self.reviews(request)

        found = re.fullmatch(
            r"(/api/v1|/apis/[\w.-]+/\w+)(?:/namespaces/([^/]+))?/([a-z]+)(?:/([^/]+))?(?:/(log))?",
            path,
        )
        if path.startswith("/api/v1/namespaces") and path.count("/") <= 4:
            found = re.fullmatch(r"(/api/v1)()/(namespaces)(?:/([^/]+))?()", path)
        if not found or RESOURCES.get(found[3]) != found[1]:
            return status(404, "the server could not find the requested resource", "NotFound")

        return self._answer(request, found[2] or "", found[3], found[4] or "", log=bool(found[5]))

    def asked(self, path: str) -> list[httpx.Request]:
        return [one for one in self.requests if one.url.path == path]

    def _answer(
        self, request: httpx.Request, space: str, plural: str, name: str, *, log: bool
    ) -> httpx.Response:
        if plural in self.denied or f"{plural}@{space}" in self.denied:
            where = f'in the namespace "{space}"' if space else "at the cluster scope"
            return status(
                403,
                f'{plural} is forbidden: User "reader" cannot list resource "{plural}" {where}',
                "Forbidden",
            )
        if log:
            container = request.url.params.get("container", "")
            text = self.logs.get(f"{name}/{container}", self.logs.get(name, ""))
            if request.url.params.get("previous"):
                text = self.logs.get(f"{name}:previous", text)
            return httpx.Response(200, text=text, headers={"content-type": "text/plain"})

        there = [one for one in self.objects[plural] if self._fits(one, request, space, name)]
        if not name:
            return self._page(there, request)
        if there:
            return httpx.Response(200, json=renewed(there[0]))

        return status(404, f'{plural} "{name}" not found', "NotFound")

    def _page(self, there: list[Json], request: httpx.Request) -> httpx.Response:
        start = int(request.url.params.get("continue", "0"))
        if start and self.expired:
            self.expired = False
            return status(410, "The provided continue parameter is too old", "Expired")
        limit = min(self.page, int(request.url.params.get("limit", "500")))
        limit = limit if self.pages else len(there)
        rest = len(there) - start - limit
        left = {"continue": str(start + limit), "remainingItemCount": rest} if rest > 0 else {}
        items = [_asked_for(one, request) for one in there[start : start + limit]] or None
        return httpx.Response(
            200, json={"metadata": {"resourceVersion": "7", **left}, "items": renewed(items)}
        )

    def _fits(self, one: Json, request: httpx.Request, space: str, name: str) -> bool:
        about = one["metadata"]
        if (space and about.get("namespace") != space) or (name and about["name"] != name):
            return False

        labels = request.url.params.get("labelSelector", "")
        wanted = dict(part.split("=") for part in labels.split(",") if "=" in part)
        if not wanted.items() <= (about.get("labels") or {}).items():
            return False

        known = {
            "metadata.name": about["name"],
            "metadata.namespace": about.get("namespace"),
            "type": one.get("type"),
            "reason": one.get("reason"),
            "involvedObject.name": one.get("involvedObject", {}).get("name"),
            "involvedObject.kind": one.get("involvedObject", {}).get("kind"),
            "spec.nodeName": one.get("spec", {}).get("nodeName"),
            "status.phase": one.get("status", {}).get("phase"),
        }
        for part in filter(
            None, "" if self.deaf else request.url.params.get("fieldSelector", "").split(",")
        ):
            key, _, value = part.replace("!=", "=!").partition("=")
            wanted = value.removeprefix("!")
            if ((known[key] or "") == wanted) == value.startswith("!"):
                return False
        return True


def _asked_for(one: Json, request: httpx.Request) -> Json:
    """Return the metadata alone where only that is asked for."""
    bare = "as=PartialObjectMetadataList" in request.headers.get("accept", "")
    return {"metadata": one["metadata"]} if bare else one


def kubeconfig(server: str = "http://cluster", **user: Any) -> Json:
    """One context, `lab`, of one user."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lab",
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "me"}}],
        "clusters": [{"name": "lab", "cluster": {"server": server}}],
        "users": [{"name": "me", "user": user}],
    }


def save(path: Path, config: Json | str) -> None:
    """Write a file, a kubeconfig given as data included."""
    path.write_text(config if isinstance(config, str) else dumps(config))


def loads(path: Path) -> Json:
    """Read back what `save` wrote."""
    return json.loads(path.read_text())


def dumps(config: Json) -> str:
    """JSON is YAML."""
    return json.dumps(config, indent=1)
