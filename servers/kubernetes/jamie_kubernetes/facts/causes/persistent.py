"""Volumes that nobody reclaims, reaches or gets attached; classes that compete."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import msgspec

from jamie_base.text import count, join_words
from jamie_base.when import Nanoseconds, instant
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.objects import Requirement
from jamie_kubernetes.client.storage import (
    AttachError,
    Attachment,
    CsiNode,
    PersistentVolume,
    StorageClass,
)
from jamie_kubernetes.facts.causes.alike import stand_for
from jamie_kubernetes.facts.causes.storage import StorageCause
from jamie_kubernetes.facts.findings import Harm, finding_about
from jamie_kubernetes.facts.placing.volumes import where
from jamie_kubernetes.facts.survey import ClaimUser

RECLAIM_SECONDS = 600
_SECOND = 1_000_000_000
_finding = partial(finding_about, "pv")

Users = Mapping[tuple[str, str], Sequence[ClaimUser]]
"""Who uses which claim, by namespace and name."""


class Ground(msgspec.Struct, frozen=True):
    """What labels nodes have, so that a volume's wishes can be held against them at a glance."""

    values: Mapping[str, frozenset[str]]

    def has(self, one: Requirement) -> bool:
        """Tell whether some node may have what is required."""
        there = self.values.get(one.key, frozenset())
        match one.operator:
            case "In":
                return any(value in there for value in one.values)
            case "Exists":
                return bool(there)
            case _:
                return True


def ground_of(hosts: Sequence[Host]) -> Ground:
    """Gather the labels of nodes."""
    found: dict[str, set[str]] = defaultdict(set)
    for host in hosts:
        found["metadata.name"].add(host.metadata.name)
        for key, value in host.metadata.labels.items():
            found[key].add(value)

    return Ground({key: frozenset(values) for key, values in found.items()})


def volume_findings(
    volumes: Sequence[PersistentVolume], ground: Ground | None, users: Users, now_ns: Nanoseconds
) -> list[Finding]:
    """Say what is wrong with volumes, many alike in one finding."""
    told = [one for volume in volumes for one in _of_volume(volume, ground, users, now_ns)]
    return stand_for(told, "volume", lambda one: one.cause)


def _of_volume(
    volume: PersistentVolume, ground: Ground | None, users: Users, now_ns: Nanoseconds
) -> Iterator[Finding]:
    spec, status = volume.spec, volume.status
    moved = status.last_phase_transition_time
    since = instant(moved)
    policy = spec.persistent_volume_reclaim_policy
    late = not since or (now_ns - since) / _SECOND >= RECLAIM_SECONDS
    if status.phase == "Failed" or (status.phase == "Released" and policy == "Delete" and late):
        yield _finding(
            volume,
            StorageCause.UNRECLAIMED,
            Harm.DEGRADED if status.phase == "Failed" else Harm.RISK,
            f"was released by {_claim(volume)} and could not be deleted"
            if status.phase == "Failed"
            else f"was released by {_claim(volume)} and is not deleted, as it should be",
            "look at what its driver says; delete the storage itself before the object",
            said=(status.message,) if status.message else (),
            since_ns=since,
        )
    elif status.phase == "Released" and policy != "Delete":
        size = spec.capacity.get("storage", "?")
        yield _finding(
            volume,
            StorageCause.RELEASED,
            Harm.RISK,
            f"keeps {size} for {_claim(volume)}, which is gone: nobody can use it",
            "delete it when its data is not needed, or take its claimRef away to use it again",
            since_ns=since,
        )
    elif ground and status.phase == "Bound" and not _reachable(volume, ground):
        yield _unreachable(volume, users)


def _unreachable(volume: PersistentVolume, users: Users) -> Finding:
    ref = volume.spec.claim_ref
    space = ref.namespace if ref else ""
    used = users.get((space, ref.name), ()) if ref else ()
    owners = tuple(dict.fromkeys(key_of(space, one.owner) for one in used))
    return _finding(
        volume,
        StorageCause.NODE_GONE,
        Harm.RISK,
        f"of {_claim(volume)} is only reached from {where(volume)}, and there is no such node",
        "bring that node back, or restore the data elsewhere and make the claim anew",
        follows=owners,
    )


def _reachable(volume: PersistentVolume, ground: Ground) -> bool:
    choice = volume.spec.node_affinity.required
    return choice is None or any(
        all(ground.has(one) for one in (*term.match_expressions, *term.match_fields))
        for term in choice.node_selector_terms
    )


def _claim(volume: PersistentVolume) -> str:
    ref = volume.spec.claim_ref
    return f"{ref.namespace}/pvc/{ref.name}" if ref else "nobody known"


def attachment_finding(
    one: Attachment, volume: PersistentVolume | None, users: Users
) -> Finding | None:
    """Say why a volume is not attached to a node, or not detached."""
    wrong, cause, verb = one.status.attach_error, StorageCause.ATTACH, "attached to"
    if wrong is None:
        wrong, cause, verb = one.status.detach_error, StorageCause.DETACH, "detached from"
    if wrong is None or (cause is StorageCause.ATTACH and one.status.attached):
        return None

    return _attaching(one, volume, users, wrong, cause, verb)


def _attaching(
    one: Attachment,
    volume: PersistentVolume | None,
    users: Users,
    wrong: AttachError,
    cause: StorageCause,
    verb: str,
) -> Finding:
    ref = volume.spec.claim_ref if volume else None
    name, node = one.spec.source.persistent_volume_name, one.spec.node_name
    space = ref.namespace if ref else ""
    used = users.get((space, ref.name), ()) if ref else ()
    hurt = dict.fromkeys(key_of(space, each.owner) for each in used if not each.ready)
    return Finding(
        cause=cause,
        namespace=space,
        owner=f"pvc/{ref.name}" if ref else f"pv/{name}",
        severity=Harm.BROKEN if cause is StorageCause.ATTACH else Harm.DEGRADED,
        summary=f"its volume {name} cannot be {verb} node {node}",
        said=(wrong.message,) if wrong.message else (),
        next=f"look at the controller of {one.spec.attacher}, and at what the storage says",
        since_ns=instant(wrong.time),
        affects=tuple(hurt),
    )


def shared_finding(namespace: str, claim: str, users: Sequence[ClaimUser]) -> Finding | None:
    """Tell of a claim for one node that pods on several want."""
    nodes = {one.node for one in users if one.node}
    stuck = [one for one in users if one.node and not one.ready]
    if len(nodes) < 2 or not stuck:
        return None

    holders = [one for one in users if one.node and one.node != stuck[0].node]
    return Finding(
        cause=StorageCause.MULTI_ATTACH,
        namespace=namespace,
        owner=f"pvc/{claim}",
        severity=Harm.BROKEN,
        summary="is for one node at a time (ReadWriteOnce), and pods on several want it",
        evidence=tuple(
            f"pod {one.pod} on {one.node}{'' if one.ready else ', not ready'}"
            for one in (*holders[:2], *stuck[:2])
        ),
        next="run the pods on one node, or one at a time (strategy Recreate); or use ReadWriteMany",
        count=len(users),
        affects=tuple(dict.fromkeys(key_of(namespace, one.owner) for one in stuck)),
    )


def defaults_finding(classes: Sequence[StorageClass]) -> Finding | None:
    """Tell when several classes claim to be the default."""
    found = sorted(
        (one for one in classes if one.is_default),
        key=lambda one: one.metadata.created_ns,
        reverse=True,
    )
    if len(found) < 2:
        return None

    names = [one.metadata.name for one in found]
    return Finding(
        cause=StorageCause.DEFAULTS,
        namespace="",
        owner=f"sc/{names[0]}",
        severity=Harm.RISK,
        summary=f"{len(found)} classes are the default: {join_words(names)}; the newest, this one,"
        " is taken",
        next="leave the annotation is-default-class on one of them",
    )


class DriverWant(msgspec.Struct, frozen=True):
    """A driver that pods of some owners wait for on a node, for a claim of theirs."""

    node: str
    driver: str
    namespace: str
    claim: str
    owners: tuple[str, ...]


def driver_findings(wants: Sequence[DriverWant], nodes: Sequence[CsiNode]) -> list[Finding]:
    """Tell of nodes that lack a driver; the claim follows from its node, its pods from it."""
    registered = {one.metadata.name: one.names for one in nodes}
    found: list[Finding] = []
    for one in wants:
        if one.driver in registered.get(one.node, ()):
            continue
        elsewhere = sum(one.driver in names for names in registered.values())
        node = _driverless(one, elsewhere, len(nodes))
        found += (node, _unmounted(one, node.key))

    return found


def _driverless(one: DriverWant, elsewhere: int, total: int) -> Finding:
    return Finding(
        cause=StorageCause.DRIVER_MISSING,
        namespace="",
        owner=f"node/{one.node}",
        severity=Harm.BROKEN,
        summary=f"its kubelet knows no CSI driver {one.driver}",
        evidence=(f"{elsewhere} of {count('node', total)} have it",),
        next=f"look at the DaemonSet of {one.driver}: its pod on {one.node}"
        if elsewhere
        else f"install {one.driver}, or look at its DaemonSet",
        affects=one.owners,
    )


def _unmounted(one: DriverWant, follows: str) -> Finding:
    return Finding(
        cause=StorageCause.DRIVER_MISSING,
        namespace=one.namespace,
        owner=f"pvc/{one.claim}",
        severity=Harm.BROKEN,
        summary=f"cannot be mounted on {one.node}: no driver {one.driver} there",
        follows=(follows,),
    )
