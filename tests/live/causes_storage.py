"""Claims and volumes with trouble: the lab's own volume controllers, and what drivers would say."""

from typing import Any

from tests.kubernetes.placing import HOST
from tests.kubernetes.wire import Json, ago
from tests.live.causes import Cause, Made, Said

NAMESPACE = "jamie-test-diagnose-storage"
OWN = "jamie-test-storage"
NODES = (f"{OWN}-1", f"{OWN}-2")
BEARS = [{"key": OWN, "operator": "Exists"}]
DRIVER = f"{OWN}.csi.example.com"
UNIT = "tests/kubernetes/test_diagnose_storage.py"
VOLUMES = "tests/kubernetes/test_diagnose_volumes.py"


def host(name: str) -> Made:
    offered = {"cpu": "2", "memory": "4Gi", "pods": "20"}
    taints = [{"key": OWN, "value": "own", "effect": "NoSchedule"}]
    body: Json = {
        "metadata": {"name": name, "labels": {HOST: name, OWN: "yes"}},
        "spec": {"taints": taints},
        "status": {"allocatable": offered, "capacity": offered},
    }
    return Made("v1/nodes", body, namespaced=False)


HOSTS = [host(name) for name in NODES]


def kind(name: str, provisioner: str, waits: bool = False) -> Made:
    body: Json = {
        "metadata": {"name": f"{OWN}-{name}"},
        "provisioner": provisioner,
        "volumeBindingMode": "WaitForFirstConsumer" if waits else "Immediate",
    }
    return Made("storage.k8s.io/v1/storageclasses", body, namespaced=False)


def claim(name: str, klass: str | None = "", size: str = "1Gi", **fields: Any) -> Made:
    """Without a class: `""` is none at all, None leaves it to the default."""
    metadata = {"name": name, **fields.pop("metadata", {})}
    spec: Json = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": size}},
        **({} if klass is None else {"storageClassName": klass}),
        **fields.pop("spec", {}),
    }
    events = tuple(one._replace(about=f"PersistentVolumeClaim/{name}")
                   for one in fields.pop("events", ()))  # fmt: skip
    body = {"metadata": metadata, "spec": spec}
    return Made("v1/persistentvolumeclaims", body, events=events, **fields)


def volume(name: str, size: str = "1Gi", owner: Json | None = None, **fields: Any) -> Made:
    """A volume; `owner` is its claimRef: a volume without one goes to any claim that fits."""
    source = {} if "csi" in fields else {"hostPath": {"path": "/nowhere"}}
    spec: Json = {
        "capacity": {"storage": size},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        **source,
        **({"claimRef": owner} if owner else {}),
        **fields,
    }
    body = {"metadata": {"name": f"{OWN}-{name}"}, "spec": spec}
    return Made("v1/persistentvolumes", body, namespaced=False)


def pod(name: str, claimed: str, node: str = "", **fields: Any) -> Made:
    place = {"nodeName": node} if node else {"nodeSelector": {OWN: "yes"}}
    spec: Json = {
        "containers": [{"name": "app", "image": "example.net/app:1"}],
        "tolerations": BEARS,
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claimed}}],
        **place,
        **fields.pop("spec", {}),
    }
    return Made("v1/pods", {"metadata": {"name": name}, "spec": spec}, **fields)


def bound(name: str, **fields: Any) -> tuple[Made, Made]:
    """A claim and a volume that name each other."""
    names = {"volumeName": f"{OWN}-{name}"}
    owner = {"namespace": NAMESPACE, "name": name}
    return volume(name, owner=owner, **fields.pop("volume", {})), claim(name, spec=names, **fields)


def gone(name: str) -> Json:
    """A claimRef to a claim that is no more: nobody has its uid."""
    return {"namespace": "default", "name": name, "uid": "00000000-0000-4000-8000-000000000000"}


def unmounted(name: str, claimed: str, node: str, *events: Said) -> Made:
    """A pod whose container is not created for want of its volume."""
    status = {
        "phase": "Pending",
        "conditions": [
            {"type": "PodScheduled", "status": "True", "lastTransitionTime": ago(minutes=8)},
            {"type": "Ready", "status": "False", "lastTransitionTime": ago(minutes=8)},
        ],
        "containerStatuses": [
            {
                "name": "app", "image": "example.net/app:1", "imageID": "", "ready": False,
                "restartCount": 0, "state": {"waiting": {"reason": "ContainerCreating"}},
            }
        ],
    }  # fmt: skip
    return pod(name, claimed, node, pods=status, events=events)


def row(code: str, checklist: str, name: str, *made: Made, how: Any = "real") -> Cause:
    return Cause(code, checklist, f"pvc/{name}", how, made=made)


def condition(kind: str, **past: float) -> Json:
    return {"conditions": [{"type": kind, "status": "True", "lastTransitionTime": ago(**past),
                            "message": "the driver said no"}]}  # fmt: skip


def attachment(name: str, node: str, volume: str, **status: Any) -> Made:
    body: Json = {
        "metadata": {"name": f"{OWN}-{name}"},
        "spec": {"attacher": DRIVER, "nodeName": node,
                 "source": {"persistentVolumeName": f"{OWN}-{volume}"}},
    }  # fmt: skip
    said = {"attached": False, **status}
    return Made("storage.k8s.io/v1/volumeattachments", body, status=said, namespaced=False)


FAILED = 'failed to provision volume with StorageClass "slow": rpc error: code = Internal'
FULL = "googleapi: Error 403: Quota 'SSD_TOTAL_GB' exceeded. Limit: 500.0"
CSI = {"driver": DRIVER, "volumeHandle": "vol-1"}

STORAGE = (
    row("storage-class-missing", "PVC pending: class missing", "typo",
        kind("fast-ssd", DRIVER), claim("typo", f"{OWN}-fast-sdd")),
    row("no-default-class", "PVC pending: no class and no default one", "classless",
        claim("classless", None, "20Gi")),
    row("no-matching-volume", "PVC pending: no volume fits", "large",
        volume("small", "1Gi"), claim("large", "", "5Ti")),
    row("no-matching-volume", "PVC pending: no local volume; its pod waits", "local",
        kind("local", "kubernetes.io/no-provisioner", waits=True), claim("local", f"{OWN}-local"),
        pod("on-local", "local")),
    row("volume-missing", "PVC pending: the volume it names does not exist", "nameless",
        claim("nameless", spec={"volumeName": f"{OWN}-nobody-made-it"})),
    row("volume-taken", "PVC pending: the volume it names is another's", "late",
        *bound("early"), claim("late", spec={"volumeName": f"{OWN}-early"})),
    row("provisioner-missing", "PVC pending: no such provisioner", "unmade",
        kind("unmade", f"{OWN}.nobody.example.com"), claim("unmade", f"{OWN}-unmade")),
    row("provisioner-silent", "PVC pending: its provisioner does not answer", "awaited",
        Made("storage.k8s.io/v1/csidrivers", {"metadata": {"name": DRIVER}, "spec": {}},
             namespaced=False),
        kind("awaited", DRIVER), claim("awaited", f"{OWN}-awaited")),
    row("provisioning-failed", "PVC pending: provisioner message", "refused",
        claim("refused", f"{OWN}-awaited", events=(Said("ProvisioningFailed", FAILED),)),
        how="played"),
    row("storage-quota", "PVC pending: the storage's quota", "crowded",
        claim("crowded", f"{OWN}-awaited", events=(Said("ProvisioningFailed", FULL),)),
        how="played"),
    row("claim-lost", "Lost", "lost",
        claim("lost", spec={"volumeName": f"{OWN}-lost"},
              metadata={"annotations": {"pv.kubernetes.io/bind-completed": "yes"}})),
    row("resize-failed", "resize failed", "grows-not",
        *bound("grows-not", status=condition("ControllerResizeError", minutes=3)), how="played"),
    row("resize-stuck", "resize pending", "grows",
        *bound("grows", status=condition("Resizing", minutes=30)), how="played"),
    row("resize-waits-for-pod", "resize pending: the file system", "grown",
        *bound("grown", status=condition("FileSystemResizePending", minutes=30)), how="played"),
    row("claim-deleting", "deleted and still used", "leaving",
        *bound("leaving"), pod("keeper", "leaving", NODES[0])),
    row("multi-attach", "RWO volume on several nodes", "shared",
        *bound("shared"), pod("holder", "shared", NODES[0]),
        unmounted("wanting", "shared", NODES[1],
                  Said("FailedAttachVolume", 'Multi-Attach error for volume "pvc-1" Volume is'
                       " already used by pod(s) holder")), how="played"),
    row("attach-failed", "VolumeAttachment error", "unattached",
        *bound("unattached", volume={"csi": CSI}),
        attachment("on", NODES[0], "unattached", attachError={"message": "no such disk"}),
        how="played"),
    row("detach-failed", "VolumeAttachment error while it goes", "clinging",
        *bound("clinging", volume={"csi": {**CSI, "volumeHandle": "vol-2"}}),
        attachment("off", NODES[0], "clinging", attached=True,
                   detachError={"message": "disk is busy"}),
        how="played"),
    Cause("csi-driver-missing", "CSI node plugin missing", f"node/{NODES[1]}", "played", made=(
        *bound("driverless", volume={"csi": {**CSI, "volumeHandle": "vol-3"}}),
        *(Made("storage.k8s.io/v1/csinodes",
               {"metadata": {"name": name}, "spec": {"drivers": drivers}}, namespaced=False)
          for name, drivers in (
              (NODES[0], [{"name": DRIVER, "nodeID": NODES[0]}]), (NODES[1], []))),
        unmounted("unmounted", "driverless", NODES[1]))),
    Cause("volume-released", "PV Released", f"pv/{OWN}-kept", "real",
          made=(volume("kept", owner=gone("long-gone")),)),
    Cause("volume-not-reclaimed", "PV Failed: it could not be deleted", f"pv/{OWN}-stuck", "real",
          made=(volume("stuck", owner=gone("gone-too"), persistentVolumeReclaimPolicy="Delete"),)),
    Cause("volume-node-missing", "PV affinity to a node that is gone", f"pv/{OWN}-stranded", "real",
          made=bound("stranded", volume={"nodeAffinity": {"required": {"nodeSelectorTerms": [
              {"matchExpressions": [{"key": HOST, "operator": "In", "values": ["gone"]}]}]}}})),
    Cause("several-default-classes", "several default classes", how="elsewhere",
          why=f"a default class would serve other tests' claims, too; {VOLUMES}"),
    Cause("consumer-unscheduled", "WaitForFirstConsumer: its consumer is unschedulable",
          how="elsewhere", why=f"told as what that pod hits; {UNIT}"),
    Cause("", "WaitForFirstConsumer without consumer", f"pvc/{OWN}-idle", "real",
          made=(kind("idle", DRIVER, waits=True), claim(f"{OWN}-idle", f"{OWN}-idle"))),
    Cause("", "a claim that is bound", "pvc/fine", "real", made=bound("fine")),
)  # fmt: skip
