"""What is as it is because somebody wants it so: worth a word to who asks for that very object."""

from jamie_kubernetes.client.controllers import Controller, CronJob
from jamie_kubernetes.kinds import DAEMON_SETS, JOBS, Kind


def intention(kind: Kind, one: Controller) -> str:
    """Say why a workload does not run on purpose; nothing of one that does."""
    if kind == JOBS:
        return "it is suspended (spec.suspend)" if one.spec.suspend else ""
    if kind == DAEMON_SETS:
        idle = not one.status.desired_number_scheduled
        return "no node is one that it is for" if idle else ""
    if not one.spec.replicas:
        return "it is scaled to zero (spec.replicas)"

    return "its rollouts are paused (spec.paused)" if one.spec.paused else ""


def schedule_intention(one: CronJob) -> str:
    """Say that a CronJob does not run on purpose."""
    return "it is suspended (spec.suspend)" if one.spec.suspend else ""
