"""What kube-state-metrics exposes about pods and their containers."""

import datetime as dt
from collections.abc import Iterator

from jamie_lab.quantities import number
from jamie_lab.scenario import Labels
from jamie_lab.series import Family, constant, family, gauges
from jamie_lab.world import ContainerStatus, Owner, Pod

PHASES = ("Pending", "Running", "Succeeded", "Failed", "Unknown")
UNITS = {"cpu": "core", "memory": "byte"}

Rows = list[tuple[Labels, float]]


def pod_families(pods: list[Pod]) -> list[Family]:
    """Return the families of pods and containers."""
    return [*_pods(pods), *_statuses(pods), *_specified(pods)]


def _pods(pods: list[Pod]) -> list[Family]:
    phases: Rows = [
        ({**_pod(pod), "phase": phase}, float(pod.status.phase == phase))
        for pod in pods
        for phase in PHASES
    ]
    ready: Rows = [
        ({**_pod(pod), "condition": condition}, float(pod.ready == (condition == "true")))
        for pod in pods
        for condition in ("true", "false")
    ]
    started: Rows = [
        (_pod(pod), _epoch(pod.status.start_time)) for pod in pods if pod.status.start_time
    ]

    return [
        gauges("kube_pod_info", "Information about pod.", [(_pod_info(pod), 1.0) for pod in pods]),
        gauges("kube_pod_status_phase", "The pods current phase.", phases),
        gauges(
            "kube_pod_status_ready", "Describes whether the pod is ready to serve requests.", ready
        ),
        gauges("kube_pod_start_time", "Start time in unix timestamp for a pod.", started),
    ]


def _pod_info(pod: Pod) -> Labels:
    owner = next(iter(pod.metadata.owner_references), Owner("", ""))

    return {
        **_pod(pod),
        "node": pod.spec.node_name,
        "pod_ip": pod.status.pod_ip,
        "host_ip": pod.status.host_ip,
        "created_by_kind": owner.kind,
        "created_by_name": owner.name,
    }


def _statuses(pods: list[Pod]) -> list[Family]:
    statuses = [
        ({**_pod(pod), "container": one.name}, one)
        for pod in pods
        for one in pod.status.container_statuses
    ]
    restarts = [(labels, constant(float(one.restart_count))) for labels, one in statuses]
    ready: Rows = [(labels, float(one.ready)) for labels, one in statuses]
    running: Rows = [(labels, float(one.state.running is not None)) for labels, one in statuses]
    waiting: Rows = [(labels, float(one.state.waiting is not None)) for labels, one in statuses]
    name = "kube_pod_container_status"

    return [
        family(f"{name}_restarts_total", "counter", "The number of container restarts.", restarts),
        gauges(f"{name}_ready", "Whether the containers readiness check succeeded.", ready),
        gauges(f"{name}_running", "Whether the container is currently running.", running),
        gauges(f"{name}_waiting", "Whether the container is currently waiting.", waiting),
        gauges(f"{name}_waiting_reason", "Why the container is waiting.", _waiting(statuses)),
        gauges(
            f"{name}_last_terminated_reason",
            "The last reason the container was terminated.",
            _terminated(statuses),
        ),
    ]


def _waiting(statuses: list[tuple[Labels, ContainerStatus]]) -> Rows:
    return [
        ({**labels, "reason": status.state.waiting.reason}, 1.0)
        for labels, status in statuses
        if status.state.waiting and status.state.waiting.reason
    ]


def _terminated(statuses: list[tuple[Labels, ContainerStatus]]) -> Rows:
    return [
        ({**labels, "reason": status.last_state.terminated.reason}, 1.0)
        for labels, status in statuses
        if status.last_state.terminated
    ]


def _specified(pods: list[Pod]) -> list[Family]:
    containers = [
        ({**_pod(pod), "container": one.name}, pod, one)
        for pod in pods
        for one in pod.spec.containers
    ]
    images: Rows = [({**labels, "image": one.image}, 1.0) for labels, _, one in containers]
    requests: Rows = [
        row
        for labels, pod, one in containers
        for row in _amounts(labels, pod, one.resources.requests)
    ]
    limits: Rows = [
        row
        for labels, pod, one in containers
        for row in _amounts(labels, pod, one.resources.limits)
    ]
    name = "kube_pod_container"

    return [
        gauges(f"{name}_info", "Information about a container in a pod.", images),
        gauges(f"{name}_resource_requests", "Resources requested by a container.", requests),
        gauges(f"{name}_resource_limits", "Resource limits of a container.", limits),
    ]


def _amounts(labels: Labels, pod: Pod, amounts: dict[str, str]) -> Iterator[tuple[Labels, float]]:
    for resource, quantity in amounts.items():
        unit = UNITS.get(resource, "integer")
        node = pod.spec.node_name
        yield {**labels, "node": node, "resource": resource, "unit": unit}, number(quantity)


def _pod(pod: Pod) -> Labels:
    metadata = pod.metadata

    return {"namespace": metadata.namespace, "pod": metadata.name, "uid": metadata.uid}


def _epoch(text: str) -> float:
    return dt.datetime.fromisoformat(text).timestamp()
