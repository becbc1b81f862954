"""What is true of the lab right now, asked of the backends themselves."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

FAULT = "error|critical|fatal"
MINUTE = 60


@dataclass(frozen=True)
class Cluster:
    """Nodes and pods as the API server holds them, shares of use as metrics-server measures."""

    nodes: int
    ready: int
    pods: Counter[str]
    namespaces: int
    cpu: float
    memory: float


def cluster(kube: httpx.Client) -> Cluster:
    """Count nodes and pods, and measure use."""
    nodes = _items(kube, "/api/v1/nodes")
    pods = _items(kube, "/api/v1/pods")
    usage = _items(kube, "/apis/metrics.k8s.io/v1beta1/nodes")

    def share(resource: str) -> float:
        used = sum(quantity(node["usage"][resource]) for node in usage)
        return used / sum(quantity(node["status"]["allocatable"][resource]) for node in nodes)

    return Cluster(
        nodes=len(nodes),
        ready=sum(_is_ready(node) for node in nodes),
        pods=Counter(_state(pod) for pod in pods),
        namespaces=len({pod["metadata"]["namespace"] for pod in pods}),
        cpu=share("cpu"),
        memory=share("memory"),
    )


def is_measured(kube: httpx.Client) -> bool:
    """Tell whether metrics-server knows every node: it takes two rounds of scrapes."""
    reply = kube.get("/apis/metrics.k8s.io/v1beta1/nodes")
    return reply.is_success and len(reply.json()["items"]) == len(_items(kube, "/api/v1/nodes"))


def firing(prometheus: httpx.Client) -> Counter[str]:
    """Count firing alerts by name."""
    alerts = prometheus.get("/api/v1/alerts").raise_for_status().json()["data"]["alerts"]

    return Counter(alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing")


def errors(loki: httpx.Client) -> Counter[str]:
    """Count the last hour's errors by `namespace/service`: by level, and traces without one."""
    levelled = f"| detected_level=~`{FAULT}`"
    traces = "| detected_level=`unknown` |~ `^(Traceback|panic:)`"
    counted = [
        row
        for kind in (levelled, traces)
        for row in _metric(
            loki,
            "query",
            f'sum by (namespace, service_name) (count_over_time({{namespace=~".+"}} {kind} [1h]))',
        )
    ]
    found = Counter[str]()
    for row in counted:
        found[_service(row["metric"])] += int(float(row["value"][1]))

    return found


def onset(loki: httpx.Client, service: str) -> float:
    """Return when a service's errors began: the first minute of the hour that has several."""
    namespace, _, name = service.partition("/")
    (row,) = _metric(
        loki,
        "query_range",
        f'sum(count_over_time({{namespace="{namespace}", service_name="{name}"}}'
        f" | detected_level=~`{FAULT}` [1m]))",
        step=str(MINUTE),
        since="1h",
    )
    busy = [float(at) for at, value in row["values"] if float(value) >= 5]

    return min(busy) - MINUTE


def quantity(text: str) -> float:
    """Read a Kubernetes quantity."""
    units = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
    unit = next((unit for unit in units if text.endswith(unit)), "")

    return float(text.removesuffix(unit)) * units.get(unit, 1)


def _items(kube: httpx.Client, path: str) -> list[dict[str, Any]]:
    return kube.get(path).raise_for_status().json()["items"]


def _metric(loki: httpx.Client, kind: str, query: str, **params: str) -> list[dict[str, Any]]:
    reply = loki.get(f"/loki/api/v1/{kind}", params={"query": query, **params})

    return reply.raise_for_status().json()["data"]["result"]


def _service(labels: Mapping[str, str]) -> str:
    return f"{labels['namespace']}/{labels['service_name']}"


def _is_ready(node: dict[str, Any]) -> bool:
    conditions = {item["type"]: item["status"] for item in node["status"]["conditions"]}

    return conditions.get("Ready") == "True"


def _state(pod: dict[str, Any]) -> str:
    waiting = [
        reason
        for container in pod["status"].get("containerStatuses", [])
        if (reason := container["state"].get("waiting", {}).get("reason"))
    ]

    return waiting[0] if waiting else pod["status"]["phase"]
