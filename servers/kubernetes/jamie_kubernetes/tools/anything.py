"""One object of any kind a cluster has, as a caller names it."""

from collections.abc import Sequence

from jamie_base.errors import InvalidArgument
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.kinds import (
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    PODS,
    STATEFUL_SETS,
    Kind,
)
from jamie_kubernetes.tools.naming import wanted
from jamie_kubernetes.tools.targets import Target, find, locate

BARE = (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, CRON_JOBS, PODS)
"""Kinds a bare name is tried as, in order."""


async def object_named(
    cluster: Cluster, text: str, namespace: str, bare: Sequence[Kind] = BARE
) -> Target:
    """Find `kind/name` of any kind, or a bare name of a workload.

    Raises:
        InvalidArgument: It is no name, or in several namespaces.
        NotFound: There is no such kind or object; the nearest are offered.

    """
    if "/" not in text:
        return await find(cluster, text, namespace, bare)

    asked = await wanted(cluster, text)
    if not asked.name:
        raise InvalidArgument(f"{text!r} names no object; write deploy/web.")

    return await locate(cluster, (asked.kind,), asked.name, namespace)
