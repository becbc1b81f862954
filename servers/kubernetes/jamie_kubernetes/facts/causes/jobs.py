"""What is wrong with Jobs that nobody made by schedule."""

from collections.abc import Iterator
from enum import StrEnum
from functools import partial

import msgspec

from jamie_base.text import count
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.controllers import Controller
from jamie_kubernetes.client.objects import Condition
from jamie_kubernetes.facts.causes.around import Around
from jamie_kubernetes.facts.causes.workloads import CONTROLLERS_KEYS
from jamie_kubernetes.facts.controllers import created, moment
from jamie_kubernetes.facts.findings import Harm, finding_about, told_by
from jamie_kubernetes.facts.jobs import failed_indexes
from jamie_kubernetes.facts.standing import word

OLD_NS = 24 * 3600 * 1_000_000_000
"""After how long a failed Job is only something left lying about."""

FORGOTTEN_NS = 3600 * 1_000_000_000
"""After how long a suspended Job may be forgotten."""

_QUEUES = "kueue.x-k8s.io/queue-name"


_finding = partial(finding_about, "job")


class JobCause(StrEnum):
    """Why a Job does not do its work."""

    BACKOFF = "job-backoff-limit"
    DEADLINE = "job-deadline-exceeded"
    POLICY = "job-pod-failure-policy"
    FAILED = "job-failed"
    IN_PART = "job-indexes-failed"
    NO_POD = "job-without-pod"
    SUSPENDED = "job-suspended"


_LOOK = "see why its pods fail: k8s_logs name={owner} namespace={namespace}"


class _End(msgspec.Struct, frozen=True):
    cause: JobCause
    why: str
    next: str


_ENDS = {
    "BackoffLimitExceeded": _End(
        JobCause.BACKOFF,
        "it gave up: its pods failed too often",
        _LOOK,
    ),
    "DeadlineExceeded": _End(
        JobCause.DEADLINE,
        "it was stopped: it did not finish within {deadline} s",
        "raise spec.activeDeadlineSeconds, or find what makes it slow: k8s_events object={owner}"
        " namespace={namespace}",
    ),
    "PodFailurePolicy": _End(
        JobCause.POLICY,
        "it gave up: a pod failed in a way that its podFailurePolicy does not forgive",
        "look up the exit code below in what the container documents; the rules stand in"
        " spec.podFailurePolicy",
    ),
    "MaxFailedIndexesExceeded": _End(
        JobCause.FAILED, "it gave up: too many of its indexes failed{indexes}", _LOOK
    ),
    "FailedIndexes": _End(JobCause.FAILED, "some of its indexes failed{indexes}", _LOOK),
}
_OTHER = _End(
    JobCause.FAILED, "it failed", "k8s_get what={owner} namespace={namespace} output=yaml"
)


def job_causes(one: Controller, around: Around) -> Iterator[Finding]:
    """Yield what is wrong with a Job."""
    if one.condition("Complete") or one.condition("SuccessCriteriaMet"):
        return
    if one.metadata.deletion_timestamp:
        return
    if failed := one.condition("Failed") or one.condition("FailureTarget"):
        yield _failed(one, failed, around)
    elif one.spec.suspend:
        yield from _suspended(one, around)
    elif indexes := failed_indexes(one):
        yield _in_part(one, indexes)
    elif _should_run(one) and around.is_past(created(one)):
        yield _podless(one)


def ended(one: Controller) -> bool:
    """Tell whether a Job is over, well or not."""
    return bool(one.condition("Complete") or one.condition("Failed"))


def how_it_failed(failed: Condition) -> str:
    """Say why a Job failed."""
    return word(failed.reason) or "failed"


def _failed(one: Controller, failed: Condition, around: Around) -> Finding:
    owner, namespace = _owner(one), one.metadata.namespace
    end, since = _ENDS.get(failed.reason, _OTHER), moment(failed)
    old = since and around.is_past(since, OLD_NS)
    tries = count("failed try", one.status.failed, "failed tries")
    return _finding(
        one,
        end.cause,
        Harm.RISK if old else Harm.BROKEN,
        end.why.format(
            deadline=one.spec.active_deadline_seconds,
            indexes=f": {indexes}" if (indexes := failed_indexes(one)) else "",
        ),
        end.next.format(owner=owner, namespace=namespace),
        evidence=(f"{how_it_failed(failed)} after {tries}, {one.status.succeeded} succeeded",),
        **told_by(failed),
        # Why the pods failed says more than that they did, unless their Job says what it is about.
        follows=(key_of(namespace, owner),) if end.cause == JobCause.BACKOFF else (),
        leads=end.cause != JobCause.BACKOFF,
    )


def _in_part(one: Controller, indexes: str) -> Finding:
    owner, namespace = _owner(one), one.metadata.namespace
    most = one.spec.max_failed_indexes
    ends = "once all others are done" if most is None else f"once more than {most} do"
    said = f"indexes {indexes} of {one.spec.completions} failed too often; it fails {ends}"
    return _finding(
        one,
        JobCause.IN_PART,
        Harm.BROKEN,
        said,
        _LOOK.format(owner=owner, namespace=namespace),
        evidence=(said,),
        since_ns=created(one),
        # Why their pods failed says more.
        follows=(key_of(namespace, owner),),
    )


def _should_run(one: Controller) -> bool:
    done = one.status.succeeded >= (one.spec.completions or 1)
    # With podReplacementPolicy Failed a pod that goes has to be gone before another comes.
    waits = bool(one.status.active or one.status.terminating)
    return not waits and not one.spec.managed_by and not done


def _podless(one: Controller) -> Finding:
    owner, namespace = _owner(one), one.metadata.namespace
    return _finding(
        one,
        JobCause.NO_POD,
        Harm.BROKEN,
        "it should run and has no pod",
        f"k8s_events object={owner} namespace={namespace}",
        confidence="likely",
        evidence=(f"{one.status.failed} failed, {one.status.succeeded} succeeded so far",),
        since_ns=created(one),
        follows=(key_of(namespace, owner), *CONTROLLERS_KEYS),
    )


def _suspended(one: Controller, around: Around) -> Iterator[Finding]:
    since = moment(one.condition("Suspended"))
    if not since or _QUEUES in one.metadata.labels or not around.is_past(since, FORGOTTEN_NS):
        return

    yield _finding(
        one,
        JobCause.SUSPENDED,
        Harm.RISK,
        "it is suspended and does nothing until somebody resumes it",
        "set spec.suspend to false if it was forgotten, delete it if it is not wanted",
        confidence="possible",
        since_ns=since,
    )


def _owner(one: Controller) -> str:
    return f"job/{one.metadata.name}"
