"""Nodes taken out of service and back."""

from typing import Annotated, Literal

import msgspec
from pydantic import Field

from jamie_base.errors import InvalidArgument
from jamie_base.plan import Outcome, Plan
from jamie_base.text import count
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.limits import NeedyPod
from jamie_kubernetes.client.sending import MERGE, Sending
from jamie_kubernetes.kinds import NODES, PODS
from jamie_kubernetes.tools.aftermath import look_after
from jamie_kubernetes.tools.change import Errand, Job
from jamie_kubernetes.tools.changing import carry_out, drafted
from jamie_kubernetes.tools.draining import Draining, drafted_drain, drain, see_drained
from jamie_kubernetes.tools.targets import Target, find
from jamie_kubernetes.tools.toolset import Backend, Marks, tools

NodeName = Annotated[str, Field(description="Node: node-1.", max_length=300)]
NodeAction = Annotated[
    Literal["cordon", "uncordon", "drain"],
    Field(description="cordon: no new pods; drain: its pods go, too; uncordon: back."),
]
Force = Annotated[bool, Field(description="Drain pods of nobody or with emptyDir, too.")]


async def act_on_node(cluster: Cluster, plan: Plan) -> Outcome:
    """Send what was planned for a node."""
    step = msgspec.json.decode(plan.binding.body, type=Errand | Draining)

    return await (drain if isinstance(step, Draining) else carry_out)(cluster, plan)


async def look_at_node(cluster: Cluster, plan: Plan, outcome: Outcome) -> Outcome:
    """See what became of it."""
    step = msgspec.json.decode(plan.binding.body, type=Errand | Draining)

    return await (see_drained if isinstance(step, Draining) else look_after)(cluster, plan, outcome)


@tools.writes(act_on_node, look_at_node)
async def k8s_node(
    cluster: Backend, marks: Marks, name: NodeName, action: NodeAction, *, force: Force = False
) -> Plan:
    """Cordon, drain or uncordon a node, after its user agreed."""
    target = await find(cluster, name, "", (NODES,))
    if target.kind != NODES:
        raise InvalidArgument(f"{target} is not a node.")
    if force and action != "drain":
        raise InvalidArgument(f"force is for action=drain, not for {action}.")
    if action == "drain":
        return await drafted_drain(cluster, marks, _job(target, cordon=True), force=force)

    cordon = action == "cordon"
    impact = await _left(cluster, target.name) if cordon else []
    return await drafted(cluster, marks, _job(target, cordon=cordon), impact)


def _job(target: Target, *, cordon: bool) -> Job:
    return Job(
        target,
        Sending("PATCH", target.path, {"spec": {"unschedulable": True if cordon else None}}, MERGE),
        summary=f"{'cordon' if cordon else 'uncordon'} {target}",
        done=f"{target} takes {'no new' if cordon else 'new'} pods{'' if cordon else ' again'}",
    )


async def _left(cluster: Cluster, name: str) -> list[str]:
    nodes = await cluster.all(Listing(NODES), Host)
    pods = await cluster.all(Listing(PODS, fields=f"spec.nodeName={name}"), NeedyPod)
    others = [one for one in nodes if one.metadata.name != name and not one.spec.unschedulable]
    stay = f"{count('pod', len(pods))} on it will stay; no new ones will come."
    if others:
        return [stay, f"{count('other node', len(others))} will take new pods."]

    return [stay, "No other node takes pods: new ones will stay Pending."]
