"""Why a pod does not get the devices that it claims."""

from collections.abc import Sequence

import msgspec

from jamie_base.text import count, join_words
from jamie_kubernetes.client.devices import ResourceClaim, ResourceSlice
from jamie_kubernetes.facts.causes.telling import named
from jamie_signals.similar import nearest


class Lack(msgspec.Struct, frozen=True):
    """What is in the way, and what to do."""

    why: str
    next: str


def absent(names: Sequence[str]) -> Lack:
    """Tell of claims, or templates of them, that nobody made."""
    step = "create it, or name another in the pod's resourceClaims"
    return Lack(f"{join_words(names)} does not exist", step)


def no_class(claim: str, name: str, known: Sequence[str]) -> Lack:
    """Tell of a claim whose class of devices does not exist."""
    near = nearest(name, known, n=1)
    meant = f"; nearest: {near[0]}" if near else ""
    return Lack(
        f"DeviceClass {name}, which resourceclaim/{claim} asks for, does not exist{meant}",
        "correct deviceClassName in the claim or its template, or create the class",
    )


def none_free(
    claim: ResourceClaim, slices: Sequence[ResourceSlice] | None, claims: Sequence[ResourceClaim]
) -> Lack:
    """Tell of a claim for which no node has free devices."""
    asks = f"resourceclaim/{claim.metadata.name} gets no device of class {named(claim.classes)}"
    step = "k8s_get what=resourceslices fields=spec.driver,spec.nodeName,spec.devices[*].name"
    if slices is None:
        return Lack(asks, step)

    offered = sum(len(one.spec.devices) for one in slices)
    taken = sum(one.taken for one in claims)
    if not offered:
        return Lack(
            f"{asks}: no node offers a device",
            "see whether the driver of these devices runs on the nodes that have them: it offers"
            " them in ResourceSlices",
        )

    drivers = named(sorted({one.spec.driver for one in slices}))
    used = f"{count('device', offered)} offered by {drivers}, {taken} in use"
    return Lack(f"{asks}: {used}", f"free one, add a node that has some, or ask for less: {step}")
