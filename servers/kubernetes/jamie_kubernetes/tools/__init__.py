"""What a model can ask of a cluster; knows no HTTP."""

from jamie_kubernetes.tools import (
    access,
    events,
    get,
    logs,
    nodes,
    overview,
    pods,
    scale,
    services,
    top,
    undo,
    workloads,
)
from jamie_kubernetes.tools.toolset import tools

__all__ = [
    "access",
    "events",
    "get",
    "logs",
    "nodes",
    "overview",
    "pods",
    "scale",
    "services",
    "tools",
    "top",
    "undo",
    "workloads",
]
