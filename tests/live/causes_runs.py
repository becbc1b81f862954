"""Causes of pods that run and are not ready, or failed, or do not go; and what is no fault."""

from tests.kubernetes.wire import ago, condition, container, ended
from tests.live import said_by_kubelets as said
from tests.live.causes import Cause, Made, Said
from tests.live.playing import (
    IMAGE,
    PORTS,
    PROBE,
    cause,
    elsewhere,
    ends,
    failed,
    main,
    pod,
    resizing,
    running,
    state,
    unready,
)

ELSEWHERE = "tests/kubernetes/test_causes_endings.py"
WRONG = {"httpGet": {"path": "/healthz", "port": 8081}}
GATED = [condition("PodScheduled"), condition("ContainersReady"), condition(
    "Ready", "False", reason="ReadinessGatesNotReady", message=said.NO_GATE)]  # fmt: skip
LOST = [condition("PodScheduled"), condition("Ready", "Unknown", reason="NodeStatusUnknown")]

RUNS = (
    unready("readiness-failing", "readiness failing: HTTP status", "status",
            Said("Unhealthy", said.status("Readiness", 503)), readinessProbe=PROBE, ports=PORTS),
    unready("probe-wrong-port", "readiness failing: refused at a port that is not declared", "port",
            Said("Unhealthy", said.refused("Readiness", 8081)), readinessProbe=WRONG, ports=PORTS),
    unready("startup-failing", "startup probe still running", "starting",
            Said("Unhealthy", said.refused("Startup")), ports=PORTS,
            startupProbe={**PROBE, "failureThreshold": 600}),
    unready("not-ready", "not ready, and nothing says why", "unready"),
    cause("readiness-failing", "readiness failing: native sidecar",
          pod("proxied", initContainers=[{"name": "proxy", "image": IMAGE, "readinessProbe": PROBE,
                                          "restartPolicy": "Always"}]),
          state(running(), inits=[running("proxy", ready=False)]),
          [Said("Unhealthy", said.refused("Readiness"))]),
    cause("readiness-gate", "readiness gates",
          pod("gate", readinessGates=[{"conditionType": "example.net/routed"}]),
          {"phase": "Running", "containerStatuses": [running()], "conditions": GATED}),
    cause("job-sidecar-runs", "the work is done, a container beside it runs on",
          pod("batch", main(), {"name": "proxy", "image": IMAGE}, restartPolicy="Never"),
          state(container(state=ends(0, "Completed")), running("proxy"))),
    cause("node-lost", "NodeLost/Unknown", pod("lost"),
          {"phase": "Running", "containerStatuses": [running()], "conditions": LOST}),
    failed("evicted", "Evicted: which resource", "evicted", "Evicted", said.LOW_ON_MEMORY),
    failed("preempted", "Preempted", "preempted", "Preempting",
           "Preempted in order to admit critical pod"),
    failed("node-shutdown", "a node that shut down", "shut-down", "Terminated",
           "Pod was terminated in response to imminent node shutdown."),
    failed("admission-rejected", "NodeAffinity, OutOfcpu: refused by the kubelet", "refused",
           "OutOfcpu", said.OUT_OF_CPU),
    failed("deadline-exceeded", "DeadlineExceeded", "late", "DeadlineExceeded",
           "Pod was active on the node longer than the specified deadline"),
    cause("container-lost", "ContainerStatusUnknown", pod("unknown", restartPolicy="Never"),
          state(container(state=ends(137, "ContainerStatusUnknown", message=said.NOT_LOCATED)),
                phase="Failed")),
    resizing("resize-infeasible", "in-place resize: infeasible", "too-big", "PodResizePending",
             "Infeasible", "Node didn't have enough capacity: cpu, requested: 64000, capacity:"
             " 8000"),
    resizing("resize-deferred", "in-place resize: deferred", "big", "PodResizePending", "Deferred",
             "Node didn't have enough resource: cpu, requested: 4000, used: 6000, capacity: 8000"),
    resizing("resize-failed", "in-place resize: error", "misfit", "PodResizeInProgress", "Error",
             "failed to resize container app"),
    elsewhere("finalizer-holds", "Terminating stuck: finalizers",
              f"a pod has to be late by a minute first: {ELSEWHERE}"),
    elsewhere("terminating-node-lost", "Terminating stuck: dead node",
              f"kwok answers for every node: {ELSEWHERE}"),
    elsewhere("terminating-stuck", "Terminating stuck: the kubelet",
              f"a pod has to be late by a minute first: {ELSEWHERE}"),
    elsewhere("slow-termination", "long grace period",
              f"a pod has to go for some minutes first: {ELSEWHERE}"),
    elsewhere("prestop-failed", "PreStop hook error",
              f"a pod has to be late by a minute first: {ELSEWHERE}"),
)  # fmt: skip

SOUND = (
    Cause("", "healthy", "pod/healthy", made=[Made("v1/pods", pod("healthy"), pods={})]),
    cause("", "a recovered restart", pod("recovered"),
          state(running(since=ago(minutes=50), restartCount=4, lastState=ended(1, minutes=50)),
                ready="True")),
    cause("", "just started", pod("young"),
          state(running(since=ago(seconds=5), ready=False))),
    Cause("", "a Job that succeeded", "job/done",
          made=[Made("batch/v1/jobs", {"metadata": {"name": "done"}, "spec": {"template": {
              "spec": {"restartPolicy": "Never", "containers": [main()]}}}})]),
)  # fmt: skip
