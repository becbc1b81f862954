"""Causes of workloads that are not what they should be, as the lab's controllers bring them about.

Pods of `schedulerName: nobody` stay where they are, young and nobody's fault, so that what is said
of their workload is seen by itself.
"""

from typing import Any

from tests.kubernetes.wire import Json
from tests.live.causes import Cause, Made

IMAGE = "registry.example.net/app:1"
NEWER = {"spec": {"template": {"metadata": {"annotations": {"changed": "yes"}}}}}
WAITING = {"schedulerName": "nobody"}
LONG = 1_000_000
UNIT = "tests/kubernetes/test_causes_workloads.py"


def template(name: str, restart: str = "", **spec: Any) -> Json:
    container: Json = {"name": "app", "image": IMAGE, **spec.pop("container", {})}
    once = {"restartPolicy": restart} if restart else {}
    return {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 1, **once, **spec},
    }


def deployment(name: str, replicas: int = 2, pods: Json | None = None, **spec: Any) -> Json:
    return {
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": template(name, **(pods or {})),
            **spec,
        },
    }


def stateful(name: str, replicas: int = 2, pods: Json | None = None, **spec: Any) -> Json:
    return deployment(name, replicas, pods, **spec)


def daemon(name: str, pods: Json | None = None, **spec: Any) -> Json:
    body = deployment(name, 1, pods, **spec)
    del body["spec"]["replicas"]

    return body


def job(name: str, pods: Json | None = None, **spec: Any) -> Json:
    body: Json = {"template": template(name, "Never", **(pods or {})), **spec}
    return {"metadata": {"name": name}, "spec": body}


def cron(name: str, schedule: str, pods: Json | None = None, **spec: Any) -> Json:
    run: Json = job(name, pods, **spec.pop("run", {}))["spec"]
    return {
        "metadata": {"name": name},
        "spec": {"schedule": schedule, "jobTemplate": {"spec": run}, **spec},
    }


def service(name: str, selector: Json, port: int | str = 80, **spec: Any) -> Made:
    ports = [{"port": 80, "targetPort": port}]
    body = {"metadata": {"name": name}, "spec": {"selector": selector, "ports": ports, **spec}}
    return Made("v1/services", body)


def deploy(name: str, *, then: Json | None = None, **how: Any) -> Made:
    return Made("apps/v1/deployments", deployment(name, **how), then=then)


def sts(name: str, *, then: Json | None = None, **how: Any) -> Made:
    return Made("apps/v1/statefulsets", stateful(name, **how), then=then)


def ds(name: str, *, then: Json | None = None, **how: Any) -> Made:
    return Made("apps/v1/daemonsets", daemon(name, **how), then=then)


SHARED: Json = {"app": "shared"}
VOLUME: Json = {
    "metadata": {"name": "jamie-test-claimed"},
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "1Gi"},
        "hostPath": {"path": "/nowhere"},
        "claimRef": {"name": "claimed", "namespace": "jamie-test-diagnose-workloads"},
        "storageClassName": "",
    },
}
CLAIM: Json = {
    "metadata": {"name": "claimed"},
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "",
        "volumeName": "jamie-test-claimed",
    },
}
MOUNTED: Json = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "claimed"}}]}
LARGE: Json = {
    "spec": {
        "template": {
            "spec": {
                "containers": [
                    {"name": "app", "image": IMAGE, "resources": {"requests": {"cpu": "500"}}}
                ]
            }
        }
    }
}
ORPHAN: Json = {
    "metadata": {"name": "orphan-7c9d69445", "labels": {"pod-template-hash": "7c9d69445"}},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "orphan", "pod-template-hash": "7c9d69445"}},
        "template": {
            **template("orphan"),
            "metadata": {"labels": {"app": "orphan", "pod-template-hash": "7c9d69445"}},
        },
    },
}
WORKLOADS = (
    Cause(
        "rollout-stuck",
        "ProgressDeadlineExceeded, stuck rollout",
        "deploy/stuck",
        made=[deploy("stuck", pods=WAITING, progressDeadlineSeconds=1)],
    ),
    Cause(
        "rollout-no-room",
        "maxUnavailable=0 with no capacity",
        "deploy/tight",
        made=[
            deploy(
                "tight",
                replicas=1,
                strategy={"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
                progressDeadlineSeconds=LONG,
                then=LARGE,
            )
        ],
    ),
    Cause(
        "rollout-paused",
        "paused with a waiting rollout",
        "deploy/paused",
        made=[
            deploy("paused", then={"spec": {**NEWER["spec"], "paused": True}}),
        ],
    ),
    Cause(
        "none-ready",
        "last rollout left none ready",
        "deploy/none",
        made=[deploy("none", pods=WAITING, progressDeadlineSeconds=LONG)],
    ),
    Cause(
        "pods-missing",
        "short of replicas without any sick pod",
        how="elsewhere",
        why=f"the controllers make missing pods at once: {UNIT}",
    ),
    Cause(
        "not-observed",
        "observedGeneration lag",
        how="elsewhere",
        why=f"needs a controller manager that is down: {UNIT}",
    ),
    Cause(
        "controllers-asleep",
        "controller-manager trouble",
        how="elsewhere",
        why=f"needs a controller manager that is down: {UNIT}",
    ),
    Cause(
        "selector-shared",
        "selector mismatch",
        "deploy/twin-b",
        made=[
            Made(
                "apps/v1/deployments",
                {
                    "metadata": {"name": name},
                    "spec": {
                        "selector": {"matchLabels": SHARED},
                        "template": template("shared"),
                    },
                },
            )
            for name in ("twin-a", "twin-b")
        ],
    ),
    Cause(
        "replicaset-orphaned",
        "orphaned pods",
        "rs/orphan-7c9d69445",
        made=[Made("apps/v1/replicasets", ORPHAN)],
    ),
    Cause(
        "claim-shared",
        "RWO volume with >1 replica",
        "deploy/sharing",
        made=[
            Made("v1/persistentvolumes", VOLUME, namespaced=False),
            Made("v1/persistentvolumeclaims", CLAIM),
            deploy("sharing", pods=MOUNTED),
        ],
    ),
    Cause(
        "ordered-start-blocked",
        "StatefulSet ordered start blocked by pod N",
        "sts/ordered",
        made=[
            service("ordered", {"app": "ordered"}, clusterIP="None"),
            sts("ordered", replicas=3, pods=WAITING, serviceName="ordered"),
        ],
    ),
    Cause(
        "revision-stuck",
        "StatefulSet waits for a pod of a revision taken back",
        "sts/mended",
        made=[sts("mended", pods=WAITING, then=NEWER)],
    ),
    Cause(
        "pod-name-taken",
        "somebody else's pod has the name",
        "sts/taken",
        made=[
            Made("v1/pods", {"metadata": {"name": "taken-0"}, "spec": template("x")["spec"]}),
            sts("taken", replicas=1),
        ],
    ),
    Cause(
        "headless-service-missing",
        "missing headless service",
        "sts/nameless",
        made=[sts("nameless", serviceName="nobody")],
    ),
    Cause(
        "service-not-headless",
        "StatefulSet whose Service is not headless",
        "sts/headed",
        made=[
            service("headed", {"app": "headed"}),
            sts("headed", serviceName="headed"),
        ],
    ),
    Cause(
        "partition-holds-old-pods",
        "partition leftovers",
        "sts/parted",
        made=[
            sts(
                "parted",
                updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 1}},
                then=NEWER,
            )
        ],
    ),
    Cause(
        "on-delete-holds-old-pods",
        "OnDelete leftovers",
        "ds/kept",
        made=[ds("kept", updateStrategy={"type": "OnDelete"}, then=NEWER)],
    ),
    Cause(
        "daemonset-misses-nodes",
        "DaemonSet missed nodes and why",
        "ds/missing",
        made=[ds("missing", pods=WAITING)],
    ),
    Cause(
        "daemonset-fits-no-node",
        "DaemonSet that fits no node",
        "ds/nowhere",
        made=[ds("nowhere", pods={"nodeSelector": {"topology.kubernetes.io/region": "eu-west"}})],
    ),
    Cause(
        "claims-of-older-size",
        "StatefulSet whose claim template was enlarged",
        how="elsewhere",
        why=f"a template of claims cannot be changed, only made anew: {UNIT}",
    ),
    Cause(
        "daemonset-misscheduled",
        "misscheduled",
        how="elsewhere",
        why="needs a node whose labels change: tests/kubernetes/test_causes_daemons.py",
    ),
    Cause("", "scaled to zero", "deploy/off", made=[deploy("off", replicas=0)]),
    Cause(
        "",
        "paused, and nothing waits",
        "deploy/still",
        made=[deploy("still", then={"spec": {"paused": True}})],
    ),
    Cause("", "just as it should be", "deploy/well", made=[deploy("well")]),
    Cause(
        "",
        "a DaemonSet for nodes there are none of",
        "ds/gpus",
        made=[ds("gpus", pods={"nodeSelector": {"gpu": "a"}})],
    ),
)
