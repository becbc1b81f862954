"""Claims that get no volume, and why."""

import re
from collections.abc import Sequence

from jamie_base.text import join_words
from jamie_kubernetes.answers_diagnose import key_of
from jamie_kubernetes.client.storage import StorageClass
from jamie_kubernetes.facts.causes.storage import Case, StorageCause, Stores, Told, event_lines
from jamie_kubernetes.facts.causes.telling import happened
from jamie_kubernetes.facts.event_index import Happening
from jamie_kubernetes.facts.placing.volumes import NO_PROVISIONER, SELECTED_NODE, fits_claim
from jamie_signals.similar import nearest

NEAR_SHOWN = 3

_QUOTA = re.compile(r"quota|limit exceeded|LimitExceeded|too many (?:volumes|disks)", re.IGNORECASE)


def pending(case: Case, stores: Stores) -> Told | None:
    """Say why a claim has no volume; nothing where it only waits its turn."""
    spec = case.claim.spec
    if spec.volume_name:
        return _prebound(case)

    classes, name = stores.classes, spec.storage_class_name
    if classes is None:
        return _unanswered(case, stores, "")
    if name == "":
        return _static(case, stores, None)

    kind = next((one for one in classes if _is_meant(one, name)), None)
    if kind is None:
        return _no_class(case, stores, classes) if name else _classless(case, stores)
    if kind.provisioner == NO_PROVISIONER:
        return _static(case, stores, kind)
    if kind.waits and SELECTED_NODE not in case.claim.metadata.annotations:
        return _waiting(case)

    return _unanswered(case, stores, kind.provisioner)


def _is_meant(kind: StorageClass, name: str | None) -> bool:
    """Tell whether a claim means a class: by its name, or the default one by naming none."""
    return kind.is_default if name is None else kind.metadata.name == name


def _prebound(case: Case) -> Told | None:
    name = case.claim.spec.volume_name
    if case.gone:
        step = f"make pv/{name} anew, or name another volume in a new claim"
        return Told(
            StorageCause.VOLUME_MISSING, f"the volume it names, {name}, does not exist", step
        )
    if case.volume and (why := fits_claim(case.volume, case.claim)):
        step = "let the claim ask for what the volume is, or name another volume"
        return Told(StorageCause.VOLUME_TAKEN, f"the volume it names, {name}, {why}", step)

    return None


def _classless(case: Case, stores: Stores) -> Told:
    return Told(
        StorageCause.NO_DEFAULT,
        "it names no StorageClass, and there is no default one",
        "name a class in it (it has to be made anew), or mark a class as the default",
        evidence=event_lines(case, stores.now_ns),
    )


def _no_class(case: Case, stores: Stores, classes: Sequence[StorageClass]) -> Told:
    wanted = case.claim.spec.storage_class_name or ""
    if any(one.spec.storage_class_name == wanted for one in stores.pool or ()):
        # A class need not exist for volumes that were made by hand.
        return _no_match(case, stores)

    names = [one.metadata.name for one in classes]
    near = nearest(wanted, names)
    others = f"; there is {join_words(near or sorted(names)[:NEAR_SHOWN])}" if names else ""
    guess = f"; did you mean {near[0]}?" if near else ""
    return Told(
        StorageCause.CLASS_MISSING,
        f"there is no StorageClass {wanted}{others or ', nor any other'}",
        f"make the class, or the claim anew with another{guess}",
        evidence=event_lines(case, stores.now_ns),
    )


def _static(case: Case, stores: Stores, kind: StorageClass | None) -> Told | None:
    if kind and kind.waits:
        if not case.users:
            return None
        if any(not fits_claim(one, case.claim) for one in stores.pool or ()):
            return _waiting(case)

    return _no_match(case, stores)


def _no_match(case: Case, stores: Stores) -> Told:
    claim = case.claim
    wants = f"{claim.wants} {', '.join(claim.spec.access_modes)}"
    kind = claim.spec.storage_class_name
    near = [(one, fits_claim(one, claim)) for one in stores.pool or ()]
    alike = [one for one in near if one[0].spec.storage_class_name == (kind or "")] or near
    told = tuple(f"pv/{one.metadata.name} {why}" for one, why in alike[:NEAR_SHOWN] if why)
    return Told(
        StorageCause.NO_MATCH,
        f"no volume fits it ({wants}{f', class {kind}' if kind else ', no class'})",
        "make a volume that fits, or ask for what there is",
        evidence=told or (("there is no volume at all",) if stores.pool == [] else ()),
        confidence="certain" if stores.pool is not None else "likely",
    )


def _waiting(case: Case) -> Told | None:
    """Tell of a claim that waits for a pod, only where that pod waits, too."""
    space = case.claim.metadata.namespace
    waits = [one for one in case.users if key_of(space, one.owner) in case.homeless]
    if not waits:
        return None

    return Told(
        StorageCause.CONSUMER,
        f"waits for pod {waits[0].pod}, which no node takes",
        "find why no node takes that pod",
        follows=tuple(dict.fromkeys(key_of(space, one.owner) for one in waits)),
    )


def _unanswered(case: Case, stores: Stores, provisioner: str) -> Told:
    if failed := case.event("ProvisioningFailed"):
        return _refused(failed, provisioner, stores)

    intree = provisioner.startswith("kubernetes.io/")
    if stores.drivers is not None and not intree and provisioner not in stores.drivers:
        return Told(
            StorageCause.PROVISIONER_MISSING,
            f"its provisioner {provisioner} does not answer, and no driver of that name is there",
            f"install {provisioner}, or use a class whose provisioner runs",
            evidence=event_lines(case, stores.now_ns),
            confidence="likely",
        )

    return Told(
        StorageCause.PROVISIONER_SILENT,
        f"its provisioner {provisioner or '(of its class)'} has not answered",
        "look at the provisioner's controller: does it run, and what does it log?",
        evidence=event_lines(case, stores.now_ns),
        confidence="likely",
    )


def _refused(failed: Happening, provisioner: str, stores: Stores) -> Told:
    said = (failed.message,)
    evidence = (happened(failed, stores.now_ns),)
    if _QUOTA.search(failed.message):
        return Told(
            StorageCause.QUOTA,
            f"{provisioner} may not make more: a quota of the storage itself",
            "raise the quota, or delete volumes that nobody needs",
            evidence,
            said,
            since_ns=failed.first_ns,
        )

    return Told(
        StorageCause.PROVISIONING,
        f"{provisioner} cannot make its volume",
        "correct what the provisioner says",
        evidence,
        said,
        since_ns=failed.first_ns,
    )
