"""Claims that have no volume, lost it, do not grow or do not go."""

import re
from collections.abc import Iterator

from jamie_base.text import join_words
from jamie_base.when import Nanoseconds, instant, nanoseconds
from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.client.objects import Condition
from jamie_kubernetes.facts.causes.pending_claims import pending
from jamie_kubernetes.facts.causes.storage import (
    Case,
    StorageCause,
    Stores,
    Told,
    claim_finding,
    event_lines,
)
from jamie_kubernetes.facts.causes.telling import happened, named
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.standing import word

_SECOND = 1_000_000_000
YOUNG_SECONDS = 60
RESIZING_SECONDS = 600
PROTECTION = "kubernetes.io/pvc-protection"

_FAILED_SIZE = re.compile(r"(Controller|Node)Resize(Infeasible|Failed)")
_RESIZE_ERRORS = ("ControllerResizeError", "NodeResizeError")


def claim_findings(case: Case, stores: Stores) -> Iterator[Finding]:
    """Say what is wrong with a claim."""
    if told := _told(case, stores):
        yield claim_finding(case, told)


def _told(case: Case, stores: Stores) -> Told | None:
    claim = case.claim
    if claim.metadata.deletion_timestamp is not None:
        return _leaving(case, nanoseconds(claim.metadata.deletion_timestamp), stores)

    match claim.status.phase:
        case "Lost":
            return _lost(case, stores)
        case "Pending" if _is_old(case.claim.metadata.created_ns, YOUNG_SECONDS, stores):
            return pending(case, stores)
        case "Bound":
            return _resize_failed(case, stores) or _resize_slow(case, stores)
        case _:
            return None


def _lost(case: Case, stores: Stores) -> Told:
    name = case.claim.spec.volume_name
    return Told(
        StorageCause.LOST,
        f"its volume {name} is gone, and its data with it",
        f"restore pv/{name} from what it was made of, or the data from a backup",
        evidence=event_lines(case, stores.now_ns),
    )


def _leaving(case: Case, since_ns: Nanoseconds, stores: Stores) -> Told | None:
    if not _is_old(since_ns, YOUNG_SECONDS, stores):
        return None

    finalizers = case.claim.metadata.finalizers
    if PROTECTION in finalizers and case.users:
        pods = named([one.pod for one in case.users])
        return Told(
            StorageCause.DELETING,
            f"is being deleted and goes, with its data, as soon as nobody uses it: {pods} does",
            "save what is in it first, if it was deleted by mistake: it cannot be called back",
            harm=Harm.DEGRADED,
            since_ns=since_ns,
        )

    held = join_words([word(one) for one in finalizers])
    return Told(
        StorageCause.DELETING,
        f"is being deleted and does not go: held by {held or 'nothing that is named'}",
        "look at the controller that owns the finalizer",
        harm=Harm.DEGRADED,
        since_ns=since_ns,
    )


def _resize_failed(case: Case, stores: Stores) -> Told | None:
    status = case.claim.status
    said = {one.type: one for one in status.conditions if one.status == "True"}
    wrong = next((said[name] for name in _RESIZE_ERRORS if name in said), None)
    bad = [one for one in status.allocated_resource_statuses.values() if _FAILED_SIZE.match(one)]
    failed = case.event("VolumeResizeFailed", "FileSystemResizeFailed")
    grows = case.grows
    if not (wrong or bad or (failed and grows)):
        return None

    words = (wrong.message if wrong else "") or (failed.message if failed else "")
    return Told(
        StorageCause.RESIZE_FAILED,
        f"cannot grow{grows}" + (f" ({word(bad[0])})" if bad else ""),
        "correct what the driver says, or ask for less again",
        evidence=(happened(failed, stores.now_ns),) if failed else (),
        said=(words,) if words else (),
        harm=Harm.DEGRADED,
        since_ns=_since(wrong) if wrong else failed.first_ns if failed else 0,
    )


def _resize_slow(case: Case, stores: Stores) -> Told | None:
    said = {one.type: one for one in case.claim.status.conditions if one.status == "True"}
    waits, runs = said.get("FileSystemResizePending"), said.get("Resizing")
    if waits and _is_old(_since(waits), RESIZING_SECONDS, stores):
        pods = named([one.pod for one in case.users]) or "no pod"
        return Told(
            StorageCause.RESIZE_WAITS,
            f"is larger, but its file system is not yet{case.grows}: {pods} uses it",
            "start the pod that mounts it again: its file system grows while it is mounted",
            harm=Harm.RISK,
            since_ns=_since(waits),
        )
    if runs and _is_old(_since(runs), RESIZING_SECONDS, stores):
        return Told(
            StorageCause.RESIZE_STUCK,
            f"grows{case.grows} and does not get done",
            "look at the resizer of its CSI driver: does it run, and what does it log?",
            evidence=event_lines(case, stores.now_ns),
            harm=Harm.DEGRADED,
            since_ns=_since(runs),
        )

    return None


def _since(one: Condition) -> Nanoseconds:
    return instant(one.last_transition_time)


def _is_old(since_ns: Nanoseconds, seconds: float, stores: Stores) -> bool:
    return (stores.now_ns - since_ns) / _SECOND >= seconds
