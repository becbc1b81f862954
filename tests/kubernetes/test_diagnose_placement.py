"""k8s_diagnose on pods that no node takes: the scheduler's filters, one by one."""

from typing import Any

import pytest

from tests.kubernetes.conftest import Ask
from tests.kubernetes.placing import (
    ZONE,
    homeless,
    host,
    neighbours,
    required,
    seated,
)
from tests.kubernetes.wire import Api, Json, event, pod


async def test_what_each_node_lacks_and_the_smallest_change_are_told(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [
        host("node-1", cpu="2"),
        host("node-2", cpu="2"),
        host("node-3", unschedulable=True),
        host("node-4", taints=[{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}]),
    ]
    words = (
        "0/4 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable,"
        " 2 Insufficient cpu. preemption: 0/4 nodes are available: 4 Preemption is not helpful."
    )
    waiting = [homeless(f"web-66d7-{one}", words, {"cpu": "2"}, owner="ReplicaSet/web-66d7")
               for one in range(3)]  # fmt: skip
    api.objects["pods"] = [
        seated("db-0", "node-1", {"cpu": "1500m"}),
        seated("db-1", "node-2", {"cpu": "500m"}),
        *waiting,
    ]
    api.objects["events"] = [event("FailedScheduling", "Pod/web-66d7-0", words)]

    text = await ask("k8s_diagnose")

    assert text.partition("\n")[2].partition("\n2. AT RISK node/node-3: is cordoned")[0] == (
        "1. DOWN shop/deploy/web: 3 pods unschedulable: none of the 2 nodes left to it has 2 cpu"
        " free for 2m (insufficient-cpu)\n"
        "   2 nodes: cpu short by 500m (best node-2: 1.5 of 2 free, 2 wanted)\n"
        "   1 node: cordoned (node-3)\n"
        "   1 node: taint dedicated=gpu:NoSchedule (node-4)\n"
        "   event FailedScheduling x1, last 2m ago: it counts the same\n"
        "   next: request at most 1500m cpu, and node-2 takes it; or uncordon node-3"
    )


@pytest.mark.parametrize(
    ("memory", "said"),
    [
        ("900Gi", "next: add a node with 900Gi memory (the largest, node-1, has 32Gi) and label"
                  " node-1 disktype=nvme"),
        ("30Gi", "next: make room on node-1 and label node-1 disktype=nvme"),
    ],
)  # fmt: skip
async def test_where_several_things_are_in_the_way_each_is_told(
    ask: Ask, api: Api, memory: str, said: str
) -> None:
    words = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
    api.objects["nodes"] = [host("node-1", room={"memory": "32Gi"})]
    spec = {"nodeSelector": {"disktype": "nvme"}}
    asks = {"memory": memory}
    waiting = homeless(said=words, asks=asks)
    waiting["spec"] |= spec
    api.objects["pods"] = [seated("db-0", "node-1", {"memory": "30Gi"}), waiting]

    assert said in await ask("k8s_diagnose")


async def test_what_a_limit_range_made_a_pod_ask_for_is_not_the_pod_s_wish(
    ask: Ask, api: Api
) -> None:
    note = (
        "LimitRanger plugin set: memory request for container app; memory limit for container app"
    )
    noted = {"annotations": {"kubernetes.io/limit-ranger": note}}
    api.objects["nodes"] = [host("node-1", room={"memory": "32Gi"})]
    words = "0/1 nodes are available: 1 Insufficient memory."
    api.objects["pods"] = [homeless("web-0", words, {"memory": "64Gi"}, metadata=noted)]

    text = await ask("k8s_diagnose")

    assert "no node has 64Gi memory in all; a LimitRange made it ask for that much memory" in text
    assert "or lower that default: k8s_get what=limitranges namespace=shop output=yaml" in text


GPU = {"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}
NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
FULL_DISK = {"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("nodes", "waiting", "code", "said"),
    [
        (
            [host("node-1", memory="4Gi")],
            homeless(asks={"memory": "6Gi"}),
            "insufficient-memory",
            "request at most 4Gi memory",
        ),
        (
            [host("node-1", room={"ephemeral-storage": "1Gi"})],
            homeless(asks={"ephemeral-storage": "2Gi"}),
            "insufficient-ephemeral-storage",
            "ephemeral-storage short by 1.0Gi",
        ),
        (
            [host("node-1"), host("node-2", room={"nvidia.com/gpu": "2"}, taints=[GPU])],
            homeless(asks={"nvidia.com/gpu": "1"}),
            "taint-not-tolerated",
            "next: tolerate dedicated=gpu:NoSchedule, and node-2 takes it",
        ),
        (
            [host("node-1"), host("node-2", room={"nvidia.com/gpu": "2"})],
            homeless(asks={"nvidia.com/gpu": "4"}),
            "insufficient-extended-resource",
            "2 nodes: nvidia.com/gpu short by 2 (best node-2: 2 of 2 free, 4 wanted)",
        ),
        (
            [host("node-1", room={"pods": "0"})],
            homeless(),
            "too-many-pods",
            "hold 0 pods each, no more allowed (node-1)",
        ),
        (
            [host("node-1", labels={"disktype": "nvme"}), host("node-2")],
            homeless(spec={"nodeSelector": {"disktype": "ssd"}}),
            "no-node-matches",
            "2 nodes: lack disktype=ssd: disktype is nvme on node-1",
        ),
        (
            [host("node-1", labels={"disk-type": "ssd"})],
            homeless(spec={"nodeSelector": {"disktype": "ssd"}}),
            "no-node-matches",
            "no node has the label disktype; node-1 has disk-type=ssd",
        ),
        (
            [host("node-1", labels={"cores": "8"})],
            homeless(
                spec={"affinity": required({"key": "cores", "operator": "Gt", "values": ["8"]})}
            ),
            "no-node-matches",
            "lack cores>8: cores is 8 on node-1",
        ),
        (
            [host("node-1", labels={"spot": ""})],
            homeless(
                spec={
                    "affinity": required(
                        {"key": "spot", "operator": "DoesNotExist"},
                        {"key": "arch", "operator": "In", "values": ["arm64", "riscv"]},
                    )
                }
            ),
            "no-node-matches",
            "lack !spot, arch in (arm64, riscv)",
        ),
        (
            [host("node-1", unschedulable=True)],
            homeless(),
            "nodes-cordoned",
            "next: uncordon node-1",
        ),
        (
            [host("node-1", taints=[NOT_READY])],
            homeless(),
            "nodes-not-ready",
            "no node is ready",
        ),
        (
            [host("node-1", taints=[FULL_DISK])],
            homeless(),
            "nodes-under-pressure",
            "relieve node-1 (disk-pressure)",
        ),
        (
            [host("node-1")],
            homeless(spec={"affinity": neighbours("podAffinity", "cache")}),
            "pod-affinity-unmet",
            "nobody it wants to be near runs",
        ),
        (
            [host("node-1")],
            homeless(
                spec={
                    "affinity": {
                        "nodeAffinity": {
                            "requiredDuringSchedulingIgnoredDuringExecution": {
                                "nodeSelectorTerms": [
                                    {
                                        "matchFields": [
                                            {
                                                "key": "metadata.name",
                                                "operator": "In",
                                                "values": ["node-9"],
                                            }
                                        ]
                                    }
                                ]
                            }
                        }
                    }
                }
            ),
            "node-missing",
            "its node node-9 does not exist",
        ),
    ],
)
async def test_each_filter_of_the_scheduler_is_told_apart(
    ask: Ask, api: Api, nodes: list[Json], waiting: Json, code: str, said: str
) -> None:
    api.objects["nodes"] = nodes
    api.objects["pods"] = [waiting]

    text = await ask("k8s_diagnose", namespace="shop")

    assert f"({code})" in text
    assert said in text


async def test_replicas_that_must_not_share_a_node_are_a_deadlock(ask: Ask, api: Api) -> None:
    apart = neighbours("podAntiAffinity", "web")
    worn = {"labels": {"app": "web"}}
    owner = "StatefulSet/web"
    api.objects["nodes"] = [host("node-1"), host("node-2")]
    api.objects["pods"] = [
        seated("web-0", "node-1", spec={"affinity": apart}, metadata=worn, owner=owner),
        seated("web-1", "node-2", spec={"affinity": apart}, metadata=worn, owner=owner),
        homeless("web-2", spec={"affinity": apart}, metadata=worn, owner=owner),
    ]

    text = await ask("k8s_diagnose")

    assert "BROKEN shop/sts/web: 1 pod unschedulable: no node is free of its own replicas" in text
    assert "(pod-anti-affinity)" in text
    assert "preferred instead of required, and node-1 takes it; or add one more node" in text


async def test_other_pods_may_keep_one_away_from_another_namespace(ask: Ask, api: Api) -> None:
    team = {"matchLabels": {"team": "shop"}}
    guard = neighbours("podAntiAffinity", "web", namespaceSelector=team)
    api.objects["namespaces"][1]["metadata"]["labels"] = {"team": "shop"}
    api.objects["nodes"] = [host("node-1")]
    api.objects["pods"] = [
        seated("hermit", "node-1", spec={"affinity": guard}, namespace="default"),
        homeless(metadata={"labels": {"app": "web"}}),
    ]

    text = await ask("k8s_diagnose", namespace="shop")

    assert "the anti-affinity of default/pod/hermit keeps it away" in text
    assert "(kept-away-by-anti-affinity)" in text


async def test_a_topology_spread_counts_the_domains(ask: Ask, api: Api) -> None:
    rule = {
        "maxSkew": 1,
        "topologyKey": ZONE,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
    worn = {"labels": {"app": "web"}}
    api.objects["nodes"] = [
        host("node-1", labels={ZONE: "a"}),
        host("node-2", labels={ZONE: "b"}, unschedulable=True),
        host("node-3"),
    ]
    api.objects["pods"] = [
        seated("web-1", "node-1", metadata=worn),
        homeless("web-0", spec={"topologySpreadConstraints": [rule]}, metadata=worn),
    ]

    text = await ask("k8s_diagnose")

    assert "(topology-spread)" in text
    assert f"topology spread: {ZONE}=a has 1 such pod, the emptiest 0, maxSkew 1" in text
    assert f"topology spread over {ZONE}, a label it lacks (node-3)" in text
    assert "next: make room in node-2 (topology.kubernetes.io/zone), or allow maxSkew 2" in text


async def test_a_spread_over_too_few_domains_says_how_many_there_are(ask: Ask, api: Api) -> None:
    rule = {
        "maxSkew": 1,
        "minDomains": 3,
        "topologyKey": ZONE,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
    worn = {"labels": {"app": "web"}}
    words = "0/2 nodes are available: 2 node(s) didn't match pod topology spread constraints."
    api.objects["nodes"] = [host(f"node-{one}", labels={ZONE: one}) for one in ("a", "b")]
    api.objects["pods"] = [
        seated("web-0", "node-a", metadata=worn),
        seated("web-1", "node-b", metadata=worn),
        homeless("web-2", words, metadata=worn, spec={"topologySpreadConstraints": [rule]}),
    ]

    text = await ask("k8s_diagnose")

    assert f"keeps its topology spread over {ZONE}, which has 2 of at least 3 domains" in text
    assert "there are 2 of at least 3 domains (minDomains); " in text
    assert "next: lower minDomains to 2, and node-a takes it; or add one more node like" in text


async def test_a_host_port_is_held_by_a_named_pod(ask: Ask, api: Api) -> None:
    held = [{"name": "app", "ports": [{"containerPort": 80, "hostPort": 8080}]}]
    elsewhere = [{"name": "app", "ports": [{"hostPort": 8080, "hostIP": "127.0.0.1"}]}]
    api.objects["nodes"] = [host("node-1")]
    api.objects["pods"] = [
        pod("proxy", node="node-1", spec={"containers": held}),
        homeless("web-0", spec={"containers": held}),
        homeless("web-1", spec={"containers": elsewhere}),
    ]

    text = await ask("k8s_diagnose")

    assert text.count("(host-port-taken)") == 2
    assert "host port 8080/TCP taken, on node-1 by shop/proxy" in text


async def test_init_containers_sidecars_and_overhead_count_as_the_scheduler_counts_them(
    ask: Ask, api: Api
) -> None:
    def asking(name: str, cpu: str, **more: Any) -> Json:
        return {"name": name, "resources": {"requests": {"cpu": cpu}}, **more}

    spec = {
        "containers": [asking("app", "500m")],
        "initContainers": [
            asking("proxy", "200m", restartPolicy="Always"),
            asking("migrate", "1"),
        ],
        "overhead": {"cpu": "100m"},
    }
    api.objects["nodes"] = [host("node-1", cpu="1")]
    api.objects["pods"] = [homeless(spec=spec)]

    text = await ask("k8s_diagnose")

    assert "cpu short by 300m (best node-1: 1 of 1 free, 1.3 wanted)" in text
