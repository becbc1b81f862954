"""Jobs and CronJobs judged: failed, blocked, suspended, late."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter

import msgspec

from jamie_base.when import Nanoseconds, age
from jamie_kubernetes.answers_workloads import WorkloadRow
from jamie_kubernetes.client.controllers import Controller, CronJob
from jamie_kubernetes.facts.controllers import Standing, created, moment
from jamie_kubernetes.facts.owners import owner_of
from jamie_kubernetes.facts.schedules import last_due
from jamie_kubernetes.facts.standing import word

GRACE = timedelta(minutes=2)
STARTING_NS = 60 * 1_000_000_000
_SECOND = 1_000_000_000
_INDEXES = re.compile(r"\d[\d,-]{0,59}")

CronKey = tuple[str, str]
"""Namespace and `cronjob/name`."""


class Run(msgspec.Struct, frozen=True):
    """A Job that a CronJob made; `row` tells how it went."""

    cron: CronKey
    row: WorkloadRow
    finished: bool


class JobTally:
    """Judges Jobs, those of CronJobs apart: only the newest runs tell how a CronJob is doing."""

    def __init__(self, now_ns: Nanoseconds) -> None:
        self._now = now_ns
        self.rows: list[WorkloadRow] = []
        self.runs: list[Run] = []
        self.finished: set[tuple[str, str]] = set()

    def add(self, page: Sequence[Controller]) -> None:
        """Take one page."""
        for one in page:
            row = _job(one, self._now)
            done = one.condition("Complete")
            if done:
                self.finished.add((one.metadata.namespace, one.metadata.name))
            owner = owner_of(one.metadata)
            if owner and owner.kind == "CronJob":
                ended = bool(done or one.condition("Failed"))
                self.runs.append(Run((one.metadata.namespace, str(owner)), row, ended))
            else:
                self.rows.append(row)


class CronJobTally:
    """Judges CronJobs by their schedules."""

    def __init__(self, now_ns: Nanoseconds) -> None:
        self._now = now_ns
        self.rows: list[WorkloadRow] = []

    def add(self, page: Sequence[CronJob]) -> None:
        """Take one page."""
        self.rows += [_cron_job(one, self._now) for one in page]


def failed_indexes(one: Controller) -> str:
    """Return which indexes of a Job are not tried again: `1,3-5`; nothing where none is."""
    found = _INDEXES.match(one.status.failed_indexes)
    return found[0] if found else ""


def with_runs(crons: Iterable[WorkloadRow], runs: Iterable[Run]) -> list[WorkloadRow]:
    """Tell of each CronJob how its newest finished run went; runs of unseen ones stand alone."""
    by_cron: dict[CronKey, list[Run]] = {}
    for run in sorted(runs, key=lambda run: -run.row.created_ns):
        by_cron.setdefault(run.cron, []).append(run)

    rows = [
        _judged(one, by_cron.pop((one.namespace, one.workload), []), one.severity) for one in crons
    ]
    return [*rows, *(run.row for left in by_cron.values() for run in left)]


def _judged(cron: WorkloadRow, runs: list[Run], level: int) -> WorkloadRow:
    finished = [run.row for run in runs if run.finished]
    failed = _leading_failures(finished)
    live = [run.row for run in runs if not run.finished]
    stuck = min(live, key=attrgetter("severity"), default=None)
    if not failed:
        return cron if stuck is None else _with_live(cron, stuck)

    newest = failed[0]
    said = f"last run failed: {newest.why[0].removeprefix('failed: ')}"
    often = [f"{len(failed)} failed in a row"] if len(failed) > 1 else []
    return msgspec.structs.replace(
        cron,
        severity=min(level, Standing.FAILED) if level != Standing.NOTED else level,
        why=(*cron.why, said, *often),
        message=newest.message,
        since_ns=newest.since_ns,
    )


def _with_live(cron: WorkloadRow, run: WorkloadRow) -> WorkloadRow:
    if run.severity >= Standing.ROLLING:
        return cron

    return msgspec.structs.replace(
        cron,
        severity=min(cron.severity, run.severity),
        why=(*cron.why, f"{run.workload}: {', '.join(run.why) or 'not ready'}"),
        message=run.message,
    )


def _leading_failures(finished: list[WorkloadRow]) -> list[WorkloadRow]:
    ends = (at for at, row in enumerate(finished) if row.severity != Standing.FAILED)
    return finished[: next(ends, len(finished))]


def _job(one: Controller, now_ns: Nanoseconds) -> WorkloadRow:
    status, spec = one.status, one.spec
    failed = one.condition("Failed") or one.condition("FailureTarget")
    level, why = _job_standing(one, now_ns)
    completed = status.completion_time
    return WorkloadRow(
        namespace=one.metadata.namespace,
        workload=f"job/{one.metadata.name}",
        severity=level,
        desired=spec.completions or spec.parallelism or 1,
        ready=status.succeeded,
        why=tuple(why),
        message=failed.message if failed else "",
        since_ns=moment(failed),
        created_ns=created(one),
        images=spec.template.images,
        about=f"took {_took(one, completed)}" if completed else "",
    )


def _job_standing(one: Controller, now_ns: Nanoseconds) -> tuple[Standing, list[str]]:
    status, spec = one.status, one.spec
    if one.condition("Complete") or one.condition("SuccessCriteriaMet"):
        return Standing.WELL, []
    if failed := one.condition("Failed") or one.condition("FailureTarget"):
        return Standing.FAILED, [f"failed: {word(failed.reason)}"]
    if spec.suspend:
        return Standing.NOTED, ["suspended"]

    tries = [_tries(one)] if status.failed else []
    if not (status.active or status.terminating) and now_ns - created(one) > STARTING_NS:
        return Standing.SHORT, ["no pod runs", *tries]

    return Standing.ROLLING, [f"{status.active} active", *tries]


def _tries(one: Controller) -> str:
    failed, spec = f"{one.status.failed} failed", one.spec
    if spec.backoff_limit_per_index is not None:
        lost = f", indexes {indexes} for good" if (indexes := failed_indexes(one)) else ""
        return f"{failed}, {spec.backoff_limit_per_index + 1} tries an index{lost}"

    limit = 6 if spec.backoff_limit is None else spec.backoff_limit
    return f"{failed}, gives up after {limit + 1}"


def _took(one: Controller, completed: datetime) -> str:
    started = one.status.start_time or one.metadata.creation_timestamp or completed
    return age((completed - started).total_seconds())


def _cron_job(one: CronJob, now_ns: Nanoseconds) -> WorkloadRow:
    now = datetime.fromtimestamp(now_ns / _SECOND, UTC)
    level, why = _cron_standing(one, now)
    zone = f" {one.spec.time_zone}" if one.spec.time_zone else ""
    return WorkloadRow(
        namespace=one.metadata.namespace,
        workload=f"cronjob/{one.metadata.name}",
        severity=level,
        ready=len(one.status.active),
        why=tuple(why),
        created_ns=one.metadata.created_ns,
        images=one.spec.job_template.spec.template.images,
        about=f"{one.spec.schedule}{zone}, {_last_run(one, now)}",
    )


def _cron_standing(one: CronJob, now: datetime) -> tuple[Standing, list[str]]:
    if one.spec.suspend:
        return Standing.NOTED, ["suspended"]

    try:
        due = last_due(one.spec.schedule, one.spec.time_zone, now - _grace(one))
    except ValueError as exc:
        return Standing.WELL, [f"cannot tell whether it is late: {exc}"]

    since = one.status.last_schedule_time or one.metadata.creation_timestamp
    if due is None or since is None or due <= since:
        return Standing.WELL, []

    ago = _passed(due, now)
    if one.status.active and one.spec.concurrency_policy == "Forbid":
        running = word(one.status.active[0].name)
        return Standing.LATE, [f"due {ago} ago, skipped: {running} still runs (Forbid)"]

    return Standing.LATE, [f"missed: due {ago} ago and not started"]


def _grace(one: CronJob) -> timedelta:
    return max(GRACE, timedelta(seconds=one.spec.starting_deadline_seconds or 0))


def _last_run(one: CronJob, now: datetime) -> str:
    last, good = one.status.last_schedule_time, one.status.last_successful_time
    if last is None:
        return "never run"

    well = f", last success {_passed(good, now)} ago" if good else ", no success yet"
    return f"last run {_passed(last, now)} ago{well}"


def _passed(at: datetime, now: datetime) -> str:
    # The cluster's clock may be ahead of ours.
    return age(max((now - at).total_seconds(), 0.0))
