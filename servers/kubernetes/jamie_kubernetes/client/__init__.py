"""The slice of the Kubernetes API these tools need, typed; knows no MCP."""

from jamie_kubernetes.client.access import context_names
from jamie_kubernetes.client.bounds import OffLimits
from jamie_kubernetes.client.cluster import Cluster
from jamie_kubernetes.client.listing import Listing

__all__ = ["Cluster", "Listing", "OffLimits", "context_names"]
