"""Who a pod belongs to."""

import msgspec
import pytest

from jamie_kubernetes.client.objects import Meta, ObjectReference
from jamie_kubernetes.facts.owners import owner_by_name, owner_of
from tests.kubernetes.wire import meta


def owner(name: str, made_by: str) -> str:
    return str(owner_of(msgspec.convert(meta(name, "shop", made_by), Meta)))


@pytest.mark.parametrize(
    ("made_by", "expected"),
    [
        ("ReplicaSet/web-7d9f8c6b5", "deploy/web"),
        ("StatefulSet/db", "sts/db"),
        ("DaemonSet/agent", "ds/agent"),
        ("Job/import", "job/import"),
        ("Job/import-20240101", "job/import-20240101"),
        ("Job/backup-29331840", "cronjob/backup"),
        ("Rollout/web", "Rollout/web"),
        ("Node/control-1", "None"),
        ("", "None"),
    ],
)
def test_a_pod_belongs_to_what_a_person_wrote(made_by: str, expected: str) -> None:
    assert owner("pod", made_by) == expected


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("Pod", "web-7d9f8c6b5-x2x4z", "deploy/web"),
        ("Pod", "my-web-app-59b78675bc-bl5m4", "deploy/my-web-app"),
        ("Pod", "backup-29331840-x2x4z", "cronjob/backup"),
        ("Pod", "postgres-0", "postgres-*"),
        ("Pod", "fluent-bit-x2x4z", "fluent-bit-*"),
        ("Pod", "my-nginx", "pod/my-nginx"),
        ("Pod", "debug-shell", "pod/debug-shell"),
        ("ReplicaSet", "web-7d9f8c6b5", "deploy/web"),
        ("Job", "backup-29331840", "cronjob/backup"),
        ("Deployment", "web", "deploy/web"),
        ("Node", "node-1", "node/node-1"),
        ("Certificate", "tls", "Certificate/tls"),
    ],
)
def test_an_object_that_is_gone_tells_its_owner_by_name(
    kind: str, name: str, expected: str
) -> None:
    assert str(owner_by_name(ObjectReference(kind=kind, name=name))) == expected
