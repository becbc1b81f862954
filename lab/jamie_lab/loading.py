"""Put a scenario into the API server: nodes, objects, statuses and events."""

import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import cast

import anyio

from jamie_lab.ages import age, as_told
from jamie_lab.errors import NotReady
from jamie_lab.incidents import Members, cases, events, members, sick_status, well_status
from jamie_lab.kube import Kube, Manifest, object_path
from jamie_lab.manifests import namespaces, nodes, workloads
from jamie_lab.timeline import Scene
from jamie_lab.waiting import Condition, until
from jamie_lab.world import Node, Pod, World, look

SETTLE_SECONDS = 120.0
# The control plane has made objects of its own before loading began.
START_SECONDS = 120.0


async def load(kube: Kube, scene: Scene, etcd: str) -> World:
    """Create everything a scenario holds, wait until its pods run, and show what is wrong.

    Returns the cluster as it is then. Raises NotReady when the pods do not run in time.
    """
    scenario = scene.scenario
    await kube.apply_all(namespaces(scenario))
    await kube.apply_all(nodes(scenario))
    await kube.apply_all(scenario.objects)
    await _show_statuses(kube, scenario.objects)
    await _wait(partial(_nodes_ready, kube, scene), "the nodes")
    await kube.apply_all(workloads(scene))
    await _wait(partial(_pods_running, kube, scene), "the pods")

    pods = members(await look(kube))
    await _settle_pods(kube, scene, pods)
    await age(etcd, scene.loaded_at - START_SECONDS, as_told(scene))
    await show_cases(kube, scene, pods, now=time.time())
    await _wait(partial(_controllers_noticed, kube, scene), "the controllers")
    await age(etcd, scene.loaded_at - 1, partial(_onset, scene))

    return await look(kube)


async def show_cases(kube: Kube, scene: Scene, pods: Members, *, now: float) -> None:
    """Give every ill pod the status it has at this moment."""
    known = {workload.key: workload for workload in scene.scenario.workloads}
    async with anyio.create_task_group() as tasks:
        for case in cases(scene, pods):
            status = sick_status(scene, known[case.pod.workload], case, now)
            tasks.start_soon(kube.patch_status, pod_path(case.pod), status)


async def show_events(kube: Kube, scene: Scene, pods: Members) -> None:
    """Write the events of the incident with their counts as of now."""
    await kube.apply_all(events(scene, pods, time.time()))


async def tidy(kube: Kube) -> None:
    """Remove all events: what loading itself has caused is not part of the story."""
    listed: list[Manifest] = await kube.list("/api/v1/namespaces", Manifest)
    async with anyio.create_task_group() as tasks:
        for namespace in listed:
            path = object_path({**namespace, "apiVersion": "v1", "kind": "Namespace"})
            tasks.start_soon(kube.delete_all, f"{path}/events")


def pod_path(pod: Pod) -> str:
    """Return the path of a pod."""
    return f"/api/v1/namespaces/{pod.metadata.namespace}/pods/{pod.metadata.name}"


async def _show_statuses(kube: Kube, objects: Sequence[Manifest]) -> None:
    """Say of objects what controllers would say that the lab does not have."""
    async with anyio.create_task_group() as tasks:
        for one in objects:
            if "status" in one:
                status = cast("Manifest", one["status"])
                tasks.start_soon(kube.patch_status, object_path(one), status)


async def _settle_pods(kube: Kube, scene: Scene, pods: Members) -> None:
    async with anyio.create_task_group() as tasks:
        for workload in scene.scenario.workloads:
            for pod in pods.of(workload):
                status = well_status(scene, workload, pod)
                tasks.start_soon(kube.patch_status, pod_path(pod), status)


async def _controllers_noticed(kube: Kube, scene: Scene) -> bool:
    world = await look(kube)
    ill = Counter(case.pod.workload for case in cases(scene, members(world)))
    controllers = [*world.deployments, *world.stateful_sets]

    return all(one.status.ready_replicas + ill[one.key] == one.spec.replicas for one in controllers)


def _onset(scene: Scene, _key: str) -> float:
    # What changed because of the incident changed when it began.
    return min([*scene.moments(), scene.loaded_at])


async def _nodes_ready(kube: Kube, scene: Scene) -> bool:
    listed = await kube.list("/api/v1/nodes", Node)
    wanted = sum(group.count for group in scene.scenario.nodes)

    return sum(_is_ready(node) for node in listed) >= wanted


def _is_ready(node: Node) -> bool:
    return any(one.type == "Ready" and one.status == "True" for one in node.status.conditions)


async def _pods_running(kube: Kube, scene: Scene) -> bool:
    nodes_wanted = sum(group.count for group in scene.scenario.nodes)
    wanted = sum(workload.pods(nodes_wanted) for workload in scene.scenario.workloads)
    listed = await kube.list("/api/v1/pods", Pod)

    return sum(pod.ready and pod.status.phase == "Running" for pod in listed) >= wanted


async def _wait(condition: Condition, what: str) -> None:
    if not await until(condition, SETTLE_SECONDS):
        raise NotReady(f"After {SETTLE_SECONDS:g} s {what} are still not ready; see .lab/logs.")
