"""Nodes taken out of service and back."""

from typing import Annotated, Literal

from pydantic import Field

from jamie_base.errors import InvalidArgument
from jamie_base.plan import Plan
from jamie_base.text import count
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.limits import NeedyPod
from jamie_kubernetes.client.sending import MERGE, Sending
from jamie_kubernetes.kinds import NODES, PODS
from jamie_kubernetes.tools.aftermath import look_after
from jamie_kubernetes.tools.changing import Job, Marks, carry_out, drafted
from jamie_kubernetes.tools.targets import find
from jamie_kubernetes.tools.toolset import Backend, tools

NodeName = Annotated[str, Field(description="Node: node-1.", max_length=300)]
NodeAction = Annotated[
    Literal["cordon", "uncordon"],
    Field(description="cordon: no new pods there; uncordon: take pods again."),
]


@tools.writes(carry_out, look_after)
async def k8s_node(cluster: Backend, marks: Marks, name: NodeName, action: NodeAction) -> Plan:
    """Cordon or uncordon a node, after its user agreed; running pods stay."""
    target = await find(cluster, name, "", (NODES,))
    if target.kind != NODES:
        raise InvalidArgument(f"{target} is not a node.")

    cordon = action == "cordon"
    job = Job(
        target,
        Sending("PATCH", target.path, {"spec": {"unschedulable": True if cordon else None}}, MERGE),
        summary=f"{action} {target}",
        done=f"{target} takes {'no new' if cordon else 'new'} pods{'' if cordon else ' again'}",
    )
    impact = await _left(cluster, target.name) if cordon else []

    return await drafted(cluster, marks, job, impact)


async def _left(cluster: Cluster, name: str) -> list[str]:
    nodes = await cluster.all(Listing(NODES), Host)
    pods = await cluster.all(Listing(PODS, fields=f"spec.nodeName={name}"), NeedyPod)
    others = [one for one in nodes if one.metadata.name != name and not one.spec.unschedulable]
    stay = f"{count('pod', len(pods))} on it will stay; no new ones will come."
    if others:
        return [stay, f"{count('other node', len(others))} will take new pods."]

    return [stay, "No other node takes pods: new ones will stay Pending."]
