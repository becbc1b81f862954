"""k8s_diagnose on nodes: how they stand, what happened to them, and whom that hurts."""

from typing import Any

import pytest

from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer
from tests.kubernetes.placing import homeless
from tests.kubernetes.wire import Api, Json, ago, condition, event, meta, node, pod

ZONE = "topology.kubernetes.io/zone"


def host(name: str, *conditions: Json, zone: str = "", **spec: Any) -> Json:
    """A node; conditions take the place of its own of the same type."""
    one = node(name, **spec)
    own = {each["type"]: each for each in (*one["status"]["conditions"], *conditions)}
    one["status"]["conditions"] = [*own.values()]
    one["metadata"]["labels"] = {ZONE: zone} if zone else {}
    return one


def silent(name: str, **more: Any) -> Json:
    ready = condition("Ready", "Unknown", reason="NodeStatusUnknown", message="stopped posting")
    return host(name, ready, **more)


def happened(reason: str, name: str, said: str = "", **more: Any) -> Json:
    one = event(reason, f"Node/{name}", said, "default", **more)
    one["involvedObject"]["namespace"] = ""
    return one


async def test_a_silent_node_explains_the_pods_it_hurts(ask: Ask, api: Api) -> None:
    lost = [condition("PodScheduled"), condition("Ready", "False")]
    words = "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s)."
    gone = silent("node-2")
    gone["spec"]["taints"] = [{"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"}]
    api.objects["nodes"] = [host("node-1", cpu="1"), gone]
    api.objects["pods"] = [
        pod("web-66d7-a", owner="ReplicaSet/web-66d7", node="node-1"),
        pod("web-66d7-b", owner="ReplicaSet/web-66d7", node="node-2", conditions=lost),
        pod("db-0", owner="StatefulSet/db", node="node-2", conditions=lost),
        homeless("web-66d7-c", words, {"cpu": "2"}, owner="ReplicaSet/web-66d7"),
    ]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding in cluster lab")
    assert "1. DOWN node/node-2: its kubelet stopped reporting for 60m (node-silent)" in text
    assert "   2 pods on it, 2 not ready\n" in text
    assert "hits: shop/deploy/web, shop/sts/db" in text


@pytest.mark.parametrize(
    ("told", "code", "says"),
    [
        (
            condition("Ready", "False", reason="KubeletNotReady", message="cni not initialized"),
            "node-not-ready",
            "its kubelet says that it is not ready (KubeletNotReady)",
        ),
        (condition("MemoryPressure"), "memory-pressure", "is short of memory"),
        (condition("DiskPressure"), "disk-pressure", "is short of disk space"),
        (condition("PIDPressure"), "pid-pressure", "is short of process ids"),
        (condition("NetworkUnavailable"), "network-unavailable", "has no network for pods"),
        (
            condition("ReadonlyFilesystem", reason="FilesystemIsReadOnly"),
            "node-problem",
            "has ReadonlyFilesystem, says what watches it (FilesystemIsReadOnly)",
        ),
    ],
)
async def test_each_condition_is_told_apart(
    ask: Ask, api: Api, told: Json, code: str, says: str
) -> None:
    api.objects["nodes"] = [host("node-1", told), host("node-2")]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding ")
    assert f"node/node-1: {says}" in text
    assert f"({code})" in text


@pytest.mark.parametrize(
    ("reason", "count", "kind", "code"),
    [
        ("SystemOOM", 1, "Warning", "system-oom"),
        ("ImageGCFailed", 2, "Warning", "image-gc-failed"),
        ("FreeDiskSpaceFailed", 3, "Warning", "image-gc-failed"),
        ("EvictionThresholdMet", 1, "Warning", "eviction-threshold"),
        ("NodeNotReady", 3, "Normal", "node-flapping"),
        ("Starting", 3, "Normal", "kubelet-restarting"),
    ],
)
async def test_what_happened_to_a_node_lately_is_told(
    ask: Ask, api: Api, reason: str, count: int, kind: str, code: str
) -> None:
    api.objects["nodes"] = [host("node-1")]
    said = "Starting kubelet." if reason == "Starting" else "said the kubelet"
    api.objects["events"] = [happened(reason, "node-1", said, type=kind, count=count)]

    text = await ask("k8s_diagnose")

    assert f"({code})" in text
    assert f"event {reason} x{count}, last 2m ago" in text
    assert f"1: {said}" in text


@pytest.mark.parametrize(
    ("reason", "said", "kind"),
    [
        ("ImageGCFailed", "once, after the start", "Warning"),
        ("Starting", "Starting kubelet.", "Normal"),
        ("Starting", "Starting kube-proxy.", "Normal"),
        ("NodeNotReady", "once", "Normal"),
        ("InvalidDiskCapacity", "invalid capacity 0 on image filesystem", "Warning"),
    ],
)
async def test_what_happens_when_a_node_starts_is_no_trouble(
    ask: Ask, api: Api, reason: str, said: str, kind: str
) -> None:
    offer(api)
    api.objects["nodes"] = [host("node-1")]
    count = 9 if "proxy" in said else 1
    api.objects["events"] = [happened(reason, "node-1", said, type=kind, count=count)]

    assert (await ask("k8s_diagnose")).startswith("Healthy")


async def test_a_node_s_good_news_is_no_trouble(ask: Ask, api: Api) -> None:
    offer(api)
    api.objects["nodes"] = [host("node-1", condition("EtcdIsVoter"), condition("Sandboxed"))]

    assert (await ask("k8s_diagnose")).startswith("Healthy")


async def test_a_node_that_just_joins_is_given_time(ask: Ask, api: Api) -> None:
    new, old = host("node-1"), host("node-2")
    for one in (new, old):
        one["status"]["conditions"] = []
    new["metadata"]["creationTimestamp"] = ago(minutes=1)
    api.objects["nodes"] = [new, old, host("node-3")]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding ")
    assert "node/node-2: has never reported" in text


async def test_a_node_that_is_begun_or_ended_and_never_finished(ask: Ask, api: Api) -> None:
    raw = host("raw", taints=[{"key": "node.cloudprovider.kubernetes.io/uninitialized",
                               "effect": "NoSchedule"}])  # fmt: skip
    back = host("back", taints=[{"key": "node.kubernetes.io/out-of-service",
                                 "effect": "NoExecute"}])  # fmt: skip
    leaving = host("leaving")
    leaving["metadata"] |= {"deletionTimestamp": ago(minutes=20), "finalizers": ["x.io/guard"]}
    api.objects["nodes"] = [raw, back, leaving]

    text = await ask("k8s_diagnose")

    assert "waits to be initialised by the cloud controller manager" in text
    assert "(node-uninitialised)" in text
    assert "is ready again but still marked out of service" in text
    assert "(node-out-of-service)" in text
    assert "is being deleted and does not go: held by x.io/guard for 20m" in text
    assert "(node-deletion-stuck)" in text


async def test_a_clock_or_a_watch_that_is_wrong(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [host(name) for name in ("ahead", "late", "well", "unleased")]
    api.objects["leases"] = [
        {
            "metadata": meta(name, "kube-node-lease"),
            "spec": {"renewTime": ago(seconds=seconds)},
        }
        for name, seconds in (("ahead", -330), ("late", 620), ("well", 12))
    ]

    text = await ask("k8s_diagnose")

    assert text.startswith("2 findings ")
    assert "node/ahead: its clock is 5m ahead of ours, by the lease it renews (clock-skew" in text
    assert "node/late: counts as ready, but renewed its lease 10m ago" in text
    assert "(node-lease-stale, possible)" in text


async def test_cordoned_and_old_nodes_are_a_risk(ask: Ask, api: Api) -> None:
    mark = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule",
            "timeAdded": ago(hours=5)}  # fmt: skip
    shut = host("shut", unschedulable=True, taints=[mark])
    shrinks = host("shrinks", unschedulable=True, taints=[
        {"key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule"}])  # fmt: skip
    old = host("old")
    old["status"]["nodeInfo"] = {"kubeletVersion": "v1.33.0"}
    api.objects["nodes"] = [shut, shrinks, old]
    api.objects["pods"] = [pod("web-0", node="shut")]

    text = await ask("k8s_diagnose")

    assert text.startswith("2 findings ")
    assert "AT RISK node/shut: is cordoned: it takes no new pods for 5h (node-cordoned)" in text
    assert "   1 pod still on it\n" in text
    assert "AT RISK node/old: kubelet 4 minors behind v1.37.2 (kubelet-skew)" in text


async def test_many_nodes_with_the_same_trouble_are_one_finding(ask: Ask, api: Api) -> None:
    lost = [condition("PodScheduled"), condition("Ready", "False")]
    api.objects["nodes"] = [
        *(silent(f"a-{number:02}", zone="eu-1a") for number in range(30)),
        *(host(f"b-{number}", zone="eu-1b") for number in range(3)),
    ]
    api.objects["pods"] = [
        pod(f"web-66d7-{number}", owner="ReplicaSet/web-66d7", node="a-07", conditions=lost)
        for number in range(2)
    ]

    text = await ask("k8s_diagnose")
    about_another = await ask("k8s_diagnose", object="node/a-29")

    assert text.startswith("1 finding ")
    assert "node/a-07: 30 nodes, this one among them: its kubelet stopped reporting" in text
    assert "all in zone eu-1a, which has 30 nodes" in text
    assert "hits: shop/deploy/web, node/a-" in text
    assert " more\n" in text
    assert about_another.startswith("1 finding in node/a-29")


async def test_all_nodes_down_is_down(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [silent("node-1"), silent("node-2")]

    assert (await ask("k8s_diagnose")).count("DOWN node/") == 2


async def test_a_full_cluster_is_a_risk_and_tells_what_a_lost_node_would_mean(
    ask: Ask, api: Api
) -> None:
    def busy(name: str, on: str) -> Json:
        container = {"name": "app", "resources": {"requests": {"cpu": "7800m", "memory": "1Gi"}}}
        return pod(name, node=on, spec={"containers": [container]})

    api.objects["nodes"] = [host("node-1"), host("node-2")]
    api.objects["pods"] = [busy("a", "node-1"), busy("b", "node-2")]

    text = await ask("k8s_diagnose")

    assert "AT RISK cluster/nodes: next to no room for another pod: cpu requested nearly" in text
    assert "requested of 2 nodes: cpu 98% (15.6 of 16), memory 3% (2.0Gi of 64Gi), pods 1%" in text
    assert "if node-1 fails, 7.6 cpu of it find no room elsewhere" in text
    assert "(cluster-full)" in text


async def test_a_namespace_is_told_of_nodes_that_hurt_it(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [
        host("node-1", condition("DiskPressure"), unschedulable=True),
        host("node-2", condition("MemoryPressure")),
    ]
    hurt = [condition("PodScheduled"), condition("Ready", "False")]
    api.objects["pods"] = [
        pod("web-0", node="node-1", conditions=hurt),
        pod("x", "default", node="node-2", conditions=hurt),
    ]

    text = await ask("k8s_diagnose", namespace="shop")

    assert "node/node-1: is short of disk space" in text
    assert "hits: shop/pod/web-0" in text
    assert "cordoned" not in text
    assert "node-2" not in text


async def test_nodes_without_their_pods_and_events(ask: Ask, api: Api) -> None:
    api.denied = {"pods", "events", "leases"}
    api.objects["nodes"] = [silent("node-1"), host("node-2")]

    text = await ask("k8s_diagnose")

    assert "node/node-1: its kubelet stopped reporting" in text
    assert "no pods on it" not in text
    assert "Missing: pods, " in text
