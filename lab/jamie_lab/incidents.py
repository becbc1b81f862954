"""What is wrong with which pod, and how the API server shows it: statuses and events over time."""

import datetime as dt
import hashlib
from collections import defaultdict
from string import Template

import msgspec

from jamie_lab.kube import Manifest
from jamie_lab.scenario import Change, Happening, Sickness, Workload
from jamie_lab.timeline import Scene, crashes
from jamie_lab.world import Pod, World

WAITING = {
    "CrashLoopBackOff": "back-off 5m0s restarting failed container={container} pod={pod}",
    "ImagePullBackOff": 'Back-off pulling image "{image}"',
}


class Case(msgspec.Struct, frozen=True):
    """A pod that is ill: since when, and with what."""

    pod: Pod
    since: float
    sickness: Sickness


class Members(msgspec.Struct, frozen=True):
    """The pods of each workload of a scenario, in the order of their names."""

    pods: dict[str, list[Pod]]

    def of(self, workload: Workload) -> list[Pod]:
        """Return the pods of one workload."""
        return self.pods.get(workload.key, [])


def members(world: World) -> Members:
    """Sort the pods of a snapshot by workload."""
    found: dict[str, list[Pod]] = defaultdict(list)
    for pod in sorted(world.pods, key=lambda pod: pod.metadata.name):
        found[pod.workload].append(pod)

    return Members(dict(found))


def cases(scene: Scene, pods: Members) -> list[Case]:
    """List every pod that is ill: the first ones of each workload that has a sickness."""
    return [
        Case(pod, scene.since(change), change.sickness)
        for workload in scene.scenario.workloads
        for change in workload.changes
        if change.sickness
        for pod in pods.of(workload)[: change.sickness.pods]
    ]


def well_status(scene: Scene, workload: Workload, pod: Pod) -> Manifest:
    """Return the status of a healthy pod that has been running since before the history."""
    moment = stamp(scene.started(workload))

    return {
        "startTime": moment,
        "conditions": _conditions(pod, moment, moment, ready=True),
        "containerStatuses": [
            {
                **_identity(pod, number),
                "ready": True,
                "started": True,
                "restartCount": 0,
                "state": {"running": {"startedAt": moment}},
            }
            for number in range(len(pod.spec.containers))
        ],
    }


def sick_status(scene: Scene, workload: Workload, case: Case, now: float) -> Manifest:
    """Return the status of an ill pod at a moment, with the restarts it has had by then."""
    started = stamp(scene.started(workload))
    statuses = [
        {**_identity(case.pod, number), **_container_status(scene, workload, case, now)}
        for number in range(len(case.pod.spec.containers))
    ]
    phase = "Pending" if case.sickness.ailment == "ImagePullBackOff" else "Running"

    return {
        "phase": phase,
        "startTime": started,
        "conditions": _conditions(case.pod, started, stamp(case.since), ready=False),
        "containerStatuses": statuses,
    }


def events(scene: Scene, pods: Members, now: float) -> list[Manifest]:
    """Return every event of the incident as it stands at a moment, with its count."""
    return [
        _event(pod, workload, happening, (scene.since(change), now))
        for workload in scene.scenario.workloads
        for change in workload.changes
        for happening in change.events
        for pod in _concerned(pods.of(workload), change, happening)
    ]


def stamp(moment: float) -> str:
    """Write epoch seconds as Kubernetes does."""
    return dt.datetime.fromtimestamp(moment, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _container_status(scene: Scene, workload: Workload, case: Case, now: float) -> Manifest:
    status: Manifest = {"ready": False, "restartCount": 0}
    if case.sickness.ailment == "NotReady":
        running = {"startedAt": stamp(scene.started(workload))}
        return {**status, "started": True, "state": {"running": running}}

    container = case.pod.spec.containers[0]
    message = WAITING[case.sickness.ailment].format(
        container=container.name, pod=case.pod.metadata.name, image=container.image
    )
    waiting = {"reason": case.sickness.ailment, "message": message}
    status |= {"started": False, "state": {"waiting": waiting}}
    ends = crashes(case.since, now, case.sickness)
    if ends:
        terminated = _terminated(case.sickness, ends[-1])
        status |= {"restartCount": len(ends), "lastState": {"terminated": terminated}}

    return status


def _terminated(sickness: Sickness, moment: float) -> Manifest:
    return {
        "exitCode": sickness.exit_code,
        "reason": sickness.reason,
        "message": sickness.message,
        "startedAt": stamp(moment - 3),
        "finishedAt": stamp(moment),
    }


def _conditions(pod: Pod, started: str, changed: str, *, ready: bool) -> list[Manifest]:
    names = " ".join(container.name for container in pod.spec.containers)
    trouble = {
        "reason": "ContainersNotReady",
        "message": f"containers with unready status: [{names}]",
    }
    readiness: Manifest = {
        "status": "True" if ready else "False",
        "lastTransitionTime": changed,
        **({} if ready else trouble),
    }
    settled: Manifest = {"status": "True", "lastTransitionTime": started}

    return [
        {"type": "PodScheduled", **settled},
        {"type": "Initialized", **settled},
        {"type": "Ready", **readiness},
        {"type": "ContainersReady", **readiness},
    ]


def _identity(pod: Pod, number: int) -> Manifest:
    container = pod.spec.containers[number]
    digest = hashlib.sha256(container.image.encode()).hexdigest()
    repository = container.image.rpartition(":")[0]

    return {
        "name": container.name,
        "image": container.image,
        "imageID": f"{repository}@sha256:{digest}",
        "containerID": f"containerd://{hashlib.sha256(pod.metadata.uid.encode()).hexdigest()}",
    }


def _concerned(pods: list[Pod], change: Change, happening: Happening) -> list[Pod | None]:
    match happening.about:
        case "workload":
            return [None]
        case "pods":
            return list(pods)
        case "sick":
            return list(pods[: change.sickness.pods if change.sickness else 0])


def _event(
    pod: Pod | None, workload: Workload, happening: Happening, period: tuple[float, float]
) -> Manifest:
    start, now = period
    repeats = int((now - start) // happening.every_seconds)
    about = _about(pod, workload)
    message = Template(happening.message).safe_substitute(_facts(pod, workload))
    name = hashlib.sha256(f"{happening.reason}/{message}".encode()).hexdigest()[:16]

    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{about['name']}.{name}", "namespace": workload.namespace},
        "involvedObject": about,
        "reason": happening.reason,
        "message": message,
        "type": happening.type,
        "count": repeats + 1,
        "firstTimestamp": stamp(start),
        "lastTimestamp": stamp(start + repeats * happening.every_seconds),
        "source": {"component": happening.source, "host": pod.spec.node_name if pod else ""},
        "reportingComponent": happening.source,
    }


def _about(pod: Pod | None, workload: Workload) -> Manifest:
    if pod is None:
        return {
            "apiVersion": "apps/v1",
            "kind": workload.kind,
            "name": workload.name,
            "namespace": workload.namespace,
        }

    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "name": pod.metadata.name,
        "namespace": pod.metadata.namespace,
        "uid": pod.metadata.uid,
        "fieldPath": f"spec.containers{{{pod.spec.containers[0].name}}}",
    }


def _facts(pod: Pod | None, workload: Workload) -> dict[str, str]:
    facts = {"workload": workload.name, "namespace": workload.namespace, "container": workload.name}
    if pod is None:
        return facts

    return facts | {
        "pod": pod.metadata.name,
        "uid": pod.metadata.uid,
        "ip": pod.status.pod_ip,
        "node": pod.spec.node_name,
    }
