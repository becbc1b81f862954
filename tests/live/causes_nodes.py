"""Nodes with trouble: conditions as kubelets report them, on nodes that kwok leaves alone."""

import datetime as dt
from typing import Any

from tests.kubernetes.wire import Json, ago
from tests.live.causes import Cause, Made, Said
from tests.live.placing import pod

OWN = "jamie-test-nodes"
HELD = "jamie-test-nodes-held"
UNIT = "tests/kubernetes/test_diagnose_nodes.py"
AHEAD_SECONDS = 900
"""How far ahead the server's clock is: what takes minutes to look wrong does so at once."""

STAGE: Json = {
    "apiVersion": "kwok.x-k8s.io/v1alpha1",
    "kind": "Stage",
    "metadata": {"name": HELD},
    "spec": {
        "resourceRef": {"apiGroup": "v1", "kind": "Node"},
        "selector": {
            "matchExpressions": [
                {"key": f'.metadata.labels["{HELD}"]', "operator": "In", "values": ["yes"]}
            ]
        },
        "delay": {"durationMilliseconds": 3_600_000},
        "weight": 10_000,
        "next": {},
    },
}
"""Outweighs what makes nodes ready again: those with the label stay as they are."""


def host(name: str, *conditions: Json, events: tuple[Said, ...] = (), **fields: Any) -> Made:
    """A node whose status stays: without a phase kwok sends it no heartbeat."""
    full = f"{OWN}-{name}"
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
    given = {one["type"]: one for one in (ready, *conditions)}
    offered = {"cpu": "2", "memory": "4Gi", "pods": "10"}
    taints = [{"key": OWN, "value": "own", "effect": "NoSchedule"}, *fields.pop("taints", [])]
    metadata = {"name": full, "labels": {HELD: "yes", OWN: name}, **fields.pop("metadata", {})}
    info = fields.pop("info", {})
    body: Json = {
        "metadata": metadata,
        "spec": {"taints": taints, **fields},
        "status": {
            "allocatable": offered,
            "capacity": offered,
            "conditions": [{"lastTransitionTime": ago(minutes=8), **one} for one in given.values()],
            **info,
        },
    }
    posted = tuple(one._replace(about=f"Node/{full}") for one in events)
    return Made("v1/nodes", body, namespaced=False, events=posted)


def is_so(kind: str, status: str = "True", reason: str = "", message: str = "") -> Json:
    return {"type": kind, "status": status, "reason": reason or kind, "message": message}


def row(code: str, checklist: str, made: Made, *more: Made, how: Any = "played") -> Cause:
    return Cause(code, checklist, f"node/{made.name}", how, made=(made, *more))


VERSION = {
    "kubeletVersion": "v1.29.0", "osImage": "", "kernelVersion": "", "containerRuntimeVersion": "",
    "architecture": "", "operatingSystem": "", "bootID": "", "machineID": "", "systemUUID": "",
    "kubeProxyVersion": "",
}  # fmt: skip

LEASES = {f"{OWN}-ahead": dt.timedelta(minutes=25), f"{OWN}-late": dt.timedelta(minutes=-1)}
"""When nodes renewed their leases, from now: by clocks that are wrong, or by nobody."""

NODES = (
    row(
        "node-silent",
        "NotReady: the kubelet stopped reporting; pods Pending for it",
        host("silent", is_so("Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting")),
        pod("stranded", tolerations=[{"key": OWN, "operator": "Exists"}],
            nodeSelector={OWN: "silent"}),
    ),
    row(
        "node-not-ready",
        "NotReady: the kubelet says why",
        host("unready", is_so("Ready", "False", "KubeletNotReady", "cni plugin not initialized")),
    ),
    row(
        "memory-pressure",
        "pressure: memory",
        host("memory", is_so("MemoryPressure", reason="KubeletHasInsufficientMemory")),
    ),
    row(
        "disk-pressure",
        "pressure: disk; pods Pending for it",
        host("disk", is_so("DiskPressure", reason="KubeletHasDiskPressure")),
        pod("crowded-out", tolerations=[{"key": OWN, "operator": "Exists"}],
            nodeSelector={OWN: "disk"}),
    ),
    row("pid-pressure", "pressure: PID", host("pid", is_so("PIDPressure"))),
    row(
        "network-unavailable",
        "NetworkUnavailable",
        host("network", is_so("NetworkUnavailable", reason="NoRouteCreated")),
    ),
    row(
        "node-problem",
        "what a problem detector reports: KernelDeadlock",
        host("kernel", is_so("KernelDeadlock", reason="DockerHung", message="task blocked")),
    ),
    row(
        "node-uninitialised",
        "a cloud that never initialises it",
        host(
            "raw",
            taints=[
                {
                    "key": "node.cloudprovider.kubernetes.io/uninitialized",
                    "value": "true",
                    "effect": "NoSchedule",
                }
            ],
        ),
        how="real",
    ),
    row(
        "node-deletion-stuck",
        "deleted and held by a finalizer",
        host("leaving", metadata={"finalizers": ["example.com/guard"]}),
        how="real",
    ),
    row(
        "node-out-of-service",
        "ready again and still marked out of service",
        host("back", taints=[
            {"key": "node.kubernetes.io/out-of-service", "value": "x", "effect": "NoExecute"}
        ]),
    ),
    row(
        "node-flapping",
        "NotReady again and again",
        host("flaps", events=(Said("NodeNotReady", "Node status is now: NotReady", "Normal", 4),)),
    ),
    row(
        "kubelet-restarting",
        "kubelet restarts",
        host("restarts", events=(Said("Starting", "Starting kubelet.", "Normal", 5),)),
    ),
    row(
        "system-oom",
        "system out of memory",
        host("oom", events=(Said("SystemOOM", "System OOM encountered, victim process: java"),)),
    ),
    row(
        "image-gc-failed",
        "image GC",
        host("images", events=(Said("ImageGCFailed", "wanted to free 9 bytes, freed 0"),)),
    ),
    row(
        "eviction-threshold",
        "evictions begin",
        host("evicts", events=(Said("EvictionThresholdMet", "Attempting to reclaim memory"),)),
    ),
    row("clock-skew", "clock", host("ahead")),
    row("node-lease-stale", "silent and still counted as ready", host("late")),
    row("kubelet-skew", "kubelet version skew", host("old", info={"nodeInfo": VERSION}),
        how="real"),
    row("node-cordoned", "cordoned", host("shut", unschedulable=True), how="real"),
    Cause("cluster-full", "allocatable exhausted; what if a node fails", how="elsewhere",
          why=f"the lab's nodes are roomy; {UNIT}"),
    Cause("", "good news is no trouble", f"node/{OWN}-voter", "played",
          made=(host("voter", is_so("EtcdIsVoter"), is_so("Sandboxed")),)),
    Cause("", "taken away by an autoscaler, on purpose", f"node/{OWN}-shrinks", "real",
          made=(host("shrinks", unschedulable=True, taints=[
              {"key": "ToBeDeletedByClusterAutoscaler", "value": "1", "effect": "NoSchedule"}]),)),
    Cause("", "one kubelet start is none too many", f"node/{OWN}-new", "played",
          made=(host("new", events=(Said("Starting", "Starting kubelet.", "Normal", 1),
                                    Said("ImageGCFailed", "non-existent label", times=1))),)),
)  # fmt: skip
