"""Every tool that only reads, in the order in which they are listed."""

from jamie_kubernetes.tools import (
    access,
    changes,
    diagnose,
    events,
    get,
    graph,
    logs,
    nodes,
    overview,
    pods,
    rollout,
    services,
    top,
    workloads,
)

__all__ = [
    "access",
    "changes",
    "diagnose",
    "events",
    "get",
    "graph",
    "logs",
    "nodes",
    "overview",
    "pods",
    "rollout",
    "services",
    "top",
    "workloads",
]
