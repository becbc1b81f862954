"""The metrics API, which is not everywhere."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from jamie_base.errors import BackendError, Denied, NotFound, Unreachable
from jamie_kubernetes.answers import Usage
from jamie_kubernetes.answers_top import NOT_ALLOWED, NOT_ANSWERING, NOT_INSTALLED
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.bounds import BadLimits
from jamie_kubernetes.client.usage import NodeUsage
from jamie_kubernetes.facts.quantities import known
from jamie_kubernetes.kinds import NODE_METRICS

T = TypeVar("T")


async def measured(read: Callable[[], Awaitable[T]]) -> T | str:
    """Return what is measured, or why nobody measures it."""
    try:
        return await read()
    except NotFound:
        return NOT_INSTALLED
    except Unreachable as exc:
        # Only the aggregated API answers 503 while the API server itself is there.
        if "answered 503" not in str(exc):
            raise
        return NOT_ANSWERING


async def readable(read: Callable[[], Awaitable[T]]) -> T | str:
    """Return what is measured, or why it is not known here; what else is asked for goes on."""
    try:
        return await measured(read)
    except (Unauthorised, Unreachable, BadLimits):
        raise
    except Denied:
        return NOT_ALLOWED
    except BackendError as exc:
        return str(exc).rstrip(".")


async def node_usage(cluster: Cluster) -> Mapping[str, Usage]:
    """Return what each node uses."""
    found = await cluster.all(Listing(NODE_METRICS), NodeUsage)
    return {
        one.metadata.name: Usage(
            known(one.usage.get("cpu", "0")), known(one.usage.get("memory", "0"))
        )
        for one in found
    }
