"""Who wrote which fields of an object, as the API server notes it."""

from collections.abc import Sequence

from jamie_kubernetes.client.sending import MANAGER, Object, list_at, mapping_at, text_at

_CONTROL_PLANE = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "cloud-controller-manager",
)
"""Managers whose writes are the cluster's own doing, nobody's change."""


def own_fields(one: Object) -> Object:
    """Return the fields that we applied, where nobody else has written any; else nothing."""
    if other_writers(one):
        return {}

    ours = (mapping_at(each, "fieldsV1") for each in _entries(one) if _is_apply(each))
    return next(ours, Object())


def is_ours(one: Object) -> bool:
    """Tell whether an object that the server has was made by us and written by nobody else."""
    # Of an object that has only a name nobody's fields are noted.
    there = _entries(one) or text_at(one, "metadata", "creationTimestamp")
    return bool(there) and not other_writers(one)


def other_writers(one: Object) -> Sequence[str]:
    """Name who wrote to an object that we applied, we ourselves in another way included."""
    strangers = (
        text_at(each, "manager") or "somebody unnamed"
        for each in _entries(one)
        if not _is_apply(each) and text_at(each, "manager") not in _CONTROL_PLANE
    )
    return [*dict.fromkeys(strangers)]


def _is_apply(entry: Object) -> bool:
    return (text_at(entry, "manager"), text_at(entry, "operation")) == (MANAGER, "Apply")


def _entries(one: Object) -> list[Object]:
    return list_at(one, "metadata", "managedFields")
