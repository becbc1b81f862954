"""Pods that go and do not get away, or failed as a whole, as k8s_diagnose tells it.

The lab cannot have most of it: a pod has to be late by a minute, on a node that is dead. Here are
finalizer-holds, terminating-node-lost, terminating-stuck, slow-termination and prestop-failed.
"""

from datetime import UTC, datetime, timedelta

import pytest

from tests.kubernetes.conftest import Connect
from tests.kubernetes.diagnosed import findings, judged, ran, said, the_finding
from tests.kubernetes.wire import Api, Json, ago, condition, container, node, pod
from tests.live import said_by_kubelets as words


def going(owner: str = "", **metadata: object) -> Json:
    """A pod that should be gone for five minutes."""
    return pod(
        "web-0",
        owner=owner,
        metadata={
            "deletionTimestamp": ago(minutes=5), "deletionGracePeriodSeconds": 30, **metadata
        },
    )  # fmt: skip


async def test_a_finalizer_that_holds_a_pod_is_named(connect: Connect, api: Api) -> None:
    one = going(finalizers=["example.net/cleanup"])
    one["status"]["containerStatuses"] = [container(state=ran(0, "Completed"), ready=False)]

    found = await the_finding(connect, api, one)

    assert found["cause"] == "finalizer-holds"
    assert found["summary"] == "is deleted, but its finalizer example.net/cleanup holds it"


async def test_a_pod_of_a_dead_node_cannot_be_told_to_have_stopped(
    connect: Connect, api: Api
) -> None:
    api.objects["nodes"] = [node("node-2")]

    found = await the_finding(connect, api, going())

    assert (found["cause"], found["follows"]) == ("terminating-node-lost", ["node/node-1"])
    assert found["summary"] == (
        "is deleted, but its node node-1 is gone and cannot confirm that it stopped"
    )


async def test_a_hook_that_fails_is_named(connect: Connect, api: Api) -> None:
    events = [said("FailedPreStopHook", "PreStopHook failed")]

    found = await the_finding(connect, api, going(), events=events)

    assert found["cause"] == "prestop-failed"


async def test_a_kubelet_that_fails_to_kill_says_why(connect: Connect, api: Api) -> None:
    text = 'error killing pod: failed to "KillPodSandbox" for 1: KillPodSandboxError: rpc error'

    found = await the_finding(connect, api, going(), events=[said("FailedKillPod", text)])

    assert (found["cause"], found["said"]) == ("terminating-stuck", [text])


async def test_a_pod_that_goes_beside_healthy_ones_does_not_make_their_owner_broken(
    connect: Connect, api: Api
) -> None:
    owner = "ReplicaSet/web-66d7"
    well = pod("web-66d7-b", owner=owner)

    found = await the_finding(connect, api, going(owner), well)

    assert (found["owner"], found["severity"]) == ("deploy/web", 2)


async def test_a_long_grace_period_says_for_how_long_it_goes_already(
    connect: Connect, api: Api
) -> None:
    due = (datetime.now(UTC) + timedelta(minutes=45)).strftime("%Y-%m-%dT%H:%M:%SZ")
    one = pod("web-0", metadata={"deletionTimestamp": due, "deletionGracePeriodSeconds": 3600})

    found = await the_finding(connect, api, one)

    assert (found["cause"], found["severity"]) == ("slow-termination", 2)
    assert found["summary"] == "stops for 15m already; its grace period is 60m"


async def test_a_pod_that_goes_within_its_time_is_nothing(connect: Connect, api: Api) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=20)).strftime("%Y-%m-%dT%H:%M:%SZ")
    api.objects["nodes"] = [node("node-1")]
    api.objects["pods"] = [
        pod("web-0", metadata={"deletionTimestamp": soon, "deletionGracePeriodSeconds": 30})
    ]

    assert await findings(connect) == []


def failed(reason: str, message: str, *, owner: str = "", **ended: float) -> Json:
    at = ago(**(ended or {"minutes": 5}))
    conditions = [{**condition("DisruptionTarget"), "lastTransitionTime": at}]
    return pod(
        "web-66d7-a" if owner else "web-0", owner=owner, phase="Failed", containers=[],
        conditions=conditions, reason=reason, message=message,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("message", "summary"),
    [
        (words.LOW_ON_MEMORY, "was evicted: node node-1 was low on memory"),
        ("The node was low on resource: ephemeral-storage. Threshold quantity: 2Gi, available:"
         " 1487Mi.", "was evicted: node node-1 was low on ephemeral-storage"),
        ("The node had condition: [DiskPressure]. ", "was evicted: node node-1 was low on disk"),
        ("Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. ",
         "was evicted: its containers used more ephemeral storage than their limits of 1Gi"
         " together"),
        ('Container app exceeded its local ephemeral storage limit "1500Mi". ',
         "was evicted: container app used more ephemeral storage than its limit of 1500Mi"),
        ('Usage of EmptyDir volume "cache" exceeds the limit "1Gi". ',
         "was evicted: its emptyDir volume cache grew over its sizeLimit of 1Gi"),
        ("Something else", "was evicted: node node-1 was low on a resource"),
    ],
)  # fmt: skip
def test_an_eviction_says_of_what_there_was_too_little(message: str, summary: str) -> None:
    found = judged(failed("Evicted", message))

    assert (found.cause, found.summary) == ("evicted", summary)


@pytest.mark.parametrize(
    ("reason", "message", "code"),
    [
        ("OutOfcpu", words.OUT_OF_CPU, "admission-rejected"),
        ("NodeAffinity", "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match"
         " Pod's node affinity/selector", "admission-rejected"),
        ("UnexpectedAdmissionError", "Pod was rejected: Allocate failed due to no healthy devices"
         " present; cannot allocate unhealthy devices nvidia.com/gpu, which is unexpected",
         "device-unavailable"),
        ("UnexpectedAdmissionError", "Pod was rejected: Allocate failed due to not enough cpus"
         " available to satisfy request: requested=4, available=3, which is unexpected",
         "admission-rejected"),
        ("Terminated", "Pod was terminated in response to imminent node shutdown.",
         "node-shutdown"),
        ("NodeShutdown", "Pod was not admitted as the node is shutting down.", "node-shutdown"),
        ("Preempting", "Preempted in order to admit critical pod", "preempted"),
        ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline",
         "deadline-exceeded"),
    ],
)  # fmt: skip
def test_a_pod_that_failed_as_a_whole_says_why(reason: str, message: str, code: str) -> None:
    found = judged(failed(reason, message))

    assert (found.cause, found.said) == (code, (message,))


@pytest.mark.parametrize(("hours", "causes"), [(1, ["evicted"]), (48, [])])
async def test_an_old_record_beside_healthy_pods_is_nothing(
    connect: Connect, api: Api, hours: int, causes: list[str]
) -> None:
    owner = "ReplicaSet/web-66d7"
    old = failed("Evicted", words.LOW_ON_MEMORY, owner=owner, hours=hours)
    api.objects["pods"] = [old, pod("web-66d7-b", owner=owner)]
    api.objects["nodes"] = [node("node-1")]

    found = await findings(connect)

    assert [one["cause"] for one in found] == causes
    assert [one["severity"] for one in found] == [2 for _ in causes]


async def test_a_node_that_evicts_pods_of_several_is_the_one_that_is_told(
    connect: Connect, api: Api
) -> None:
    names = ("web-66d7", "api-77f4")
    every = [failed("Evicted", words.LOW_ON_MEMORY, owner=f"ReplicaSet/{name}") for name in names]
    for name, one in zip(names, every, strict=True):
        one["metadata"]["name"] = f"{name}-a"

    found = await the_finding(connect, api, *every)

    assert (found["owner"], found["cause"]) == ("node/node-1", "evicted")
    assert found["summary"] == "evicted 2 pods of 2 owners: it was low on memory"
    assert found["affects"] == ["shop/deploy/api", "shop/deploy/web"]


@pytest.mark.parametrize(("hours", "severity"), [(1, 0), (48, 3)])
async def test_a_failed_pod_that_nobody_missed_for_a_day_is_only_left_over(
    connect: Connect, api: Api, hours: int, severity: int
) -> None:
    found = await the_finding(connect, api, failed("Evicted", words.LOW_ON_MEMORY, hours=hours))

    assert (found["cause"], found.get("severity")) == ("evicted", severity)
    assert ("it failed 2d ago; nobody made it again" in found.get("evidence", ())) == (
        severity == 3
    )
