"""What a model can ask of a cluster; knows no HTTP."""

from jamie_kubernetes.tools import (
    access,
    diagnose,
    events,
    get,
    logs,
    node,
    nodes,
    overview,
    patch,
    pods,
    roll,
    scale,
    services,
    setting,
    top,
    undo,
    workloads,
)
from jamie_kubernetes.tools.toolset import tools

__all__ = [
    "access",
    "diagnose",
    "events",
    "get",
    "logs",
    "node",
    "nodes",
    "overview",
    "patch",
    "pods",
    "roll",
    "scale",
    "services",
    "setting",
    "tools",
    "top",
    "undo",
    "workloads",
]
