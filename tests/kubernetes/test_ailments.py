"""What is sick, and what only looks like it."""

import time
from collections.abc import Callable

import msgspec
import pytest

from jamie_kubernetes.client.objects import Pod
from jamie_kubernetes.facts.ailments import Ailment, Severity, ailment_of
from jamie_kubernetes.facts.standing import standing_of
from tests.kubernetes.wire import Json, ago, condition, container, crashing, ended, pod, waiting


def ailment(shape: Json) -> Ailment | None:
    found = msgspec.convert(shape, Pod)
    return ailment_of(found, standing_of(found), time.time_ns())


def unready(**past: float) -> list[Json]:
    since = {"lastTransitionTime": ago(**past)}
    return [{**condition("PodScheduled"), **since}, {**condition("Ready", "False"), **since}]


def young(**past: float) -> Json:
    return {"metadata": {"creationTimestamp": ago(**past)}}


def started(**past: float) -> Json:
    return {"running": {"startedAt": ago(**past)}}


def not_placed(**past: float) -> Json:
    message = "0/3 nodes are available: 3 Insufficient cpu."
    refused = condition("PodScheduled", "False", reason="Unschedulable", message=message)
    return pod("p", phase="Pending", node="", containers=[], conditions=[refused], **young(**past))


CREATING = [container(state=waiting("ContainerCreating"))]

SICK: dict[str, tuple[Json, Severity, str]] = {
    "crashing": (crashing("p"), Severity.CRASHING, "last exit 1"),
    "out of memory": (crashing("p", code=137), Severity.CRASHING, "last exit 137 OOMKilled"),
    "killed": (
        pod("p", containers=[container(state=ended(137))]),
        Severity.CRASHING,
        "exit 137 SIGKILL",
    ),
    "between crash and back-off": (
        pod("p", containers=[container(state=ended(127))]),
        Severity.CRASHING,
        "exit 127 command not found",
    ),
    "one container of two": (
        pod("p", containers=[container("web"), container("log", state=ended(2))]),
        Severity.CRASHING,
        "log: exit 2",
    ),
    "image missing": (
        pod("p", phase="Pending", containers=[container(state=waiting("ImagePullBackOff", "no"))]),
        Severity.NOT_STARTING,
        "ImagePullBackOff",
    ),
    "config missing, just created": (
        pod(
            "p",
            phase="Pending",
            containers=[container(state=waiting("CreateContainerConfigError"))],
            **young(seconds=2),
        ),
        Severity.NOT_STARTING,
        "CreateContainerConfigError",
    ),
    "no node for it": (not_placed(minutes=2), Severity.PENDING, "Unschedulable"),
    "no scheduler": (
        pod("p", phase="Pending", node="", containers=[], conditions=[], **young(minutes=2)),
        Severity.PENDING,
        "no scheduler has taken it",
    ),
    "creating for long": (
        pod("p", phase="Pending", containers=CREATING, conditions=unready(minutes=9)),
        Severity.PENDING,
        "does not get past ContainerCreating",
    ),
    "not ready": (
        pod("p", containers=[container(ready=False)], conditions=unready(minutes=5)),
        Severity.NOT_READY,
        "not ready",
    ),
    "not ready, of several": (
        pod(
            "p",
            containers=[container("web"), container("log", ready=False)],
            conditions=unready(minutes=5),
        ),
        Severity.NOT_READY,
        "not ready: log",
    ),
    "on a node that is gone": (
        pod("p", conditions=[condition("Ready", "False", reason="NodeStatusUnknown")]),
        Severity.NOT_READY,
        "not ready: node does not answer",
    ),
    "stuck terminating": (
        pod("p", metadata={"deletionTimestamp": ago(minutes=12)}),
        Severity.STUCK,
        "terminating past its grace period",
    ),
    "evicted": (
        pod("p", phase="Failed", containers=[], reason="Evicted", message="low on memory"),
        Severity.FAILED,
        "failed: Evicted",
    ),
    "failed": (
        pod("p", phase="Failed", containers=[container(state=ended(2))]),
        Severity.FAILED,
        "failed: exit 2",
    ),
    "unknown": (
        pod("p", phase="Unknown", conditions=unready(minutes=9)),
        Severity.NOT_READY,
        "Unknown",
    ),
}

WELL: dict[str, Callable[[], Json]] = {
    "running": lambda: pod("p"),
    "completed": lambda: pod(
        "p", phase="Succeeded", containers=[container(state=ended(0, "Completed"))]
    ),
    "recovered": lambda: pod("p", containers=[container(restartCount=40, lastState=ended(137))]),
    "just created": lambda: pod(
        "p", phase="Pending", containers=CREATING, conditions=[], **young(seconds=9)
    ),
    "not placed yet": lambda: not_placed(seconds=9),
    "just started": lambda: pod(
        "p",
        containers=[container(ready=False, state=started(seconds=20))],
        conditions=unready(hours=3),
    ),
    "migrating": lambda: pod(
        "p",
        phase="Pending",
        containers=[container(state=waiting("PodInitializing"))],
        inits=[container("migrate", ready=False)],
        conditions=unready(minutes=3),
    ),
    "terminating in time": lambda: pod("p", metadata={"deletionTimestamp": ago(seconds=5)}),
    "held on purpose": lambda: pod(
        "p",
        phase="Pending",
        containers=[],
        conditions=[condition("PodScheduled", "False", reason="SchedulingGated")],
    ),
}


@pytest.mark.parametrize(("shape", "severity", "cause"), SICK.values(), ids=SICK)
def test_sick(shape: Json, severity: Severity, cause: str) -> None:
    found = ailment(shape)

    assert found is not None
    assert (found.severity, found.cause) == (severity, cause)


@pytest.mark.parametrize("shape", WELL.values(), ids=WELL)
def test_not_sick(shape: Callable[[], Json]) -> None:
    assert ailment(shape()) is None


def test_the_cluster_s_own_words_come_along() -> None:
    found = ailment(not_placed(minutes=2))

    assert found is not None
    assert found.message == "0/3 nodes are available: 3 Insufficient cpu."
