"""Custom resources judged by what nearly all of them say of themselves: their conditions."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from jamie_base.errors import UNREADABLE
from jamie_base.text import join_words
from jamie_base.when import Nanoseconds, age, instant, nanoseconds
from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.client.control import Custom, CustomSpec
from jamie_kubernetes.client.objects import Condition
from jamie_kubernetes.facts.causes.custom_links import Kept, kept, made_by, needed, waited_for
from jamie_kubernetes.facts.certificates import EXPIRY_NS
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.standing import word
from jamie_kubernetes.kinds import Kind, short_kind

PATIENCE_NS = 120 * 1_000_000_000
"""How long a custom resource may be on its way."""

LAG_NS = 300 * 1_000_000_000
LEAVING_NS = 600 * 1_000_000_000
"""How long a controller may take to clean up after what is deleted, or wait for others."""

HOLDERS_TOLD = 3

_GOOD = {
    "Ready": Harm.BROKEN,
    "Available": Harm.BROKEN,
    "Healthy": Harm.BROKEN,
    "Established": Harm.BROKEN,
    "Reconciled": Harm.BROKEN,
    "Installed": Harm.BROKEN,
    "Accepted": Harm.BROKEN,
    "Programmed": Harm.BROKEN,
    "Synced": Harm.DEGRADED,
    "ReconcileSuccess": Harm.DEGRADED,
}
"""Conditions that should be True, and how bad it is when they are not."""

_BAD = {
    "Stalled": Harm.BROKEN,
    "Failed": Harm.BROKEN,
    "Degraded": Harm.DEGRADED,
    "Fallback": Harm.DEGRADED,
    "ReconcileError": Harm.DEGRADED,
    "ErrorOccurred": Harm.DEGRADED,
}
"""Conditions that should not be True."""

_ON_PURPOSE = frozenset({
    "Paused", "Suspended", "Disabled", "ScaledToZero", "NotEnabled", "Hibernated", "Stopped",
    "Completed", "Finished", "Succeeded", "Superseded",
})  # fmt: skip
_WAITING = frozenset({
    "Progressing", "Pending", "Creating", "Initializing", "Provisioning", "InProgress", "Waiting",
    "Reconciling", "ProgressingWithRetry", "Deploying", "Scaling", "Issuing", "Starting",
})  # fmt: skip
_IN_VAIN = re.compile(r"deadline exceeded|tim(?:ed |e)out|not ready|attempt", re.IGNORECASE)
_WAITING_STATES = ("pending", "processing")
_FAILED_PHASES = frozenset({
    "failed", "error", "partiallyfailed", "failedvalidation", "degraded", "unhealthy", "lost",
    "rejected", "invalid",
})  # fmt: skip


class OperatorCause(StrEnum):
    """Causes that custom resources and releases tell of."""

    NOT_READY = "custom-resource-not-ready"
    FAILED = "custom-resource-failed"
    IGNORED = "controller-lags"
    OUT_OF_SYNC = "out-of-sync"
    EXPIRING = "certificate-expiring"
    EXPIRED = "certificate-expired"
    DELETING = "custom-resource-deleting"
    RELEASE_FAILED = "helm-release-failed"
    RELEASE_PENDING = "helm-release-pending"


class _Health(msgspec.Struct, frozen=True):
    status: str = ""
    message: str = ""


class _Sync(msgspec.Struct, frozen=True):
    status: str = ""


class _Said(msgspec.Struct, frozen=True, rename="camel"):
    """What a status may hold."""

    conditions: tuple[Condition, ...] = ()
    phase: str = ""
    state: str = ""
    message: str = ""
    observed_generation: int = 0
    not_after: datetime | None = None
    reason: str = ""
    health: _Health = _Health()
    sync: _Sync = _Sync()
    resources: tuple[Kept, ...] = ()


def custom_findings(
    kind: Kind,
    group: str,
    one: Custom,
    now_ns: Nanoseconds,
    made: Sequence[str] = (),
    keeps: Sequence[str] = (),
) -> Iterator[Finding]:
    """Judge a custom resource of a kind.

    `made` are the keys of the workloads it owns, `keeps` of those it keeps as they should be, which
    explain only that it waits for them in vain.
    """
    said = _decoded(one.status)
    in_vain = any(_IN_VAIN.search(each.message) for each in said.conditions)
    links = (*_links(kind, one, said), *(keeps if in_vain else ()))
    about = _About(kind, group, one, (*made, *made_by(one.metadata), *links))
    if one.metadata.deletion_timestamp is not None:
        yield from _leaving(one, about, now_ns)
        return
    if _is_held(one):
        return

    if bad := _worst(said.conditions, now_ns):
        yield about.condition(*bad)
    elif failed := _phase(said):
        yield about.finding(
            OperatorCause.FAILED, Harm.BROKEN, f"{failed}", (said.message,) if said.message else ()
        )
    elif waits := _waits(one, said, now_ns):
        yield about.finding(OperatorCause.NOT_READY, Harm.BROKEN, waits, (said.reason,))
    elif said.health.status in ("Degraded", "Missing"):
        words = (said.health.message,) if said.health.message else ()
        yield about.finding(
            OperatorCause.FAILED, Harm.BROKEN, f"health is {said.health.status}", words
        )
    elif said.sync.status == "OutOfSync":
        differs = "the cluster differs from what its source says"
        yield about.finding(OperatorCause.OUT_OF_SYNC, Harm.RISK, f"out of sync: {differs}")
    elif _lags(one, said, now_ns):
        seen = (
            f"generation {one.metadata.generation}, its controller saw {said.observed_generation}"
        )
        yield about.finding(
            OperatorCause.IGNORED, Harm.DEGRADED, f"a change is not taken up: {seen}"
        )

    if said.not_after and (late := _expiry(said.not_after, now_ns)):
        yield about.finding(*late)


def _links(kind: Kind, one: Custom, said: _Said) -> Iterator[str]:
    """Yield whose findings would explain that it is not well."""
    yield from needed(kind.name, one)
    yield from kept(said.resources)
    yield from waited_for([each.message for each in said.conditions])


def _leaving(one: Custom, about: "_About", now_ns: Nanoseconds) -> Iterator[Finding]:
    """Yield what was deleted long ago and is still held."""
    asked, holders = one.metadata.deletion_timestamp, one.metadata.finalizers
    if asked is None or not holders or now_ns - nanoseconds(asked) < LEAVING_NS:
        return

    names = join_words([word(name) for name in holders[:HOLDERS_TOLD]])
    found = about.finding(
        OperatorCause.DELETING,
        Harm.DEGRADED,
        f"is deleted, but its finalizer {names} holds it: its controller does not finish",
    )
    yield msgspec.structs.replace(
        found,
        next="look at the controller of that finalizer; without one, remove the finalizer",
        since_ns=nanoseconds(asked),
        follows=(*found.follows, f"ns/{one.metadata.namespace}"),
    )


class _About:
    """Makes findings about one custom resource."""

    def __init__(self, kind: Kind, group: str, one: Custom, follows: tuple[str, ...]) -> None:
        self._kind = kind
        self._group = group
        self._meta = one.metadata
        self._follows = follows

    def condition(self, bad: Condition, harm: Harm) -> Finding:
        """Tell of a condition that is not as it should be."""
        found = self.finding(
            OperatorCause.NOT_READY,
            harm,
            f"{word(bad.type)}={word(bad.status)} ({word(bad.reason) or 'no reason given'})",
            (bad.message,) if bad.message else (),
        )
        at = bad.last_transition_time
        return msgspec.structs.replace(found, since_ns=instant(at))

    def finding(
        self, cause: OperatorCause, harm: Harm, summary: str, said: tuple[str, ...] = ()
    ) -> Finding:
        """Tell of a cause."""
        kind = short_kind(self._kind.name)
        space = f" namespace={self._meta.namespace}" if self._meta.namespace else ""
        return Finding(
            cause=cause,
            namespace=self._meta.namespace,
            owner=f"{kind}/{self._meta.name}",
            severity=harm,
            summary=f"{self._kind.name} ({self._group}): {summary}",
            said=said,
            next=f"k8s_get what={self._kind.plural}.{self._group}/{self._meta.name}{space}",
            follows=self._follows,
        )


def _is_held(one: Custom) -> bool:
    try:
        spec = msgspec.json.decode(one.spec, type=CustomSpec)
    except UNREADABLE:
        return False

    return bool(spec.suspend or spec.paused)


def _decoded(status: msgspec.Raw) -> _Said:
    """Read what can be read of a status, each field for itself: some hold other things there."""
    try:
        fields = msgspec.json.decode(status, type=dict[str, msgspec.Raw])
    except UNREADABLE:
        return _Said()

    known = {
        field.name: value
        for field in msgspec.structs.fields(_Said)
        if field.encode_name in fields
        if (value := _field(fields[field.encode_name], field.type)) is not None
    }
    return msgspec.structs.replace(_Said(), **known)


def _field(raw: msgspec.Raw, kind: type[object]) -> object:
    try:
        return msgspec.json.decode(raw, type=kind)
    except UNREADABLE:
        return None


def _worst(conditions: Sequence[Condition], now_ns: Nanoseconds) -> tuple[Condition, Harm] | None:
    # Of those as bad the first is told, and what should be so tells more than what should not.
    bad = [
        (one, _GOOD[one.type]) for one in conditions if one.status == "False" and one.type in _GOOD
    ]
    bad += [
        (one, _BAD[one.type]) for one in conditions if one.status == "True" and one.type in _BAD
    ]
    lasting = [(one, harm) for one, harm in bad if _counts(one, now_ns)]

    return min(lasting, key=lambda each: each[1], default=None)


def _counts(one: Condition, now_ns: Nanoseconds) -> bool:
    if one.reason in _ON_PURPOSE:
        return False

    at = one.last_transition_time
    waited = now_ns - instant(at)
    return waited > PATIENCE_NS * (5 if one.reason in _WAITING else 1)


def _phase(said: _Said) -> str:
    for name, value in (("phase", said.phase), ("state", said.state)):
        if value.replace("-", "").replace("_", "").lower() in _FAILED_PHASES:
            return f"{name} is {word(value) or 'odd'}"

    return ""


def _waits(one: Custom, said: _Said, now_ns: Nanoseconds) -> str:
    """Say that it waits, and for long, where it gives a reason in a sentence."""
    state = said.state or said.phase
    late = now_ns - one.metadata.created_ns > LEAVING_NS
    waits = late and state.lower() in _WAITING_STATES and " " in said.reason
    return f"state is {word(state)}" if waits else ""


def _lags(one: Custom, said: _Said, now_ns: Nanoseconds) -> bool:
    seen, wanted = said.observed_generation, one.metadata.generation
    if not seen or seen >= wanted:
        return False

    changed = max(
        (
            nanoseconds(each.last_transition_time)
            for each in said.conditions
            if each.last_transition_time
        ),
        default=0,
    )
    return now_ns - changed > LAG_NS if changed else False


def _expiry(at: datetime, now_ns: Nanoseconds) -> tuple[OperatorCause, Harm, str] | None:
    left = nanoseconds(at) - now_ns
    if left > EXPIRY_NS:
        return None
    if left > 0:
        soon = f"the certificate expires in {age(left / 1e9)} and was not renewed"
        return OperatorCause.EXPIRING, Harm.RISK, soon

    return OperatorCause.EXPIRED, Harm.BROKEN, f"the certificate expired {age(-left / 1e9)} ago"


def release_finding(namespace: str, name: str, status: str, at_ns: Nanoseconds) -> Finding | None:
    """Judge the newest revision of a Helm release by its status label."""
    failed = status == "failed"
    if not failed and not status.startswith(("pending-", "uninstalling")):
        return None

    what = (
        "failed" if failed else f"is {word(status) or 'pending'}: it was interrupted or still runs"
    )
    return Finding(
        cause=OperatorCause.RELEASE_FAILED if failed else OperatorCause.RELEASE_PENDING,
        namespace=namespace,
        owner=f"helm/{name}",
        severity=Harm.DEGRADED,
        summary=f"the last change of the Helm release {what}",
        next=f"k8s_rollout name=helm/{name} namespace={namespace}",
        since_ns=at_ns,
    )
