"""Deleting: any object of any kind."""

from typing import Annotated

from pydantic import Field

from jamie_base.errors import InvalidArgument
from jamie_base.plan import Plan
from jamie_kubernetes.kinds import PODS
from jamie_kubernetes.tools.anything import object_named
from jamie_kubernetes.tools.losses import losses
from jamie_kubernetes.tools.removing import (
    Propagation,
    Removal,
    planned_removal,
    rehearsed,
    remove,
    see_gone,
)
from jamie_kubernetes.tools.setting import Anything
from jamie_kubernetes.tools.toolset import Backend, Home, Marks, tools

How = Annotated[Propagation, Field(description="What it owns goes after, before, or not.")]
Force = Annotated[bool, Field(description="A pod: forget it at once.")]


@tools.writes(remove, see_gone)
async def k8s_delete(
    cluster: Backend,
    marks: Marks,
    name: Anything,
    propagation: How = "background",
    namespace: Home = "",
    *,
    force: Force = False,
) -> Plan:
    """Delete any object, after its user agreed; shows what goes with it."""
    target = await object_named(cluster, name, namespace)
    if force and target.kind != PODS:
        raise InvalidArgument(f"force is for pods; {target.full} is none.")

    removal = Removal(target, propagation, force)
    whole, note = await rehearsed(cluster, removal)
    impact = await losses(cluster, removal, whole)

    return planned_removal(cluster, marks, removal, whole, [*note, *impact])
