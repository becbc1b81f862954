"""Claims, volumes and classes as the API server sends them."""

from typing import Any

from tests.kubernetes.wire import Json, ago, event, meta, pod


def claim(name: str, phase: str = "Pending", klass: str | None = "fast", **fields: Any) -> Json:
    """A claim of ten minutes ago that asks for 10Gi; None leaves the class to the default."""
    status = {"phase": phase, **fields.pop("status", {})}
    metadata = {"creationTimestamp": ago(minutes=10), **fields.pop("metadata", {})}
    return {
        "metadata": meta(name, "shop", **metadata),
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "10Gi"}},
            **({} if klass is None else {"storageClassName": klass}),
            **fields,
        },
        "status": status,
    }


def kind(name: str, provisioner: str = "ebs.csi.aws.com", **fields: Any) -> Json:
    waits = fields.pop("waits", False)
    return {
        "metadata": meta(name, **fields.pop("metadata", {})),
        "provisioner": provisioner,
        "volumeBindingMode": "WaitForFirstConsumer" if waits else "Immediate",
        **fields,
    }


def volume(name: str, phase: str = "Bound", claimed: str = "", **fields: Any) -> Json:
    ref = {"namespace": "shop", "name": claimed}
    status = {"phase": phase, **fields.pop("status", {})}
    return {
        "metadata": meta(name, **fields.pop("metadata", {})),
        "spec": {
            "capacity": {"storage": "10Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            **({"claimRef": ref} if claimed else {}),
            **fields,
        },
        "status": status,
    }


def using(name: str, claimed: str, **fields: Any) -> Json:
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": claimed}}]
    return pod(name, spec={"volumes": volumes, **fields.pop("spec", {})}, **fields)


def said(reason: str, claimed: str, message: str, kind: str = "Warning") -> Json:
    return event(reason, f"PersistentVolumeClaim/{claimed}", message, type=kind)
