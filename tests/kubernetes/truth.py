"""What the API server itself says, to hold answers against."""

import datetime as dt
from collections import Counter
from typing import NamedTuple

import httpx

from tests.kubernetes.wire import Json

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
UNITS = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


class Row(NamedTuple):
    """A pod as the API server's own printer, kubectl's, shows it."""

    namespace: str
    name: str
    ready: str
    state: str


def items(kube: httpx.Client, path: str, **params: str) -> list[Json]:
    return kube.get(path, params=params).raise_for_status().json()["items"]


def refusal(kube: httpx.Client, path: str, **params: str) -> str:
    """The API server's words for a request it refuses."""
    return kube.get(path, params=params).json()["message"]


def rows(kube: httpx.Client, path: str = "/api/v1/pods") -> list[Row]:
    """Every pod as `kubectl get pods -A` prints it."""
    table = kube.get(path, headers={"Accept": TABLE}).raise_for_status().json()
    names = [column["name"] for column in table["columnDefinitions"]]
    ready, state = names.index("Ready"), names.index("Status")

    return [
        Row(
            row["object"]["metadata"]["namespace"],
            row["object"]["metadata"]["name"],
            row["cells"][ready],
            row["cells"][state],
        )
        for row in table["rows"]
    ]


def ready_nodes(kube: httpx.Client) -> tuple[int, int]:
    nodes = items(kube, "/api/v1/nodes")
    return sum(is_so(node, "Ready") for node in nodes), len(nodes)


def unready_pods(kube: httpx.Client) -> set[tuple[str, str]]:
    """Pods that ought to run and are not ready, by condition; none of the lab's is young."""
    return {
        (pod["metadata"]["namespace"], pod["metadata"]["name"])
        for pod in items(kube, "/api/v1/pods")
        if pod["status"]["phase"] != "Succeeded" and not is_so(pod, "Ready")
    }


def is_so(one: Json, condition: str) -> bool:
    conditions: list[Json] = one["status"].get("conditions", [])
    return any(each["type"] == condition and each["status"] == "True" for each in conditions)


def short(kube: httpx.Client) -> dict[str, tuple[int, int]]:
    """Deployments and StatefulSets that lack replicas: ready and desired."""
    found: dict[str, tuple[int, int]] = {}
    for plural, kind in (("deployments", "deploy"), ("statefulsets", "sts")):
        for one in items(kube, f"/apis/apps/v1/{plural}"):
            about = one["metadata"]
            desired, ready = one["spec"]["replicas"], one["status"].get("readyReplicas", 0)
            if ready < desired:
                found[f"{about['namespace']}/{kind}/{about['name']}"] = (ready, desired)

    return found


def warnings(kube: httpx.Client) -> Counter[tuple[str, str]]:
    """Warning events of the last hour: how often each reason came, by namespace."""
    since = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    found: Counter[tuple[str, str]] = Counter()
    for event in items(kube, "/api/v1/events", fieldSelector="type=Warning"):
        series: Json = event.get("series") or {}
        last: str = series.get("lastObservedTime") or event["lastTimestamp"]
        if dt.datetime.fromisoformat(last) >= since:
            found[event["metadata"]["namespace"], event["reason"]] += event.get("count") or 1

    return found


def use(kube: httpx.Client) -> tuple[float, float]:
    """CPU in cores and memory in bytes that the nodes use now."""
    nodes = items(kube, "/apis/metrics.k8s.io/v1beta1/nodes")
    cpu = sum(plain(node["usage"]["cpu"]) for node in nodes)

    return cpu, sum(plain(node["usage"]["memory"]) for node in nodes)


def plain(quantity: str) -> float:
    unit = quantity.lstrip("0123456789")
    return int(quantity.removesuffix(unit)) * UNITS[unit]


def log_lines(kube: httpx.Client, namespace: str, pod: str, seconds: int) -> list[str]:
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
    reply = kube.get(path, params={"sinceSeconds": str(seconds)}).raise_for_status()

    return reply.text.splitlines()
