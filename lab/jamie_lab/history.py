"""The cluster as it was before loading: today's snapshot with what had not happened yet undone."""

import itertools
from collections import Counter

import msgspec

from jamie_lab.incidents import Case, cases, members
from jamie_lab.timeline import Scene, crashes
from jamie_lab.world import Condition, ContainerState, Controller, Pod, World


class Epoch(msgspec.Struct, frozen=True):
    """A stretch of time in which the cluster stood still; epoch seconds, the end excluded."""

    start: float
    end: float
    world: World


def epochs(scene: Scene, world: World) -> list[Epoch]:
    """Cut the history before loading wherever something about the cluster changed."""
    starts = [scene.history_start, *scene.moments()]

    return [
        Epoch(start, end, world_at(scene, world, start))
        for start, end in itertools.pairwise([*starts, scene.loaded_at])
        if end > start
    ]


def world_at(scene: Scene, world: World, moment: float) -> World:
    """Return the cluster as it was at a moment before loading."""
    listed = {case.pod.metadata.uid: case for case in cases(scene, members(world))}
    pods = [
        _pod_at(pod, listed[pod.metadata.uid], moment) if pod.metadata.uid in listed else pod
        for pod in world.pods
    ]
    healed = Counter(case.pod.workload for case in listed.values() if case.since > moment)

    return msgspec.structs.replace(
        world,
        pods=pods,
        deployments=[_controller_at(one, healed[one.key]) for one in world.deployments],
        stateful_sets=[_controller_at(one, healed[one.key]) for one in world.stateful_sets],
        daemon_sets=[_controller_at(one, healed[one.key]) for one in world.daemon_sets],
    )


def _pod_at(pod: Pod, case: Case, moment: float) -> Pod:
    if moment < case.since:
        return _healed(pod)

    restarts = len(crashes(case.since, moment, case.sickness))
    statuses = [
        msgspec.structs.replace(status, restart_count=restarts)
        for status in pod.status.container_statuses
    ]

    return _with_status(pod, container_statuses=statuses)


def _healed(pod: Pod) -> Pod:
    conditions = [Condition(one.type, "True") for one in pod.status.conditions]
    well = ContainerState(running={})
    statuses = [
        msgspec.structs.replace(
            status, ready=True, restart_count=0, state=well, last_state=ContainerState()
        )
        for status in pod.status.container_statuses
    ]

    return _with_status(pod, phase="Running", conditions=conditions, container_statuses=statuses)


def _with_status(pod: Pod, **changes: object) -> Pod:
    status = msgspec.structs.replace(pod.status, **changes)

    return msgspec.structs.replace(pod, status=status)


def _controller_at(controller: Controller, healed: int) -> Controller:
    if not healed:
        return controller

    status = msgspec.structs.replace(
        controller.status,
        ready_replicas=controller.status.ready_replicas + healed,
        available_replicas=controller.status.available_replicas + healed,
        number_ready=controller.status.number_ready + healed,
    )

    return msgspec.structs.replace(controller, status=status)
