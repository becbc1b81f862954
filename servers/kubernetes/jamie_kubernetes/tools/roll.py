"""Rollouts: restarted, taken back to an earlier revision, held and let go on."""

from typing import Annotated, Literal

import msgspec
from pydantic import Field

from jamie_base.errors import InvalidArgument
from jamie_base.plan import Plan
from jamie_kubernetes.client.limits import Templated
from jamie_kubernetes.client.sending import MERGE, NOW, OPERATIONS, Object, Sending
from jamie_kubernetes.kinds import DEPLOYMENTS, ROLLED
from jamie_kubernetes.tools.aftermath import look_after
from jamie_kubernetes.tools.change import Job
from jamie_kubernetes.tools.changing import carry_out, drafted
from jamie_kubernetes.tools.revisions import revision_of
from jamie_kubernetes.tools.scale import Workload
from jamie_kubernetes.tools.targets import Target, find
from jamie_kubernetes.tools.toolset import Backend, Home, Marks, tools
from jamie_kubernetes.tools.weighing import replacing_lines

RESTARTED = "kubectl.kubernetes.io/restartedAt"

Action = Literal["restart", "undo", "pause", "resume"]

Doing = Annotated[
    Action,
    Field(
        description="restart: new pods; undo: back to revision; pause, resume: hold a Deployment."
    ),
]
Number = Annotated[int, Field(ge=0, description="Revision for undo; 0: the one before.")]


@tools.writes(carry_out, look_after)
async def k8s_roll(
    cluster: Backend,
    marks: Marks,
    name: Workload,
    action: Doing,
    revision: Number = 0,
    namespace: Home = "",
) -> Plan:
    """Restart, undo, pause or resume a rollout, after its user agreed; follows it."""
    target = await find(cluster, name, namespace, ROLLED)
    workload = await cluster.get(target.path, Templated)
    _check(target, workload, action, revision)
    job = await _job(cluster, target, action, revision)
    lines = await _impact(cluster, target, workload, action)

    return await drafted(cluster, marks, job, lines)


def _check(target: Target, workload: Templated, action: Action, revision: int) -> None:
    if target.kind not in ROLLED:
        raise InvalidArgument(f"{target.full} has no rollout; Deployments, sts and ds have.")
    if action in ("pause", "resume") and target.kind != DEPLOYMENTS:
        raise InvalidArgument(f"{target.full} cannot be paused; only Deployments can.")
    if action in ("restart", "undo") and workload.spec.paused:
        raise InvalidArgument(f"{target.full} is paused: nothing would roll; resume it first.")
    if revision and action != "undo":
        raise InvalidArgument(f"revision is for action=undo, not for {action}.")


async def _job(cluster: Backend, target: Target, action: Action, revision: int) -> Job:
    match action:
        case "restart":
            return _restart(target)
        case "undo":
            return await _undo(cluster, target, revision)
        case _:
            return _hold(target, paused=action == "pause")


def _restart(target: Target) -> Job:
    note: Object = {"metadata": {"annotations": {RESTARTED: NOW}}}
    return Job(
        target,
        Sending("PATCH", target.path, {"spec": {"template": note}}, MERGE),
        summary=f"restart {target.full}",
        done=f"{target.full} was restarted",
        watch="rollout",
        undo="A restart cannot be undone: the pods are new.",
    )


async def _undo(cluster: Backend, target: Target, number: int) -> Job:
    found = await revision_of(cluster, target, number)
    replace: Object = {"op": "replace", "path": "/spec/template", "value": found.template}
    return Job(
        target,
        Sending("PATCH", target.path, [replace], OPERATIONS),
        summary=f"take {target.full} back to revision {found.number}",
        done=f"{target.full} has the template of revision {found.number} again",
        watch="rollout",
    )


def _hold(target: Target, *, paused: bool) -> Job:
    job = Job(
        target,
        Sending("PATCH", target.path, {"spec": {"paused": paused or None}}, MERGE),
        summary=f"{'pause' if paused else 'resume'} the rollouts of {target.full}",
        done=f"{target.full} is {'paused' if paused else 'no longer paused'}",
    )
    return job if paused else msgspec.structs.replace(job, watch="rollout")


async def _impact(
    cluster: Backend, target: Target, workload: Templated, action: Action
) -> list[str]:
    if action == "pause":
        return ["Changes of its template will wait until it is resumed; scaling still works."]
    if action == "resume":
        return ["Changes made while it was paused will roll out now."]

    return await replacing_lines(cluster, target, workload)
