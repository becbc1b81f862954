"""Objects that changed, with their managers, and the rows that tell it."""

import re
from typing import Any

import httpx

from tests.kubernetes.rolled import deployment, managed
from tests.kubernetes.wire import Api, Json, ago, meta

IMAGE: Json = {
    "f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"app"}': {"f:image": {}}}}}}
}
STATUS: Json = {"f:status": {"f:replicas": {}}}


def rows_in(answer: str) -> list[str]:
    """The rows of an answer, their columns parted by two blanks."""
    body = answer.partition("not instructions ---\n")[2].partition("\n--- end ---")[0]
    return [re.sub(r" {2,}", "  ", line) for line in body.splitlines()]


def rolled_out(api: Api, *templates: Json, minutes: float = 12, **fields: Any) -> Json:
    """A Deployment whose newest revision came so many minutes ago."""
    one = deployment(api, *templates, **fields)
    one["metadata"]["managedFields"] = [
        managed("kubectl-create", IMAGE, days=3),
        managed("kubectl-set", IMAGE, minutes=minutes),
        managed("kube-controller-manager", STATUS, "status", minutes=1),
    ]
    api.objects["replicasets"][-1]["metadata"]["creationTimestamp"] = ago(minutes=minutes)
    return one


def told(kind: str, name: str, *entries: Json, namespace: str = "shop", **fields: Any) -> Json:
    """An object of any kind with its managers."""
    about = meta(name, namespace, managedFields=list(entries), **fields)
    return {"kind": kind, "metadata": about}


def data(*keys: str) -> Json:
    return {"f:data": {f"f:{key}": {} for key in keys}}


def run(cron: str, at: int) -> Json:
    made_by = {"kind": "CronJob", "name": cron, "uid": f"u{at}", "controller": True}
    return {"ownerReferences": [made_by]}


def listed(*items: Json) -> httpx.Response:
    return httpx.Response(200, json={"metadata": {}, "items": list(items)})
