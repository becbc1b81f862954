"""k8s_diagnose on claims: those that get no volume, lose it, do not grow or do not go."""

from typing import Any

import pytest

from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer
from tests.kubernetes.placing import homeless, host, mounting
from tests.kubernetes.storing import claim, kind, said, using, volume
from tests.kubernetes.wire import Api, Json, ago, condition, meta

DRIVER = {"metadata": meta("ebs.csi.aws.com")}
LOCAL = "kubernetes.io/no-provisioner"


@pytest.mark.parametrize(
    ("made", "code", "says"),
    [
        (
            {"claims": [claim("data", klass="fsat")], "classes": [kind("fast"), kind("slow")]},
            "storage-class-missing",
            "there is no StorageClass fsat; there is fast",
        ),
        (
            {"claims": [claim("data")]},
            "storage-class-missing",
            "there is no StorageClass fast, nor any other",
        ),
        (
            {"claims": [claim("data", klass=None)], "classes": [kind("fast")]},
            "no-default-class",
            "it names no StorageClass, and there is no default one",
        ),
        (
            {"claims": [claim("data", klass="")]},
            "no-matching-volume",
            "there is no volume at all",
        ),
        (
            {"claims": [claim("data", klass="")], "volumes": [
                volume("pv-1", "Available", capacity={"storage": "5Gi"}),
                volume("pv-2", "Available", accessModes=["ReadOnlyMany"]),
                volume("pv-3", claimed="other"),
            ]},
            "no-matching-volume",
            "no volume fits it (10Gi ReadWriteOnce, no class)",
        ),
        (
            {"claims": [claim("data", klass="local")], "classes": [kind("local", LOCAL)],
             "volumes": [volume("pv-1", "Released", "old", storageClassName="local")]},
            "no-matching-volume",
            "pv/pv-1 is released by shop/pvc/old",
        ),
        (
            {"claims": [claim("data", klass="by-hand")], "volumes": [
                volume("pv-1", "Available", storageClassName="by-hand", volumeMode="Block")]},
            "no-matching-volume",
            "pv/pv-1 is of mode Block",
        ),
        (
            {"claims": [claim("data", volumeName="pv-9")], "classes": [kind("fast")]},
            "volume-missing",
            "the volume it names, pv-9, does not exist",
        ),
        (
            {"claims": [claim("data", klass="", volumeName="pv-1")],
             "volumes": [volume("pv-1", claimed="other")]},
            "volume-taken",
            "the volume it names, pv-1, is taken by shop/pvc/other",
        ),
        (
            {"claims": [claim("data")], "classes": [kind("fast")]},
            "provisioner-missing, likely",
            "its provisioner ebs.csi.aws.com does not answer, and no driver of that name is there",
        ),
        (
            {"claims": [claim("data")], "classes": [kind("fast")], "drivers": [DRIVER]},
            "provisioner-silent, likely",
            "its provisioner ebs.csi.aws.com has not answered",
        ),
        (
            {"claims": [claim("data")], "classes": [kind("fast", "rancher.io/local-path")],
             "volumes": [volume("pv-1", metadata={"annotations": {
                 "pv.kubernetes.io/provisioned-by": "rancher.io/local-path"}})]},
            "provisioner-silent, likely",
            "its provisioner rancher.io/local-path has not answered",
        ),
        (
            {"claims": [claim("data")], "classes": [kind("fast")], "events": [
                said("ProvisioningFailed", "data", "rpc error: code = Internal")]},
            "provisioning-failed",
            "1: rpc error: code = Internal",
        ),
        (
            {"claims": [claim("data")], "classes": [kind("fast")], "events": [
                said("ProvisioningFailed", "data", "Quota 'SSD_TOTAL_GB' exceeded")]},
            "storage-quota",
            "ebs.csi.aws.com may not make more: a quota of the storage itself",
        ),
        (
            {"claims": [claim("data", "Lost", volumeName="pv-1")]},
            "claim-lost",
            "its volume pv-1 is gone, and its data with it",
        ),
    ],
)  # fmt: skip
async def test_why_a_claim_has_no_volume(
    ask: Ask, api: Api, made: dict[str, list[Json]], code: str, says: str
) -> None:
    api.objects["persistentvolumeclaims"] = made["claims"]
    api.objects["persistentvolumes"] = made.get("volumes", [])
    api.objects["storageclasses"] = made.get("classes", [])
    api.objects["csidrivers"] = made.get("drivers", [])
    api.objects["events"] = made.get("events", [])

    text = await ask("k8s_diagnose", object="pvc/data", namespace="shop")

    assert "DEGRADED shop/pvc/data: " in text
    assert f"({code})" in text
    assert says in text


@pytest.mark.parametrize(
    "made",
    [
        {"claims": [claim("data", klass="lazy")], "classes": [kind("lazy", waits=True)]},
        {"claims": [claim("data", klass="local")], "classes": [kind("local", LOCAL, waits=True)]},
        {"claims": [claim("data", metadata={"creationTimestamp": ago(seconds=20)})]},
        {"claims": [claim("data", "Bound", volumeName="pv-1")], "volumes": [volume("pv-1")]},
        {"claims": [claim("data", "Bound", status={"conditions": [
            condition("FileSystemResizePending", lastTransitionTime=ago(minutes=2))]})]},
    ],
    ids=["waits for a pod", "waits for a pod, local", "just made", "bound", "just grew"],
)  # fmt: skip
async def test_a_claim_that_is_well_or_waits_its_turn_is_no_trouble(
    ask: Ask, api: Api, made: dict[str, list[Json]]
) -> None:
    offer(api)
    api.objects["persistentvolumeclaims"] = made["claims"]
    api.objects["persistentvolumes"] = made.get("volumes", [])
    api.objects["storageclasses"] = made.get("classes", [])

    assert (await ask("k8s_diagnose")).startswith("Healthy")


async def test_a_claim_without_volume_explains_the_pods_that_wait_for_it(
    ask: Ask, api: Api
) -> None:
    words = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    api.objects["nodes"] = [host("node-1")]
    api.objects["storageclasses"] = [kind("fast")]
    api.objects["persistentvolumeclaims"] = [claim("data-db-0", klass="fats")]
    api.objects["pods"] = [
        homeless("db-0", words, spec=mounting("data-db-0"), owner="StatefulSet/db")
    ]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding ")
    assert "DOWN shop/pvc/data-db-0: there is no StorageClass fats; there is fast" in text
    assert "hits: shop/sts/db" in text
    assert "did you mean fast?" in text


async def test_a_claim_that_waits_for_a_pod_is_told_as_what_that_pod_hits(
    ask: Ask, api: Api
) -> None:
    # Its code, consumer-unscheduled, only shows where its pod's own trouble does not.
    api.objects["nodes"] = [host("node-1", cpu="1")]
    api.objects["storageclasses"] = [kind("lazy", waits=True)]
    api.objects["persistentvolumeclaims"] = [claim("data", klass="lazy")]
    api.objects["pods"] = [homeless("web-0", asks={"cpu": "4"}, spec=mounting("data"))]
    api.objects["pods"][0]["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "4"}}

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding ")
    assert "(insufficient-cpu)" in text
    assert "hits: shop/pvc/data" in text


async def test_a_local_volume_that_nobody_made_explains_its_pod(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [host("node-1")]
    api.objects["storageclasses"] = [kind("local", LOCAL, waits=True)]
    api.objects["persistentvolumeclaims"] = [claim("data", klass="local")]
    api.objects["pods"] = [homeless("web-0", spec=mounting("data"))]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding ")
    assert "DOWN shop/pvc/data: no volume fits it" in text
    assert "hits: shop/pod/web-0" in text


@pytest.mark.parametrize(
    ("status", "happened", "code", "says"),
    [
        (
            {"conditions": [condition("ControllerResizeError", message="disk is in use")]},
            [],
            "DEGRADED shop/pvc/data: cannot grow from 5Gi to 10Gi",
            "1: disk is in use",
        ),
        (
            {"allocatedResourceStatuses": {"storage": "NodeResizeInfeasible"}},
            [],
            "(NodeResizeInfeasible)",
            "(resize-failed)",
        ),
        (
            {"conditions": [condition("Resizing")]},
            [said("VolumeResizeFailed", "data", "denied")],
            "(resize-failed)",
            "event VolumeResizeFailed x1",
        ),
        (
            {"conditions": [condition("Resizing")]},
            [],
            "grows from 5Gi to 10Gi and does not get done for 60m",
            "(resize-stuck)",
        ),
        (
            {"conditions": [condition("FileSystemResizePending")]},
            [],
            "AT RISK shop/pvc/data: is larger, but its file system is not yet from 5Gi to 10Gi",
            "(resize-waits-for-pod)",
        ),
    ],
)
async def test_a_claim_that_does_not_grow(
    ask: Ask, api: Api, status: dict[str, Any], happened: list[Json], code: str, says: str
) -> None:
    grown = {"capacity": {"storage": "5Gi"}, **status}
    api.objects["persistentvolumeclaims"] = [claim("data", "Bound", status=grown)]
    api.objects["events"] = happened

    text = await ask("k8s_diagnose")

    assert code in text
    assert says in text


async def test_a_claim_that_is_deleted_names_who_still_uses_it(ask: Ask, api: Api) -> None:
    going = {"deletionTimestamp": ago(minutes=9)}
    guard = ["kubernetes.io/pvc-protection"]
    api.objects["persistentvolumeclaims"] = [
        claim("used", "Bound", metadata={**going, "finalizers": guard}),
        claim("held", "Bound", metadata={**going, "finalizers": ["example.com/backup"]}),
    ]
    api.objects["pods"] = [using("db-0", "used")]

    text = await ask("k8s_diagnose")

    assert "goes, with its data, as soon as nobody uses it: db-0 does for 9m" in text
    assert "does not go: held by example.com/backup" in text
    assert text.count("(claim-deleting)") == 2


async def test_many_claims_of_one_fault_are_one_finding(ask: Ask, api: Api) -> None:
    api.objects["storageclasses"] = [kind("slow")]
    api.objects["persistentvolumeclaims"] = [claim(f"data-{one:02}") for one in range(30)]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding ")
    assert "30 claims, this one among them: there is no StorageClass fast" in text


async def test_claims_of_a_namespace_whose_classes_may_not_be_read(ask: Ask, api: Api) -> None:
    api.denied = {"storageclasses", "persistentvolumes", "csidrivers", "csinodes"}
    api.objects["persistentvolumeclaims"] = [claim("data")]

    text = await ask("k8s_diagnose", namespace="shop")

    assert "shop/pvc/data: its provisioner (of its class) has not answered" in text
    assert "(provisioner-silent, likely)" in text
    assert "Missing: " in text
