"""Which Services lead to a workload, and so to nothing once nothing of it runs."""

from collections.abc import Mapping

from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.network import NetService
from jamie_kubernetes.facts.removals import few
from jamie_kubernetes.facts.selectors import sends_to
from jamie_kubernetes.kinds import SERVICES


async def caller_lines(cluster: Cluster, namespace: str, labels: Mapping[str, object]) -> list[str]:
    """Say whose callers get no answer without the pods that have these labels."""
    services = await cluster.all(Listing(SERVICES, namespace), NetService)
    names = [f"svc/{one.metadata.name}" for one in services if sends_to(one.spec.selector, labels)]
    if not names:
        return []

    leads, calls = ("leads", "it") if len(names) == 1 else ("lead", "them")
    return [
        f"{few(names)} {leads} to it: whoever calls {calls} gets no answer, unless others answer."
    ]
