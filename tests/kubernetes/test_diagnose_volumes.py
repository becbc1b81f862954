"""k8s_diagnose on volumes, what is attached where, drivers and classes."""

import pytest

from tests.kubernetes.conftest import Ask
from tests.kubernetes.placing import HOST, host
from tests.kubernetes.storing import claim, kind, using, volume
from tests.kubernetes.wire import Api, Json, ago, condition, container, event, meta, waiting

DRIVER = "ebs.csi.aws.com"
RWX: Json = {"accessModes": ["ReadWriteMany"]}
MULTI = 'Multi-Attach error for volume "pv-1" Volume is already used by pod(s) db-0'


def on_node(name: str) -> Json:
    needs = [{"key": HOST, "operator": "In", "values": [name]}]
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": needs}]}}


def stuck(name: str, claimed: str, node: str) -> Json:
    """A pod that has a node and whose container is not created."""
    return using(
        name,
        claimed,
        node=node,
        phase="Pending",
        containers=[container(state=waiting("ContainerCreating"), ready=False)],
        conditions=[condition("PodScheduled"), condition("Ready", "False")],
    )


async def test_volumes_that_nobody_reclaims(ask: Ask, api: Api) -> None:
    api.objects["persistentvolumes"] = [
        volume("kept", "Released", "old"),
        volume(
            "failed", "Failed", "older", persistentVolumeReclaimPolicy="Delete",
            status={"message": "disk is in use"},
        ),
        volume(
            "slow", "Released", "oldest", persistentVolumeReclaimPolicy="Delete",
            status={"lastPhaseTransitionTime": ago(minutes=30)},
        ),
        volume(
            "quick", "Released", "new", persistentVolumeReclaimPolicy="Delete",
            status={"lastPhaseTransitionTime": ago(minutes=1)},
        ),
        volume("free", "Available"),
    ]  # fmt: skip

    text = await ask("k8s_diagnose")

    assert text.startswith("3 findings ")
    assert "AT RISK pv/kept: keeps 10Gi for shop/pvc/old, which is gone" in text
    assert "(volume-released)" in text
    assert "DEGRADED pv/failed: was released by shop/pvc/older and could not be deleted" in text
    assert "AT RISK pv/slow: was released by shop/pvc/oldest and is not deleted" in text
    assert text.count("(volume-not-reclaimed)") == 2


async def test_a_volume_of_a_node_that_is_gone(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [host("node-1")]
    api.objects["persistentvolumes"] = [
        volume("here", claimed="a", nodeAffinity=on_node("node-1")),
        volume("lost", claimed="b", nodeAffinity=on_node("node-9")),
    ]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding ")
    assert f"pv/lost: of shop/pvc/b is only reached from {HOST}=node-9, and there is no" in text
    assert "(volume-node-missing)" in text


async def test_many_released_volumes_are_one_finding(ask: Ask, api: Api) -> None:
    api.objects["persistentvolumes"] = [
        volume(f"pv-{number}", "Released", f"old-{number}") for number in range(9)
    ]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding ")
    assert "9 volumes, this one among them: keeps 10Gi" in text


@pytest.mark.parametrize("shared", [False, True], ids=["for one node", "for many"])
async def test_a_claim_that_pods_on_several_nodes_want(ask: Ask, api: Api, shared: bool) -> None:
    modes: Json = RWX if shared else {}
    api.objects["nodes"] = [host("node-1"), host("node-2")]
    api.objects["persistentvolumeclaims"] = [claim("data", "Bound", volumeName="pv-1", **modes)]
    api.objects["pods"] = [using("db-0", "data"), stuck("db-1", "data", "node-2")]
    api.objects["events"] = [event("FailedAttachVolume", "Pod/db-1", MULTI)]

    text = await ask("k8s_diagnose")

    assert ("shop/pvc/data: is for one node at a time (ReadWriteOnce)" in text) is not shared
    assert "(multi-attach)" in text
    assert shared or "pod db-0 on node-1\n" in text
    assert shared or "pod db-1 on node-2, not ready" in text
    assert shared or "hits: shop/pod/db-1" in text


async def test_what_cannot_be_attached_or_detached(ask: Ask, api: Api) -> None:
    def attachment(name: str, **status: object) -> Json:
        source = {"persistentVolumeName": f"pv-{name}"}
        spec = {"attacher": DRIVER, "nodeName": "node-1", "source": source}
        return {"metadata": meta(name), "spec": spec, "status": status}

    api.objects["persistentvolumes"] = [volume("pv-a", claimed="a"), volume("pv-b", claimed="b")]
    api.objects["volumeattachments"] = [
        attachment("a", attached=False, attachError={"message": "no such disk"}),
        attachment("b", attached=True, detachError={"message": "disk is busy"}),
        attachment("c", attached=True),
        attachment("d", attached=False, attachError={"message": "too many"}),
    ]

    text = await ask("k8s_diagnose")

    assert "BROKEN shop/pvc/a: its volume pv-a cannot be attached to node node-1" in text
    assert "BROKEN pv/pv-d: its volume pv-d cannot be attached to node node-1" in text
    assert "DEGRADED shop/pvc/b: its volume pv-b cannot be detached from node node-1" in text
    assert "(detach-failed)" in text


async def test_a_node_without_the_driver_explains_the_pods_that_wait_there(
    ask: Ask, api: Api
) -> None:
    api.objects["nodes"] = [host("node-1"), host("node-2")]
    api.objects["csinodes"] = [
        {"metadata": meta("node-1"), "spec": {"drivers": [{"name": DRIVER}]}},
        {"metadata": meta("node-2"), "spec": {"drivers": None}},
    ]
    api.objects["persistentvolumeclaims"] = [claim("data", "Bound", volumeName="pv-1")]
    api.objects["persistentvolumes"] = [volume("pv-1", claimed="data", csi={"driver": DRIVER})]
    api.objects["pods"] = [stuck("db-0", "data", "node-2")]

    text = await ask("k8s_diagnose")

    assert "node/node-2: its kubelet knows no CSI driver ebs.csi.aws.com" in text
    assert "1 of 2 nodes have it" in text
    assert "(csi-driver-missing)" in text
    assert "shop/pod/db-0" in text


async def test_several_default_classes_are_a_risk(ask: Ask, api: Api) -> None:
    default = {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    older = {"creationTimestamp": ago(days=9), **default}
    api.objects["storageclasses"] = [
        kind("old", metadata=older), kind("new", metadata=default), kind("other")
    ]  # fmt: skip

    text = await ask("k8s_diagnose")

    assert "AT RISK sc/new: 2 classes are the default: new and old; the newest, this one" in text
    assert "(several-default-classes)" in text
