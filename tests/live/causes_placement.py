"""Pods that no node takes, for real: own nodes, the lab's own scheduler."""

from tests.kubernetes.placing import HOST, ZONE
from tests.live.causes import Cause, Made, Said
from tests.live.causes_devices import DEVICES
from tests.live.placing import (
    OWN,
    claim,
    displaced,
    host,
    mounts,
    of_others,
    on_nodes,
    pod,
    row,
    volume,
)

UNIT = "tests/kubernetes/test_diagnose_placement.py"
WORDS = "tests/kubernetes/test_diagnose_placement_words.py"
CLAIMS = "tests/kubernetes/test_diagnose_placement_claims.py"
DRIVER = f"{OWN}.csi.example.com"
LIMITED = f"{OWN}-crammed"

PLACEMENT = (
    row(
        "insufficient-cpu",
        "Pending: insufficient cpu, per node; no node autoscaler reaction",
        "cpu",
        host("cpu"),
        pod("cpu", "cpu", {"cpu": "3"})._replace(
            events=[
                Said(
                    "NotTriggerScaleUp",
                    "pod didn't trigger scale-up: 1 max node group size reached",
                    type="Normal",
                )
            ]
        ),
    ),
    row(
        "insufficient-memory",
        "Pending: insufficient memory, per node",
        "memory",
        host("memory.1"),
        host("memory.2", {"memory": "6Gi"}),
        pod("memory-holder", "memory", {"memory": "3Gi"}, nodeName=f"{OWN}-memory.2"),
        pod("memory", "memory", {"memory": "5Gi"}),
    ),
    row(
        "insufficient-ephemeral-storage",
        "Pending: insufficient ephemeral storage, per node",
        "scratch",
        host("scratch"),
        pod("scratch", "scratch", {"ephemeral-storage": "20Gi"}),
    ),
    row(
        "insufficient-extended-resource",
        "Pending: insufficient GPU, per node",
        "gpu",
        host("gpu", {"example.com/gpu": "1"}),
        pod("gpu-holder", "gpu", {"example.com/gpu": "1"}, nodeName=f"{OWN}-gpu"),
        pod("gpu", "gpu", {"example.com/gpu": "1"}),
    ),
    row(
        "too-many-pods",
        "Pending: pods per node",
        "slot",
        host("slot", {"pods": "1"}),
        pod("slot-holder", "slot", nodeName=f"{OWN}-slot"),
        pod("slot", "slot"),
    ),
    row(
        "taint-not-tolerated",
        "Pending: taint",
        "tainted",
        host("tainted", taints=[{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}]),
        pod("tainted", "tainted"),
    ),
    row(
        "nodes-cordoned",
        "Pending: node selector, its nodes cordoned",
        "shut",
        host("shut", unschedulable=True),
        pod("shut", "shut"),
    ),
    row("no-node-matches", "Pending: node selector", "choosy", pod("choosy", "nowhere")),
    row(
        "no-node-matches",
        "Pending: node affinity",
        "picky",
        host("picky", labels={"disktype": "nvme", "generation": "3"}),
        pod(
            "picky",
            affinity=on_nodes(
                matchExpressions=[
                    {"key": OWN, "operator": "In", "values": ["picky"]},
                    {"key": "disktype", "operator": "NotIn", "values": ["hdd"]},
                    {"key": "generation", "operator": "Gt", "values": ["3"]},
                ]
            ),
        ),
    ),
    row(
        "pod-affinity-unmet",
        "Pending: affinity to pods that do not run",
        "lonely",
        host("lonely"),
        pod("lonely", "lonely", affinity=of_others("podAffinity", "cache-nobody-has")),
    ),
    row(
        "pod-anti-affinity",
        "Pending: anti-affinity deadlock, own replicas on every node",
        "apart",
        host("apart"),
        pod(
            "apart-first",
            labels={"app": "apart"},
            nodeName=f"{OWN}-apart",
            affinity=of_others("podAntiAffinity", "apart"),
        ),
        pod("apart", "apart", affinity=of_others("podAntiAffinity", "apart")),
    ),
    row(
        "kept-away-by-anti-affinity",
        "Pending: another workload's anti-affinity",
        "shunned",
        host("shunned"),
        pod(
            "hermit",
            nodeName=f"{OWN}-shunned",
            affinity=of_others("podAntiAffinity", "shunned"),
        ),
        pod("shunned", "shunned"),
    ),
    row(
        "topology-spread",
        "Pending: topology spread",
        "spread",
        host("spread.1", zone=f"{OWN}-1"),
        host("spread.2", zone=f"{OWN}-2", unschedulable=True),
        *(
            pod(f"spread-{number}", labels={"app": "spread"}, nodeName=f"{OWN}-spread.1")
            for number in range(2)
        ),
        pod(
            "spread",
            "spread",
            topologySpreadConstraints=[
                {
                    "maxSkew": 1,
                    "topologyKey": ZONE,
                    "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": {"matchLabels": {"app": "spread"}},
                }
            ],
        ),
    ),
    row(
        "topology-spread",
        "Pending: topology spread over fewer domains than it wants",
        "scarce",
        host("scarce"),
        pod("scarce-first", labels={"app": "scarce"}, nodeName=f"{OWN}-scarce"),
        pod(
            "scarce",
            "scarce",
            labels={"app": "scarce"},
            topologySpreadConstraints=[
                {
                    "maxSkew": 1,
                    "minDomains": 2,
                    "topologyKey": HOST,
                    "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": {"matchLabels": {"app": "scarce"}},
                }
            ],
        ),
    ),
    row(
        "host-port-taken",
        "Pending: port conflict",
        "port",
        host("port"),
        pod("port-holder", ports=[{"containerPort": 80, "hostPort": 8080}], nodeName=f"{OWN}-port"),
        pod("port", "port", ports=[{"containerPort": 80, "hostPort": 8080}]),
    ),
    row(
        "volume-out-of-reach",
        "Pending: volume node affinity, zone conflict",
        "zoned",
        host("zoned", zone=f"{OWN}-a"),
        volume(
            "zoned",
            nodeAffinity={
                "required": {
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": ZONE, "operator": "In", "values": ["far"]}]}
                    ]
                }
            },
        ),
        claim("zoned", volume=f"{OWN}-zoned"),
        pod("zoned", "zoned", volumes=mounts("zoned")),
    ),
    Cause(
        "too-many-volumes",
        "Pending: volumes per node",
        "pod/crammed",
        "played",
        made=(
            host("crammed"),
            Made(
                "storage.k8s.io/v1/csinodes",
                {
                    "metadata": {"name": LIMITED},
                    "spec": {
                        "drivers": [
                            {"name": DRIVER, "nodeID": LIMITED, "allocatable": {"count": 1}}
                        ]
                    },
                },
                namespaced=False,
            ),
            *(
                one
                for name in ("crammed", "crammed-first")
                for one in (
                    volume(name, csi={"driver": DRIVER, "volumeHandle": name}),
                    claim(name, volume=f"{OWN}-{name}"),
                )
            ),
            Made(
                "storage.k8s.io/v1/volumeattachments",
                {
                    "metadata": {"name": LIMITED},
                    "spec": {
                        "attacher": DRIVER,
                        "nodeName": LIMITED,
                        "source": {"persistentVolumeName": f"{OWN}-crammed-first"},
                    },
                },
                namespaced=False,
            ),
            pod("crammed-first", nodeName=LIMITED, volumes=mounts("crammed-first")),
            pod("crammed", "crammed", volumes=mounts("crammed")),
        ),
    ),
    row(
        "claim-missing",
        "Pending: PVC that does not exist",
        "unclaimed",
        pod("unclaimed", volumes=mounts("nobody-made-it")),
    ),
    row(
        "claim-in-use",
        "Pending: PVC that only one pod may use",
        "second",
        host("single"),
        volume("single", "ReadWriteOncePod"),
        claim("single", mode="ReadWriteOncePod", volume=f"{OWN}-single"),
        pod("first", nodeName=f"{OWN}-single", volumes=mounts("single")),
        pod("second", "single", volumes=mounts("single")),
    ),
    row(
        "node-missing",
        "Pending: a DaemonSet's pod for a node that is gone",
        "orphan",
        pod(
            "orphan",
            affinity=on_nodes(
                matchFields=[{"key": "metadata.name", "operator": "In", "values": ["gone"]}]
            ),
        ),
    ),
    row("no-scheduler", "Pending: unknown schedulerName", "odd", pod("odd", schedulerName="odd")),
    Cause(
        "preemption-pending",
        "Pending: priority, preemption",
        "pod/pushing",
        "played",
        made=(
            pod("pushing", schedulerName="nobody")._replace(
                status={
                    "nominatedNodeName": "node-1",
                    "conditions": [
                        {
                            "type": "PodScheduled",
                            "status": "False",
                            "reason": "Unschedulable",
                            "message": "0/3 nodes are available: 3 Insufficient cpu.",
                        }
                    ],
                }
            ),
        ),
    ),
    Cause(
        "displaced-by-priority",
        "Pending: its place was taken by a pod of a higher priority",
        "deploy/displaced",
        made=(
            host("displaced"),
            displaced("displaced"),
            pod(
                "pushy",
                "displaced",
                {"cpu": "2"},
                priorityClassName="system-cluster-critical",
                schedulingGates=[{"name": "example.com/later"}],
            )._replace(then={"spec": {"schedulingGates": None}}),
        ),
    ),
    Cause(
        "unschedulable",
        "Pending: what only another scheduler knows",
        "pod/gang",
        "played",
        made=(
            pod("gang", schedulerName="nobody")._replace(
                status={
                    "conditions": [
                        {
                            "type": "PodScheduled",
                            "status": "False",
                            "reason": "Unschedulable",
                            "message": "gang needs 8 pods, 3 are there",
                        }
                    ]
                }
            ),
        ),
    ),
    *DEVICES,
    Cause(
        "claim-unbound",
        "Pending: PVC unbound",
        how="elsewhere",
        why=f"told as what the claim hits, by the row of storage; alone by {CLAIMS}",
    ),
    Cause(
        "claim-deleting",
        "Pending: PVC that is being deleted",
        how="elsewhere",
        why=f"told as what the claim hits, by the row of storage; alone by {CLAIMS}",
    ),
    Cause(
        "no-volume-to-bind",
        "Pending: no local volume on any node",
        how="elsewhere",
        why=f"told as what the claim hits, by the row of storage; alone by {CLAIMS}",
    ),
    Cause(
        "nodes-not-ready",
        "Pending: nodes not ready",
        how="elsewhere",
        why=f"told as what the node hits, by the row of nodes; alone by {UNIT}",
    ),
    Cause(
        "nodes-under-pressure",
        "Pending: nodes under pressure",
        how="elsewhere",
        why=f"told as what the node hits, by the row of nodes; alone by {UNIT}",
    ),
    Cause(
        "no-nodes",
        "Pending: no nodes at all",
        how="elsewhere",
        why=f"the lab's nodes stay; {WORDS}",
    ),
    Cause(
        "scheduling-gated",
        "Pending: scheduling gate that was forgotten",
        how="elsewhere",
        why=f"nobody waits an hour; {WORDS}",
    ),
    Cause(
        "",
        "Pending: scheduling gate, just set",
        "pod/gated",
        made=(pod("gated", schedulingGates=[{"name": "example.com/quota"}]),),
    ),
    Cause("", "a pod that has a node", "pod/placed", made=(host("fine"), pod("placed", "fine"))),
)
