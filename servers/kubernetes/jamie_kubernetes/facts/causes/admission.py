"""Refused pods: one finding a workload, or one for what refuses several of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from jamie_base.text import count
from jamie_base.when import Nanoseconds, instant
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.controllers import Controller, CronJob
from jamie_kubernetes.facts.causes.refusals import AdmissionCause, Refusal, refusal_of
from jamie_kubernetes.facts.causes.telling import happened
from jamie_kubernetes.facts.controllers import created, moment
from jamie_kubernetes.facts.event_index import EventIndex, Happening
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.owners import owner_of
from jamie_kubernetes.kinds import DAEMON_SETS, DEPLOYMENTS, JOBS, STATEFUL_SETS, Kind

EXAMPLES = 4
COUNTED_TOLD = 2
MADE_FAILED = "FailedCreate"

UsedBy: TypeAlias = Callable[[str, str], str]
"""Says who uses what a quota of a namespace counts."""


class Refused(msgspec.Struct, frozen=True):
    """A workload that does not get its pods, and the API server's words."""

    namespace: str
    owner: str
    message: str
    wanted: int = 1
    ready: int = 0
    since_ns: Nanoseconds = 0
    event: Happening | None = None

    @property
    def key(self) -> str:
        """Return whose it is."""
        return key_of(self.namespace, self.owner)


def refused(kind: Kind, one: Controller, events: EventIndex | None) -> Refused | None:
    """Tell whether a workload lacks pods because they are refused."""
    namespace = one.metadata.namespace
    manager = owner_of(one.metadata)
    owner = str(manager) if manager else f"{kind.short}/{one.metadata.name}"
    if one.metadata.deletion_timestamp or not _lacks(kind, one):
        return None
    if kind == DEPLOYMENTS:
        return _refused_deployment(one, owner, events)

    event = _event(events, namespace, kind.name, one.metadata.name)
    if event is None:
        return None

    wanted, ready = _counts(kind, one)
    return Refused(namespace, owner, event.message, wanted, ready, event.first_ns, event)


def refused_set(one: Controller, owner: str, event: Happening) -> Refused | None:
    """Tell whether a ReplicaSet of its own, or of a kind we do not know, still lacks pods."""
    if one.metadata.deletion_timestamp or one.status.replicas >= one.spec.replicas:
        return None

    wanted, ready = one.spec.replicas, one.status.ready_replicas
    return Refused(
        one.metadata.namespace, owner, event.message, wanted, ready, event.first_ns, event
    )


def refused_cron_job(one: CronJob, events: EventIndex | None) -> Refused | None:
    """Tell whether a CronJob does not get its Jobs."""
    namespace, name = one.metadata.namespace, one.metadata.name
    event = _event(events, namespace, "CronJob", name)
    last = one.status.last_schedule_time
    since_made = instant(last)
    if one.spec.suspend or event is None or event.last_ns <= since_made:
        return None

    return Refused(namespace, f"cronjob/{name}", event.message, 1, 0, event.first_ns, event)


def refusal_findings(
    found: Iterable[Refused], hooks: Mapping[str, str], now_ns: Nanoseconds, used_by: UsedBy
) -> list[Finding]:
    """Return what refuses pods; what refuses those of several workloads is told once.

    `hooks` names the configurations of webhooks, `used_by` who uses up what a quota counts.
    """
    read = [(one, _configured(refusal_of(one.message), hooks)) for one in found]
    by_culprit: dict[tuple[str, str], dict[str, tuple[Refused, Refusal]]] = defaultdict(dict)
    for one, refusal in read:
        by_culprit[_culprit(one, refusal), refusal.cause].setdefault(one.key, (one, refusal))

    return [
        *(
            _shared(culprit, list(group.values()), used_by)
            for (culprit, _), group in by_culprit.items()
            if culprit and len(group) > 1
        ),
        *(_single(one, refusal, now_ns, used_by) for one, refusal in read),
    ]


def _configured(refusal: Refusal, hooks: Mapping[str, str]) -> Refusal:
    """Blame a webhook's configuration, which others blame as well."""
    kind, _, name = refusal.culprit.partition("/")
    known = hooks.get(name, name)
    return replace(refusal, culprit=f"webhook/{known}") if kind == "webhook" else refusal


def _lacks(kind: Kind, one: Controller) -> bool:
    status, spec = one.status, one.spec
    if kind == STATEFUL_SETS:
        return status.replicas < spec.replicas
    if kind == DAEMON_SETS:
        return status.current_number_scheduled < status.desired_number_scheduled
    if kind == JOBS:
        ended = one.condition("Complete") or one.condition("Failed")
        return not (ended or spec.suspend or status.active >= (spec.parallelism or 1))

    return True


def _counts(kind: Kind, one: Controller) -> tuple[int, int]:
    status = one.status
    if kind == DAEMON_SETS:
        return status.desired_number_scheduled, status.number_ready
    if kind == JOBS:
        return one.spec.parallelism or 1, status.active

    return one.spec.replicas, status.ready_replicas


def _refused_deployment(one: Controller, owner: str, events: EventIndex | None) -> Refused | None:
    failed = one.condition("ReplicaFailure")
    if failed is None:
        late = one.condition("Progressing", "False")
        failed = late if late and late.reason == "ReplicaSetCreateError" else None
    if failed is None:
        return None

    said = events.of_owner(one.metadata.namespace, owner) if events else []
    return Refused(
        one.metadata.namespace,
        owner,
        failed.message,
        one.spec.replicas,
        one.status.ready_replicas,
        moment(failed) or created(one),
        next((each for each in said if each.reason == MADE_FAILED), None),
    )


def _event(events: EventIndex | None, namespace: str, kind: str, name: str) -> Happening | None:
    said = events.about(namespace, kind, name) if events else []
    return next((each for each in said if each.reason == MADE_FAILED), None)


def _culprit(one: Refused, refusal: Refusal) -> str:
    name = refusal.culprit
    name += one.namespace if name.endswith("/") else ""
    return name if refusal.wide or not name else key_of(one.namespace, name)


def _harm(one: Refused) -> Harm:
    return Harm.BROKEN if one.ready else Harm.DOWN


def _spent(one: Refused, refusal: Refusal, used_by: UsedBy) -> list[str]:
    said = (used_by(one.namespace, each) for each in refusal.counted[:COUNTED_TOLD])
    return [line for line in said if line]


def _single(one: Refused, refusal: Refusal, now_ns: Nanoseconds, used_by: UsedBy) -> Finding:
    culprit = _culprit(one, refusal)
    return Finding(
        cause=refusal.cause,
        namespace=one.namespace,
        owner=one.owner,
        severity=_harm(one),
        summary=f"its pods are refused: {refusal.why}",
        evidence=(
            f"{one.ready} of {count('wanted pod', one.wanted)} ready",
            *_spent(one, refusal, used_by),
            *([happened(one.event, now_ns)] if one.event else []),
        ),
        said=(one.message,),
        next=refusal.next,
        since_ns=one.since_ns,
        follows=(culprit,) if culprit else (),
    )


def _shared(culprit: str, group: Sequence[tuple[Refused, Refusal]], used_by: UsedBy) -> Finding:
    one, refusal = min(group, key=lambda each: (_harm(each[0]), each[0].key))
    owner = culprit if refusal.wide else culprit.removeprefix(f"{one.namespace}/")
    told = [f"{each.owner if not refusal.wide else each.key}: {why.why}" for each, why in group]
    return Finding(
        cause=refusal.cause,
        namespace="" if refusal.wide else one.namespace,
        owner=owner,
        severity=_harm(one),
        summary=f"refuses the pods of {len(group)} workloads: {refusal.why}",
        evidence=(*_spent(one, refusal, used_by), *told[:EXAMPLES]),
        said=(one.message,),
        next=refusal.next,
        since_ns=min((each.since_ns for each, _ in group if each.since_ns), default=0),
        # A finding of the webhook itself knows better why it does not answer.
        follows=(culprit,) if refusal.cause == AdmissionCause.WEBHOOK_DOWN else (),
        affects=tuple(each.key for each, _ in group),
    )
