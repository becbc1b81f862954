"""Kubernetes objects made from a scenario: nodes, namespaces, workloads and their Services."""

from jamie_lab.kube import Manifest
from jamie_lab.scenario import NodeGroup, Scenario, Workload
from jamie_lab.timeline import Scene, at
from jamie_lab.world import LABEL

BUILT_IN_NAMESPACES = {"default", "kube-system", "kube-public", "kube-node-lease"}
USAGE = "kwok.x-k8s.io/usage-"


def namespaces(scenario: Scenario) -> list[Manifest]:
    """Return the namespaces an API server does not make by itself."""
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        for name in scenario.namespaces
        if name not in BUILT_IN_NAMESPACES
    ]


def nodes(scenario: Scenario) -> list[Manifest]:
    """Return every node of every group, numbered from one."""
    return [
        _node(group, number) for group in scenario.nodes for number in range(1, group.count + 1)
    ]


def workloads(scene: Scene) -> list[Manifest]:
    """Return the workloads of a scenario and the Services in front of them."""
    listed = scene.scenario.workloads
    services = [_service(workload) for workload in listed if workload.port]

    return [_workload(at(scene, workload, scene.loaded_at)) for workload in listed] + services


def _node(group: NodeGroup, number: int) -> Manifest:
    name = f"{group.prefix}{number}"
    size = {"cpu": group.cpu, "memory": group.memory, "pods": str(group.pods)}
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/zone": f"eu-west-1{'abc'[number % 3]}",
        **group.labels,
    }
    # Where kwok answers for this node what a kubelet answers under /metrics/resource.
    annotations = {
        "metrics.k8s.io/resource-metrics-path": f"/metrics/nodes/{name}/metrics/resource"
    }
    info = {
        "kubeletVersion": "v1.37.2",
        "osImage": "Debian GNU/Linux 13",
        "kernelVersion": "6.12.57",
        "containerRuntimeVersion": "containerd://2.2.0",
        "operatingSystem": "linux",
        "architecture": "amd64",
    }

    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": annotations},
        "status": {"allocatable": size, "capacity": size, "nodeInfo": info},
    }


def _workload(workload: Workload) -> Manifest:
    selector = {LABEL: workload.name}
    spec: Manifest = {
        "replicas": workload.replicas,
        "selector": {"matchLabels": selector},
        "template": _template(workload),
    }
    match workload.kind:
        case "StatefulSet":
            # All at once: one after another would only make loading slow.
            spec |= {"serviceName": workload.name, "podManagementPolicy": "Parallel"}
        case "DaemonSet":
            del spec["replicas"]
        case "CronJob":
            spec = _schedule(workload)
        case "Deployment":
            pass

    return {
        "apiVersion": "batch/v1" if workload.kind == "CronJob" else "apps/v1",
        "kind": workload.kind,
        "metadata": {
            "name": workload.name,
            "namespace": workload.namespace,
            "labels": _labels(workload),
        },
        "spec": spec,
    }


def _schedule(workload: Workload) -> Manifest:
    job = {"template": _template(workload, "OnFailure"), "ttlSecondsAfterFinished": 0}

    return {"schedule": workload.schedule, "jobTemplate": {"spec": job}}


def _template(workload: Workload, restart: str = "Always") -> Manifest:
    annotations = {
        f"{USAGE}cpu": workload.usage.cpu,
        f"{USAGE}memory": workload.usage.memory,
    }
    spec: Manifest = {"containers": [_container(workload)], "restartPolicy": restart}

    return {
        "metadata": {"labels": _labels(workload), "annotations": annotations},
        "spec": spec,
    }


def _container(workload: Workload) -> Manifest:
    container: Manifest = {
        "name": workload.name,
        "image": workload.image,
        "env": _environment(workload),
        "resources": {
            "requests": workload.requests,
            "limits": workload.limits,
        },
    }
    if workload.port:
        container["ports"] = [{"containerPort": workload.port, "name": "http"}]
        probe = {"httpGet": {"path": "/ready", "port": workload.port}}
        container["readinessProbe"] = probe

    return container


def _environment(workload: Workload) -> list[Manifest]:
    plain: list[Manifest] = [{"name": key, "value": text} for key, text in workload.env.items()]
    secret: list[Manifest] = [
        {"name": key, "valueFrom": {"secretKeyRef": {"name": name, "key": field}}}
        for key, (name, field) in workload.secret_env.items()
    ]

    return plain + secret


def _service(workload: Workload) -> Manifest:
    headless = {"clusterIP": "None"} if workload.kind == "StatefulSet" else {}
    port = {"name": "http", "port": workload.port, "targetPort": workload.port}

    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": workload.name,
            "namespace": workload.namespace,
            "labels": _labels(workload),
        },
        "spec": {"selector": {LABEL: workload.name}, "ports": [port], **headless},
    }


def _labels(workload: Workload) -> dict[str, str]:
    version = workload.image.rpartition(":")[2]

    return {LABEL: workload.name, "app.kubernetes.io/version": version}
