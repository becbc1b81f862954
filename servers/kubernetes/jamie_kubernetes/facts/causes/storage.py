"""What is known of a claim and of the storage around it, and how a cause of its is told."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers_diagnose import Confidence, Finding, key_of
from jamie_kubernetes.client.storage import Claim, PersistentVolume, StorageClass
from jamie_kubernetes.facts.causes.telling import happened
from jamie_kubernetes.facts.event_index import Happening
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.survey import ClaimUser


class StorageCause(StrEnum):
    """What is wrong with a claim, a volume or a class."""

    CLASS_MISSING = "storage-class-missing"
    NO_DEFAULT = "no-default-class"
    NO_MATCH = "no-matching-volume"
    VOLUME_MISSING = "volume-missing"
    VOLUME_TAKEN = "volume-taken"
    CONSUMER = "consumer-unscheduled"
    PROVISIONING = "provisioning-failed"
    QUOTA = "storage-quota"
    PROVISIONER_SILENT = "provisioner-silent"
    PROVISIONER_MISSING = "provisioner-missing"
    LOST = "claim-lost"
    RESIZE_FAILED = "resize-failed"
    RESIZE_STUCK = "resize-stuck"
    RESIZE_WAITS = "resize-waits-for-pod"
    DELETING = "claim-deleting"
    RELEASED = "volume-released"
    UNRECLAIMED = "volume-not-reclaimed"
    NODE_GONE = "volume-node-missing"
    ATTACH = "attach-failed"
    DETACH = "detach-failed"
    MULTI_ATTACH = "multi-attach"
    DRIVER_MISSING = "csi-driver-missing"
    DEFAULTS = "several-default-classes"


class Stores(msgspec.Struct, frozen=True):
    """What storage a cluster offers; None where it may not be read.

    `drivers` are those that are registered or have made volumes, `pool` the volumes there are.
    """

    now_ns: Nanoseconds
    classes: Sequence[StorageClass] | None
    drivers: frozenset[str] | None = None
    pool: Sequence[PersistentVolume] | None = None


class Case(msgspec.Struct, frozen=True):
    """A claim, who uses it, what happened to it, and the volume it names.

    `volume` is None where it does not exist or may not be read: `gone` says which. Of `homeless`
    owners there are pods that no node takes.
    """

    claim: Claim
    users: Sequence[ClaimUser] = ()
    happened: Sequence[Happening] = ()
    volume: PersistentVolume | None = None
    gone: bool = False
    homeless: frozenset[str] = frozenset()

    @property
    def hurt(self) -> tuple[str, ...]:
        """Return the owners whose pods use it and are not ready."""
        space = self.claim.metadata.namespace
        owners = (key_of(space, one.owner) for one in self.users if not one.ready)
        return tuple(dict.fromkeys(owners))

    @property
    def grows(self) -> str:
        """Say from what to what it is to grow; empty where it has what it wants."""
        has = self.claim.status.capacity.get("storage", "")
        return f" from {has} to {self.claim.wants}" if has and has != self.claim.wants else ""

    def event(self, *reasons: str) -> Happening | None:
        """Return the latest event of one of some reasons."""
        return next((one for one in self.happened if one.reason in reasons), None)


class Told(msgspec.Struct, frozen=True):
    """What to say of a claim; without a `harm` it is as bad as its users make it."""

    cause: StorageCause
    says: str
    step: str
    evidence: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    confidence: Confidence = "certain"
    follows: tuple[str, ...] = ()
    harm: Harm | None = None
    since_ns: Nanoseconds = 0


def claim_finding(case: Case, told: Told) -> Finding:
    """Say it of the claim, and whom it hits."""
    meta = case.claim.metadata
    usual = Harm.BROKEN if case.users else Harm.DEGRADED
    return Finding(
        cause=told.cause,
        namespace=meta.namespace,
        owner=f"pvc/{meta.name}",
        severity=usual if told.harm is None else told.harm,
        summary=told.says,
        confidence=told.confidence,
        evidence=told.evidence,
        said=told.said,
        next=told.step,
        since_ns=told.since_ns or meta.created_ns,
        count=len(case.users),
        follows=told.follows,
        affects=case.hurt,
    )


def event_lines(case: Case, now_ns: Nanoseconds) -> tuple[str, ...]:
    """Say what happened to the claim last."""
    return tuple(happened(one, now_ns) for one in case.happened[:2])
