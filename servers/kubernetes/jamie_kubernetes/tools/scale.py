"""Scaling: how many replicas a workload has."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from jamie_base.errors import InvalidArgument
from jamie_base.plan import Plan
from jamie_base.text import count
from jamie_kubernetes.client.limits import Templated
from jamie_kubernetes.client.sending import MERGE, Sending
from jamie_kubernetes.kinds import (
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    JOBS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    STATEFUL_SETS,
    Kind,
)
from jamie_kubernetes.tools.aftermath import look_after
from jamie_kubernetes.tools.change import Job
from jamie_kubernetes.tools.changing import carry_out, drafted
from jamie_kubernetes.tools.targets import Target, find
from jamie_kubernetes.tools.toolset import Backend, Home, Marks, tools
from jamie_kubernetes.tools.weighing import scaling_lines

SCALED = (DEPLOYMENTS, STATEFUL_SETS, REPLICA_SETS)
LARGEST = 10_000

_FIXED = {
    DAEMON_SETS: "has one pod a node; change its nodeSelector or the nodes' labels instead",
    JOBS: "runs to its end; it has no replicas",
    CRON_JOBS: "makes Jobs; suspend it with k8s_patch instead",
}

Workload = Annotated[str, Field(description="Workload: deploy/web, sts/db.", max_length=300)]
Replicas = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if isinstance(value, int) else value),
    Field(description="How many: 5, or steps: +1, -2.", pattern=r"^\s*[+-]?\d{1,5}\s*$"),
]


@tools.writes(carry_out, look_after)
async def k8s_scale(
    cluster: Backend, marks: Marks, name: Workload, replicas: Replicas, namespace: Home = ""
) -> Plan:
    """Scale a workload, after its user agreed.

    Shows a plan first: HPA, quota, room on the nodes, who reverts it. Waits for the pods.
    """
    target = await find(cluster, name, namespace, SCALED)
    _scalable(target)
    workload = await cluster.get(target.path, Templated)
    now = workload.spec.replicas
    wanted = _wanted(replicas, now)
    job = Job(
        target,
        Sending(
            "PATCH",
            target.kind.path(target.namespace, target.name, "scale"),
            {"spec": {"replicas": wanted}},
            MERGE,
        ),
        summary=f"scale {target.full} from {now} to {count('replica', wanted)}",
        done=f"{target.full} is set to {count('replica', wanted)}, was {now}",
        watch="rollout",
        below="scale",
    )
    impact = [
        *_plain(target.kind, now, wanted),
        *await scaling_lines(cluster, target, workload, wanted),
    ]
    return await drafted(cluster, marks, job, impact)


def _scalable(target: Target) -> None:
    if target.kind not in (*SCALED, REPLICATION_CONTROLLERS):
        why = _FIXED.get(target.kind, "has no replicas")
        raise InvalidArgument(f"{target.full} cannot be scaled: it {why}.")


def _wanted(replicas: str, now: int) -> int:
    text = re.sub(r"\s", "", replicas)
    wanted = now + int(text) if text[0] in "+-" else int(text)
    if wanted < 0:
        raise InvalidArgument(f"{text} from {count('replica', now)} is less than none.")
    if wanted > LARGEST:
        raise InvalidArgument(f"{wanted:,} replicas is more than {LARGEST:,}; that is no scaling.")

    return wanted


def _plain(kind: Kind, now: int, wanted: int) -> list[str]:
    if wanted > now:
        return [f"{count('pod', wanted - now)} will start."]

    lines = [f"{count('pod', now - wanted)} of {now} will be stopped."]
    if wanted == 0:
        lines.append("Nothing of it will run.")
    elif wanted == 1:
        lines.append("A single replica: when its pod or node fails, nothing of it runs.")
    if kind == STATEFUL_SETS:
        lines.append("The highest numbers stop first; their volume claims stay unless it says so.")

    return lines
