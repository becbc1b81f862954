"""Who a pod belongs to: the workload a person wrote, not the ReplicaSet in between."""

import re

import msgspec

from jamie_kubernetes.client.objects import Meta, ObjectReference
from jamie_kubernetes.kinds import short_kind

# Kubernetes writes generated names without vowels: no other name looks like these by accident. A
# template hash is made of ten of the characters, a pod's suffix of five from all of them. A
# CronJob's Jobs carry the minute since 1970 (28 to 36 million from 2023 to 2038), which is no date.
_HASH = r"[bcdf456789]{5,10}"
_SUFFIX = r"[bcdfghjklmnpqrstvwxz2456789]{5}"
_OF_DEPLOYMENT = re.compile(rf"(.+)-{_HASH}-{_SUFFIX}")
_REPLICA_SET = re.compile(rf"(.+)-{_HASH}")
_OF_CRON_JOB = re.compile(rf"(.+)-((?:2[89]|3[0-6])\d{{6}})(-{_SUFFIX})?")
_GENERATED = re.compile(rf"(.+)-{_SUFFIX}")
_ORDINAL = re.compile(r"(.+)-\d{1,5}")

_HASH_LABEL = "pod-template-hash"


class Owner(msgspec.Struct, frozen=True):
    """A workload by kind and name; without a kind it is known by its pods' names only."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{short_kind(self.kind)}/{self.name}" if self.kind else f"{self.name}-*"


def owner_of(meta: Meta) -> Owner | None:
    """Return the workload of a pod, ReplicaSet or Job; None for one that nobody manages."""
    manager = next((one for one in meta.owner_references if one.controller), None)
    # A node owns its static pods; nobody can ask it for their logs or events.
    if manager is None or manager.kind == "Node":
        return None

    suffix = f"-{meta.labels.get(_HASH_LABEL, '')}"
    if manager.kind == "ReplicaSet" and len(suffix) > 1 and manager.name.endswith(suffix):
        return Owner("Deployment", manager.name.removesuffix(suffix))
    if manager.kind == "Job" and (cron := _OF_CRON_JOB.fullmatch(manager.name)):
        return Owner("CronJob", cron[1])

    return Owner(manager.kind, manager.name)


def owner_by_name(about: ObjectReference) -> Owner:
    """Tell the workload of an object that may be gone, from the names Kubernetes generates."""
    name = about.name
    match about.kind:
        case "Pod":
            return _owner_of_pod(name)
        case "ReplicaSet" if found := _REPLICA_SET.fullmatch(name):
            return Owner("Deployment", found[1])
        case "Job" if found := _OF_CRON_JOB.fullmatch(name):
            return Owner("CronJob", found[1])
        case _:
            return Owner(about.kind, name)


def _owner_of_pod(name: str) -> Owner:
    if found := _OF_DEPLOYMENT.fullmatch(name):
        return Owner("Deployment", found[1])
    if (found := _OF_CRON_JOB.fullmatch(name)) and found[3]:
        return Owner("CronJob", found[1])
    if found := _ORDINAL.fullmatch(name) or _GENERATED.fullmatch(name):
        return Owner("", found[1])

    return Owner("Pod", name)
