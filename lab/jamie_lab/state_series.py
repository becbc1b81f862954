"""What kube-state-metrics exposes about nodes and controllers, from a snapshot of the cluster."""

from collections.abc import Callable, Iterator

from jamie_lab.pod_series import UNITS, pod_families
from jamie_lab.quantities import number
from jamie_lab.scenario import Labels
from jamie_lab.series import Family, gauges
from jamie_lab.world import Controller, Node, World

Rows = list[tuple[Labels, float]]
Count = Callable[[Controller], int]

DEPLOYMENT: dict[str, Count] = {
    "kube_deployment_spec_replicas": lambda one: one.spec.replicas,
    "kube_deployment_status_replicas": lambda one: one.status.replicas,
    "kube_deployment_status_replicas_ready": lambda one: one.status.ready_replicas,
    "kube_deployment_status_replicas_available": lambda one: one.status.available_replicas,
    "kube_deployment_status_replicas_unavailable": lambda one: max(
        0, one.spec.replicas - one.status.available_replicas
    ),
    "kube_deployment_status_replicas_updated": lambda one: one.status.updated_replicas,
}
STATEFUL_SET: dict[str, Count] = {
    "kube_statefulset_replicas": lambda one: one.spec.replicas,
    "kube_statefulset_status_replicas": lambda one: one.status.replicas,
    "kube_statefulset_status_replicas_ready": lambda one: one.status.ready_replicas,
}
DAEMON_SET: dict[str, Count] = {
    "kube_daemonset_status_desired_number_scheduled": (
        lambda one: one.status.desired_number_scheduled
    ),
    "kube_daemonset_status_current_number_scheduled": (
        lambda one: one.status.current_number_scheduled
    ),
    "kube_daemonset_status_number_ready": lambda one: one.status.number_ready,
}


def state_families(world: World) -> list[Family]:
    """Return every family, about nodes, pods, containers and controllers."""
    return [
        *_nodes(world.nodes),
        *pod_families(world.pods),
        *_controllers("deployment", world.deployments, DEPLOYMENT),
        *_controllers("statefulset", world.stateful_sets, STATEFUL_SET),
        *_controllers("daemonset", world.daemon_sets, DAEMON_SET),
    ]


def _controllers(
    label: str, controllers: list[Controller], counts: dict[str, Count]
) -> list[Family]:
    labelled = [
        ({"namespace": one.metadata.namespace, label: one.metadata.name}, one)
        for one in controllers
    ]

    return [
        gauges(
            name,
            f"The number of pods of a {label} ({name.removeprefix(f'kube_{label}_')}).",
            [(labels, float(count(one))) for labels, one in labelled],
        )
        for name, count in counts.items()
    ]


def _nodes(nodes: list[Node]) -> list[Family]:
    conditions: Rows = [
        (
            {"node": node.metadata.name, "condition": one.type, "status": status},
            float(one.status.lower() == status),
        )
        for node in nodes
        for one in node.status.conditions
        for status in ("true", "false", "unknown")
    ]
    unschedulable: Rows = [
        ({"node": node.metadata.name}, float(node.spec.unschedulable)) for node in nodes
    ]

    return [
        gauges(
            "kube_node_info",
            "Information about a cluster node.",
            [({"node": node.metadata.name}, 1.0) for node in nodes],
        ),
        gauges("kube_node_status_condition", "The condition of a cluster node.", conditions),
        gauges(
            "kube_node_status_allocatable",
            "The allocatable resources of a node.",
            list(_sizes(nodes, "allocatable")),
        ),
        gauges(
            "kube_node_status_capacity",
            "The total resources of a node.",
            list(_sizes(nodes, "capacity")),
        ),
        gauges(
            "kube_node_spec_unschedulable", "Whether a node can schedule new pods.", unschedulable
        ),
    ]


def _sizes(nodes: list[Node], which: str) -> Iterator[tuple[Labels, float]]:
    for node in nodes:
        sizes = node.status.allocatable if which == "allocatable" else node.status.capacity
        for resource, quantity in sizes.items():
            unit = UNITS.get(resource, "integer")
            yield {"node": node.metadata.name, "resource": resource, "unit": unit}, number(quantity)
