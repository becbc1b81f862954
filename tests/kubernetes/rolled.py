"""Workloads with a past, and Helm releases, as the API server keeps them."""

import base64
import copy
import gzip
import json
from typing import Any

from tests.kubernetes.wire import Api, Json, ago, condition, container, meta, pod

ROLLED_OUT = "NewReplicaSetAvailable"


def template(image: str = "reg/app:1", **container: Any) -> Json:
    """A pod template of one container."""
    spec = container.pop("spec", {})
    about = container.pop("metadata", {})
    return {
        "metadata": {"labels": {"app": "web"}, **about},
        "spec": {"containers": [{"name": "app", "image": image, **container}], **spec},
    }


def using() -> Json:
    """A pod template that takes its configuration in every way."""
    return template(
        env=[{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}],
        envFrom=[{"configMapRef": {"name": "env"}}],
        volumeMounts=[
            {"name": "files", "mountPath": "/files"},
            {"name": "one", "mountPath": "/one.conf", "subPath": "one.conf"},
        ],
        spec={
            "volumes": [
                {"name": "files", "projected": {"sources": [{"configMap": {"name": "files"}}]}},
                {"name": "one", "configMap": {"name": "part"}},
            ],
            "imagePullSecrets": [{"name": "registry"}],
        },
    )


def deployment(
    api: Api, *templates: Json, ready: int = 2, spec: Json | None = None, **status: Any
) -> Json:
    """Hold a Deployment of two pods, shop/web, with these revisions, the oldest first."""
    old = len(templates) - 1
    api.objects["replicasets"] = [
        _replica_set(number, one, 2 if number > old else 0, ready if number > old else 0)
        for number, one in enumerate(templates, 1)
    ]
    progressing = condition("Progressing", reason=ROLLED_OUT, lastUpdateTime=ago(minutes=12))
    one: Json = {
        "metadata": meta("web", "shop", generation=3),
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": _plain(templates[-1]),
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0},
            },
            **(spec or {}),
        },
        "status": {
            "observedGeneration": 3,
            "replicas": 2,
            "updatedReplicas": 2,
            "readyReplicas": ready,
            "availableReplicas": ready,
            "conditions": [condition("Available"), progressing],
            **status,
        },
    }
    api.objects["deployments"] = [one]

    return one


def pods_of(revision: int, count: int = 2, **fields: Any) -> list[Json]:
    """Pods of one revision of shop/web, which started three days ago if nothing else is said."""
    return [web_pod(f"web-h{revision}-{at}", revision, **fields) for at in range(count)]


def web_pod(name: str, revision: int, **fields: Any) -> Json:
    one = pod(name, owner=f"ReplicaSet/web-h{revision}", **fields)
    one["metadata"]["labels"] = {"app": "web", "pod-template-hash": f"h{revision}"}
    return one


def started(**past: float) -> Json:
    """A container that has run for so long."""
    return container(state={"running": {"startedAt": ago(**past)}}, ready=True)


def kept(kind: str, owner: str, revision: int, one: Json) -> Json:
    """The ControllerRevision of a StatefulSet or DaemonSet."""
    labels = {"app": "web", "controller-revision-hash": f"c{revision}"}
    made_by = {"kind": kind, "name": owner, "uid": f"uid-shop-{owner}", "controller": True}
    about = meta(f"{owner}-c{revision}", "shop", labels=labels, ownerReferences=[made_by])
    patch = {"spec": {"template": {**one, "$patch": "replace"}}}
    return {"metadata": about, "revision": revision, "data": patch}


def managed(manager: str, fields: Json, subresource: str = "", **past: float) -> Json:
    """An entry of managedFields."""
    return {
        "manager": manager,
        "operation": "Update",
        "time": ago(**past),
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        **({"subresource": subresource} if subresource else {}),
    }


def config_map(name: str, data: Json, *entries: Json, **fields: Any) -> Json:
    about = meta(name, "shop", managedFields=list(entries), **fields)
    return {"metadata": about, "data": data}


def secret(name: str, values: dict[str, str], *entries: Json) -> Json:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {**config_map(name, data, *entries), "type": "Opaque"}


def release(
    name: str = "web",
    version: int = 1,
    status: str = "deployed",
    *,
    namespace: str = "shop",
    driver: str = "Secret",
    packed: str = "",
    **told: Any,
) -> Json:
    """The object that keeps one revision of a Helm release, in Helm's own encoding."""
    at = told.pop("at", None) or ago(minutes=version)
    labels = {"owner": "helm", "name": name, "status": status, "version": str(version)}
    about = meta(f"sh.helm.release.v1.{name}.v{version}", namespace, labels=labels)
    inner = packed or encoded(release_body(name, version, status, namespace=namespace, **told))
    outer = base64.b64encode(inner.encode()).decode() if driver == "Secret" else inner
    return {
        "metadata": {**about, "creationTimestamp": at},
        "data": {"release": outer},
        **({"type": "helm.sh/release.v1"} if driver == "Secret" else {}),
    }


def release_body(
    name: str,
    version: int,
    status: str,
    *,
    namespace: str = "shop",
    chart: str = "1.0.0",
    app: str = "2.0",
    values: Json | None = None,
    image: str = "reg/app:1",
    description: str = "Upgrade complete",
    objects: tuple[str, ...] = (),
) -> Json:
    made = [f"---\nkind: {kind}\nmetadata:\n  name: x\n" for kind in objects]
    return {
        "name": name,
        "namespace": namespace,
        "version": version,
        "info": {"status": status, "description": description, "last_deployed": ago(minutes=1)},
        "chart": {
            "metadata": {"name": name, "version": chart, "appVersion": app},
            "templates": [{"name": "templates/x.yaml", "data": "eHg="}],
            "values": {"replicas": 1},
        },
        "config": values or {},
        "manifest": f"---\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  image: {image}\n"
        + "".join(made),
    }


def encoded(body: Json) -> str:
    """As Helm writes it: JSON, gzip, base64."""
    return base64.b64encode(gzip.compress(json.dumps(body).encode())).decode()


def _replica_set(number: int, one: Json, replicas: int, ready: int) -> Json:
    labels = {"app": "web", "pod-template-hash": f"h{number}"}
    made_by = {"kind": "Deployment", "name": "web", "uid": "uid-shop-web", "controller": True}
    notes = {"deployment.kubernetes.io/revision": str(number)}
    cause = one.get("metadata", {}).get("cause")
    about = meta(f"web-h{number}", "shop", labels=labels, ownerReferences=[made_by])
    about["annotations"] = {**notes, **({"kubernetes.io/change-cause": cause} if cause else {})}
    template = _plain(one)
    template["metadata"]["labels"] = labels
    return {
        "metadata": about,
        "spec": {"replicas": replicas, "template": template},
        "status": {"replicas": replicas, "readyReplicas": ready},
    }


def _plain(template: Json) -> Json:
    """Without the change-cause that stands beside it here."""
    one = copy.deepcopy(template)
    one["metadata"].pop("cause", None)
    return one
