"""The slice of the Kubernetes API these tools need, typed; knows no MCP."""

from jamie_kubernetes.client.access import context_names
from jamie_kubernetes.client.cluster import Cluster, Listing

__all__ = ["Cluster", "Listing", "context_names"]
