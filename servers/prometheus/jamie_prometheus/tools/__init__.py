"""What a model can ask of Prometheus."""

from jamie_prometheus.tools import alerts, query, range_query
from jamie_prometheus.tools.arguments import tools

__all__ = ["alerts", "query", "range_query", "tools"]
