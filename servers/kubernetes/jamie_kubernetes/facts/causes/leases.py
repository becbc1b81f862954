"""Leases of controllers that nobody renews although their pods run."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

from jamie_base.text import count
from jamie_base.when import Nanoseconds, instant
from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.client.control import Lease
from jamie_kubernetes.client.objects import ObjectReference
from jamie_kubernetes.facts.causes.telling import ago
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.owners import owner_by_name
from jamie_kubernetes.facts.standing import word

STALE_NS = 600 * 1_000_000_000
"""How long a lease may be forgotten; those that lead renew it every few seconds."""


class LeaseCause(StrEnum):
    """Why a controller may do nothing though it runs."""

    FORGOTTEN = "lease-not-renewed"


class Held(msgspec.Struct, frozen=True):
    """A lease that pods hold: which pod, and of which Deployment by its name."""

    lease: Lease
    pod: str
    owner: str


def held_by_pods(leases: Iterable[Lease]) -> list[Held]:
    """Return the leases whose holders are named like pods of a Deployment: `web-66d7c-x2k4z_id`."""
    found: list[Held] = []
    for one in leases:
        pod = one.spec.holder_identity.partition("_")[0]
        owner = owner_by_name(ObjectReference(kind="Pod", name=pod))
        if owner.kind == "Deployment":
            found.append(Held(one, pod, str(owner)))

    return found


def forgotten(held: Sequence[Held], now_ns: Nanoseconds) -> list[Held]:
    """Return those that nobody renews, where the same workload renews no other one either."""
    fresh = {_place(one) for one in held if not _is_stale(one, now_ns)}
    return [one for one in held if _is_stale(one, now_ns) and _place(one) not in fresh]


def forgotten_finding(
    one: Held, ready: int, now_ns: Nanoseconds, *, there: bool | None
) -> Finding | None:
    """Tell of a lease that ready pods have not taken over; `there`: whether its holder is."""
    if not ready:
        return None

    about, renewed = one.lease.metadata, instant(one.lease.spec.renew_time)
    how = "" if there is None else ", which is still there" if there else ", which is gone"
    return Finding(
        cause=LeaseCause.FORGOTTEN,
        namespace=about.namespace,
        owner=one.owner,
        severity=Harm.DEGRADED,
        summary=f"none of its pods leads: lease/{about.name} was last renewed"
        f" {ago(renewed, now_ns)} by {word(one.pod)}{how}; {count('ready pod', ready)} did not"
        " take it over",
        confidence="possible",
        next=f"k8s_logs name={one.owner} namespace={about.namespace} grep=lease: what keeps it from"
        " the lease? One that is no longer used can be deleted",
        since_ns=renewed,
    )


def _is_stale(one: Held, now_ns: Nanoseconds) -> bool:
    spec = one.lease.spec
    late = now_ns - instant(spec.renew_time)
    return late > max(STALE_NS, 4 * spec.lease_duration_seconds * 1_000_000_000)


def _place(one: Held) -> tuple[str, str]:
    return one.lease.metadata.namespace, one.owner
