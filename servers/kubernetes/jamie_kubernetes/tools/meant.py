"""Any object a caller names, custom ones too."""

from collections.abc import Sequence

from jamie_kubernetes.client import Cluster
from jamie_kubernetes.kinds import Kind
from jamie_kubernetes.tools.naming import wanted
from jamie_kubernetes.tools.targets import Target, find, locate


async def object_named(cluster: Cluster, text: str, namespace: str, bare: Sequence[Kind]) -> Target:
    """Find `kind/name` of any kind the cluster has, or a bare name of one of the `bare` kinds.

    Raises:
        InvalidArgument: It is no name, or in several namespaces.
        NotFound: There is none, or no such kind; the nearest are offered.

    """
    if "/" not in text:
        return await find(cluster, text, namespace, bare)

    meant = await wanted(cluster, text)
    return await locate(cluster, (meant.kind,), meant.name, namespace)
