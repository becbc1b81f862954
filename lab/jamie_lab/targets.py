"""Everything Prometheus scrapes in the lab, for a snapshot of the cluster at a time."""

from collections import defaultdict

import msgspec

from jamie_lab.scenario import Labels, Workload
from jamie_lab.series import Target
from jamie_lab.state_series import state_families
from jamie_lab.timeline import Scene
from jamie_lab.usage_series import usage_families
from jamie_lab.workload_series import workload_families
from jamie_lab.world import Node, Pod, World

KUBELET_PORT = 10250


class TargetGroup(msgspec.Struct, frozen=True):
    """A target as Prometheus' HTTP service discovery wants it."""

    targets: list[str]
    labels: Labels


def targets(scene: Scene, world: World) -> list[Target]:
    """Return kube-state-metrics, a cAdvisor per node, and each pod that exposes metrics."""
    known = {workload.key: workload for workload in scene.scenario.workloads}
    by_node: dict[str, list[Pod]] = defaultdict(list)
    for pod in world.pods:
        by_node[pod.spec.node_name].append(pod)
    state = {"job": "kube-state-metrics", "instance": "kube-state-metrics.kube-system:8080"}

    return [
        Target("/kube-state-metrics", state, state_families(world)),
        *(_cadvisor(scene, node, by_node[node.metadata.name], known) for node in world.nodes),
        *(
            _workload(scene, pod, known[pod.workload])
            for pod in world.pods
            if pod.workload in known and known[pod.workload].port and pod.status.pod_ip
        ),
    ]


def discovery(listed: list[Target], address: str) -> list[TargetGroup]:
    """Tell Prometheus where to scrape the targets of a player at an address."""
    return [
        TargetGroup([address], {**target.labels, "__metrics_path__": target.path})
        for target in listed
    ]


def _cadvisor(scene: Scene, node: Node, pods: list[Pod], known: dict[str, Workload]) -> Target:
    name = node.metadata.name
    labels = {
        "job": "kubelet",
        "instance": f"{name}:{KUBELET_PORT}",
        "node": name,
        "metrics_path": "/metrics/cadvisor",
    }

    return Target(f"/cadvisor/{name}", labels, usage_families(scene, node, pods, known))


def _workload(scene: Scene, pod: Pod, workload: Workload) -> Target:
    namespace, name = pod.metadata.namespace, pod.metadata.name
    labels = {
        "job": workload.name,
        "instance": f"{pod.status.pod_ip}:{workload.port}",
        "namespace": namespace,
        "pod": name,
        "service": workload.name,
        "node": pod.spec.node_name,
    }
    # A container that waits to be restarted has nobody to answer a scrape.
    up = not any(status.state.waiting for status in pod.status.container_statuses)

    return Target(f"/pods/{namespace}/{name}", labels, workload_families(scene, workload), up)
