"""What is known of the devices that a pod claims."""

import re
from collections.abc import Sequence

from jamie_kubernetes.client import Listing
from jamie_kubernetes.client.devices import ResourceClaim, ResourceSlice
from jamie_kubernetes.client.placing import PlacingPod
from jamie_kubernetes.facts.causes.devices import Lack, absent, no_class, none_free
from jamie_kubernetes.kinds import Kind
from jamie_kubernetes.tools.diagnosing.reading import names_of, quietly
from jamie_kubernetes.tools.diagnosing.round import Round

GROUP = "resource.k8s.io"
_ABOUT_DEVICES = re.compile(r"cannot allocate all claims|device class|resource ?claim")


async def lacking(round_: Round, pod: PlacingPod) -> Lack | None:
    """Tell which devices a pod lacks, where it is those that keep it from its nodes."""
    kind = await round_.offered("resourceclaims", GROUP) if pod.spec.resource_claims else None
    if kind is None:
        return None
    if gone := await _absent(round_, kind, pod):
        return absent(gone)

    said = pod.verdict.message if pod.verdict else ""
    return await _unallocated(round_, kind, pod) if _ABOUT_DEVICES.search(said) else None


async def _absent(round_: Round, kind: Kind, pod: PlacingPod) -> list[str]:
    """Return the claims that a pod names and nobody made, and templates that do not exist."""
    template = await round_.offered("resourceclaimtemplates", GROUP)
    made = {one.name for one in pod.status.resource_claim_statuses}
    named = [("resourceclaim", kind, one.resource_claim_name) for one in pod.spec.resource_claims]
    if template:
        named += [
            ("resourceclaimtemplate", template, one.resource_claim_template_name)
            for one in pod.spec.resource_claims
            if one.name not in made
        ]

    space = pod.metadata.namespace
    return [
        f"{word}/{name}"
        for word, each, name in named
        if name and await round_.exists(each, space, name) is False
    ]


async def _unallocated(round_: Round, kind: Kind, pod: PlacingPod) -> Lack | None:
    for name in _claims(pod):
        claim = await round_.one(kind, pod.metadata.namespace, name, ResourceClaim)
        if claim and not claim.status.allocation:
            return await _why(round_, kind, claim)

    return None


def _claims(pod: PlacingPod) -> Sequence[str]:
    named = [one.resource_claim_name for one in pod.spec.resource_claims]
    made = [one.resource_claim_name for one in pod.status.resource_claim_statuses]
    return [name for name in (*named, *made) if name]


async def _why(round_: Round, kind: Kind, claim: ResourceClaim) -> Lack:
    classes = await round_.offered("deviceclasses", GROUP)
    for name in claim.classes if classes else ():
        if classes and await round_.exists(classes, "", name) is False:
            return no_class(claim.metadata.name, name, await names_of(round_, classes, ""))

    slices = await round_.offered("resourceslices", GROUP)
    offered = await round_.listed(slices, ResourceSlice) if slices else None
    return none_free(claim, offered, await quietly(round_, Listing(kind), ResourceClaim))
