"""What is wrong with CronJobs: runs that fail, hang, come late or never."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial

from jamie_base.text import count
from jamie_base.when import age, nanoseconds
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.controllers import Controller, CronJob
from jamie_kubernetes.facts.causes.around import Around, changed_ns
from jamie_kubernetes.facts.causes.jobs import ended, how_it_failed
from jamie_kubernetes.facts.causes.telling import ago, happened
from jamie_kubernetes.facts.causes.workloads import CONTROLLERS, CONTROLLERS_KEYS
from jamie_kubernetes.facts.controllers import created, moment
from jamie_kubernetes.facts.findings import Harm, finding_about
from jamie_kubernetes.facts.schedules import last_due

GRACE = timedelta(minutes=2)
PILE = 3
"""How many runs at once are too many."""

SHORTEST_DEADLINE_SECONDS = 10
"""How often the controller looks: a shorter starting deadline may never be met."""

_SECOND = 1_000_000_000
_finding = partial(finding_about, "cronjob")


class CronCause(StrEnum):
    """Why a CronJob does not do its work."""

    NEVER = "cronjob-never-ran"
    LATE = "cronjob-late"
    MISSED = "cronjob-too-many-missed"
    HANGS = "cronjob-run-hangs"
    PILING = "cronjob-runs-pile-up"
    FAILING = "cronjob-runs-fail"
    ZONE = "cronjob-time-zone"
    SCHEDULE = "cronjob-bad-schedule"
    NEVER_DUE = "cronjob-never-due"
    SHORT_DEADLINE = "cronjob-deadline-too-short"


_UNREADABLE = {
    "UnknownTimeZone": (CronCause.ZONE, "its time zone is not one the controller knows"),
    "UnsupportedSchedule": (
        CronCause.ZONE,
        "its schedule names a time zone, which belongs into spec.timeZone",
    ),
    "UnparseableSchedule": (CronCause.SCHEDULE, "its schedule cannot be read"),
    "InvalidSchedule": (CronCause.SCHEDULE, "its schedule is not valid"),
}


def cron_causes(one: CronJob, runs: Sequence[Controller], around: Around) -> Iterator[Finding]:
    """Yield what is wrong with a CronJob and the Jobs it made; a suspended one rests on purpose."""
    if one.spec.suspend or one.metadata.deletion_timestamp:
        return
    if wrong := _unreadable(one, around):
        yield wrong
        return

    newest = sorted(runs, key=created, reverse=True)
    live = [run for run in newest if not ended(run)]
    yield from _unstarted(one, live, around)
    yield from _failing(one, [run for run in newest if ended(run)], around)
    if one.spec.concurrency_policy in ("", "Allow") and len(live) >= PILE:
        yield _piling(one, live, around)
    deadline = one.spec.starting_deadline_seconds
    if deadline is not None and deadline < SHORTEST_DEADLINE_SECONDS:
        yield _short_deadline(one, deadline)


def runs_by_cron(jobs: Sequence[Controller]) -> Mapping[str, list[Controller]]:
    """Return the Jobs that CronJobs made, by the CronJobs' keys."""
    found: dict[str, list[Controller]] = {}
    for one in jobs:
        if name := cron_of(one):
            key = key_of(one.metadata.namespace, f"cronjob/{name}")
            found.setdefault(key, []).append(one)

    return found


def cron_of(job: Controller) -> str:
    """Return the CronJob that made a Job, or nothing."""
    owners = job.metadata.owner_references
    return next((one.name for one in owners if one.controller and one.kind == "CronJob"), "")


def _owner(one: CronJob) -> str:
    return f"cronjob/{one.metadata.name}"


def _key(one: CronJob) -> str:
    return key_of(one.metadata.namespace, _owner(one))


def _unreadable(one: CronJob, around: Around) -> Finding | None:
    namespace, name = one.metadata.namespace, one.metadata.name
    event = around.event(namespace, "CronJob", name, *_UNREADABLE)
    if event is None or event.last_ns < changed_ns(one.metadata):
        return None

    cause, why = _UNREADABLE[event.reason]
    return _finding(
        one,
        cause,
        Harm.DOWN,
        f"it does not run: {why}",
        "correct spec.schedule (five fields) and spec.timeZone (a name of the IANA data base:"
        " Europe/London)",
        evidence=(happened(event, around.now_ns),),
        said=(event.message,),
        since_ns=event.first_ns,
    )


def _unstarted(one: CronJob, live: Sequence[Controller], around: Around) -> Iterator[Finding]:
    """Yield a run that was due and did not start."""
    now = datetime.fromtimestamp(around.now_ns / _SECOND, UTC)
    grace = max(GRACE, timedelta(seconds=one.spec.starting_deadline_seconds or 0))
    try:
        due = last_due(one.spec.schedule, one.spec.time_zone, now - grace)
    except ValueError:
        # What we cannot read the controller may well: it warns of what it cannot.
        return

    since = one.status.last_schedule_time or one.metadata.creation_timestamp
    if due is None:
        yield _finding(
            one,
            CronCause.NEVER_DUE,
            Harm.RISK,
            f"its schedule {one.spec.schedule} has not been due in five years: is there such a"
            " day?",
            "correct spec.schedule",
        )
    elif since and due > since:
        yield _late(one, live, due, around)


def _late(one: CronJob, live: Sequence[Controller], due: datetime, around: Around) -> Finding:
    namespace, name = one.metadata.namespace, one.metadata.name
    due_ns = nanoseconds(due)
    missed = around.event(namespace, "CronJob", name, "TooManyMissedTimes")
    if missed:
        return _finding(
            one,
            CronCause.MISSED,
            Harm.BROKEN,
            "it missed more than a hundred starts, and its controller gives up counting",
            "set spec.startingDeadlineSeconds (300), or make the CronJob anew; check that the"
            " control plane's clock is right",
            said=(missed.message,),
            since_ns=due_ns,
        )
    if live and one.spec.concurrency_policy == "Forbid":
        return _hangs(one, live[-1], due_ns, around)

    never = one.status.last_schedule_time is None
    return _finding(
        one,
        CronCause.NEVER if never else CronCause.LATE,
        Harm.BROKEN,
        f"it was due {ago(due_ns, around.now_ns)} and did not start"
        f"{'; it never ran' if never else ''}",
        f"look at its events, and whether {CONTROLLERS} runs: k8s_events object={_owner(one)}"
        f" namespace={namespace}",
        confidence="likely",
        since_ns=due_ns,
        follows=(_key(one), *CONTROLLERS_KEYS),
    )


def _hangs(one: CronJob, oldest: Controller, due_ns: int, around: Around) -> Finding:
    job, namespace = oldest.metadata.name, one.metadata.namespace
    runs = age((around.now_ns - created(oldest)) / _SECOND)
    return _finding(
        one,
        CronCause.HANGS,
        Harm.BROKEN,
        f"no run starts: job/{job} still runs after {runs}, and concurrencyPolicy Forbid waits",
        f"see what it does: k8s_logs name=job/{job} namespace={namespace}; delete it if it hangs,"
        " and give it an activeDeadlineSeconds",
        since_ns=due_ns,
        evidence=(f"job/{job} runs for {runs}; a run was due {ago(due_ns, around.now_ns)}",),
        # Pods of the run that are sick say why it hangs.
        follows=(_key(one),),
    )


def _failing(one: CronJob, over: Sequence[Controller], around: Around) -> Iterator[Finding]:
    """Yield how many of the newest runs failed in a row."""
    well = (at for at, run in enumerate(over) if not run.condition("Failed"))
    failed = over[: next(well, len(over))]
    condition = failed[0].condition("Failed") if failed else None
    if condition is None:
        return

    good = one.status.last_successful_time
    success = f"last success {ago(nanoseconds(good), around.now_ns)}" if good else "no success yet"
    runs = f"its last {len(failed)} runs" if len(failed) > 1 else "its last run"
    yield _finding(
        one,
        CronCause.FAILING,
        Harm.BROKEN if len(failed) > 1 or not good else Harm.DEGRADED,
        f"{runs} failed: {how_it_failed(condition)}",
        f"see why: k8s_logs name=job/{failed[0].metadata.name} namespace={one.metadata.namespace}",
        # Read beside a cause of its pods too, which does not tell that it was so every time.
        evidence=(f"{runs} failed, {success}",),
        said=(condition.message,) if condition.message else (),
        since_ns=moment(failed[-1].condition("Failed")),
        follows=(_key(one),),
    )


def _piling(one: CronJob, live: Sequence[Controller], around: Around) -> Finding:
    runs = age((around.now_ns - created(live[-1])) / _SECOND)
    return _finding(
        one,
        CronCause.PILING,
        Harm.DEGRADED,
        f"{count('run', len(live))} of it go on at once, the oldest for {runs}: they take longer"
        " than the schedule allows",
        "set concurrencyPolicy: Forbid or an activeDeadlineSeconds; see what the oldest does:"
        f" k8s_logs name=job/{live[-1].metadata.name} namespace={one.metadata.namespace}",
        since_ns=created(live[-1]),
        count=len(live),
        follows=(_key(one),),
    )


def _short_deadline(one: CronJob, seconds: int) -> Finding:
    return _finding(
        one,
        CronCause.SHORT_DEADLINE,
        Harm.RISK,
        f"startingDeadlineSeconds {seconds} is shorter than the controller's ten seconds between"
        " looks: runs may never start",
        "set spec.startingDeadlineSeconds to 60 or more",
    )
