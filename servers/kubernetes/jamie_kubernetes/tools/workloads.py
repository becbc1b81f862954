"""Workloads: what runs, what should, and what is in the way."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, TypeVar

import msgspec
from pydantic import Field

from jamie_base.answer import paginate
from jamie_base.errors import InvalidArgument
from jamie_base.together import together
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers_workloads import WorkloadList, WorkloadRow, WorkloadStatus
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.cluster import Reducer
from jamie_kubernetes.client.controllers import Autoscaler, BoundPod, Controller, CronJob
from jamie_kubernetes.client.objects import Event
from jamie_kubernetes.facts.autoscalers import AutoscalerTally
from jamie_kubernetes.facts.blockers import Blockers, Key, explained, refuses
from jamie_kubernetes.facts.controllers import ControllerTally, Standing
from jamie_kubernetes.facts.happenings import EVENT_WINDOW_NS, EventTally
from jamie_kubernetes.facts.jobs import CronJobTally, JobTally, with_runs
from jamie_kubernetes.kinds import (
    AUTOSCALERS,
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    PODS,
    STATEFUL_SETS,
    Kind,
    kind_named,
)
from jamie_kubernetes.render.workloads import ROWS_BYTES, row_line, workloads
from jamie_kubernetes.tools.parts import Part, Parts, check_namespace
from jamie_kubernetes.tools.targets import Target, find
from jamie_kubernetes.tools.toolset import Backend, Cursor, Namespace, tools

SHOWN = (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, JOBS, CRON_JOBS, AUTOSCALERS)
ROWS = 60

ObjectT = TypeVar("ObjectT")
ReducerT = TypeVar("ReducerT", bound=Reducer[Any])

Workload_ = Annotated[
    str,
    Field(description="deploy/web, or a kind: sts, cj, hpa.", max_length=300),
]
Status = Annotated[WorkloadStatus, Field(description="auto: blocked; all when narrowed.")]


class Wanted(msgspec.Struct, frozen=True):
    """Which workloads are asked for: kinds, or one by name, in a namespace or all."""

    kinds: tuple[Kind, ...]
    words: str
    namespace: str = ""
    target: Target | None = None

    def listing(self, kind: Kind, namespace: str) -> Listing:
        """Return the list to read for a kind."""
        one = self.target
        name = one.name if one and kind is one.kind else ""
        return Listing(kind, namespace, fields=f"metadata.name={name}" if name else "")

    @property
    def scaled(self) -> str:
        """Return the workload whose autoscalers are asked for; empty: all."""
        one = self.target
        return str(one) if one and one.kind != AUTOSCALERS else ""


@dataclass(frozen=True)
class _Found:
    """The judged workloads of each kind while they come in."""

    controllers: list[Part[ControllerTally]]
    jobs: Part[JobTally] | None
    crons: Part[CronJobTally] | None
    scalers: Part[AutoscalerTally] | None

    @property
    def finished(self) -> set[Key]:
        """Return the Jobs that succeeded."""
        return self.jobs.value.finished if self.jobs and self.jobs.value else set()

    def rows(self, wanted: Wanted) -> list[WorkloadRow]:
        """Return a row for each workload asked for."""
        jobs = self.jobs.value if self.jobs else None
        crons = self.crons.value if self.crons else None
        scalers = self.scalers.value if self.scalers else None
        rows = [row for part in self.controllers if part.value for row in part.value.rows]
        rows += jobs.rows if jobs else []
        rows += with_runs(crons.rows if crons else (), jobs.runs if jobs else ())
        rows += scalers.rows if scalers else []

        # The Jobs were only read to tell how the CronJobs are doing.
        only_crons = CRON_JOBS in wanted.kinds and DEPLOYMENTS not in wanted.kinds
        return [row for row in rows if not only_crons or not row.workload.startswith("job/")]


@tools.reads(workloads)
async def k8s_workloads(
    cluster: Backend,
    namespace: Namespace = "",
    workload: Workload_ = "",
    status: Status = "auto",
    cursor: Cursor = "",
) -> WorkloadList:
    """List workloads (Deployments to CronJobs, HPAs) and what blocks them."""
    now_ns = cluster.now_ns
    await check_namespace(cluster, namespace)
    wanted = await _wanted(cluster, workload, namespace)
    narrowed = bool(wanted.namespace or workload)
    chosen = status if status != "auto" else "all" if narrowed else "blocked"
    parts = Parts(cluster, wanted.namespace)
    found = _plan(parts, wanted, now_ns)
    await parts.fill()
    rows = await _explained(parts, found, found.rows(wanted), now_ns)
    page = paginate(
        [row for row in rows if chosen == "all" or row.severity <= Standing.ROLLING],
        key=_rank,
        line=partial(row_line, now_ns=now_ns),
        limit=ROWS,
        cursor=cursor,
        query=repr((namespace, workload, chosen)),
        budget=ROWS_BYTES,
    )
    return WorkloadList(
        now_ns=now_ns,
        scope=wanted.words,
        status=chosen,
        totals=_totals(rows),
        blocked=sum(row.severity < Standing.ROLLING for row in rows),
        rolling=sum(row.severity == Standing.ROLLING for row in rows),
        noted=sum(row.severity == Standing.NOTED for row in rows),
        healthy=sum(row.severity == Standing.WELL for row in rows),
        rows=page.rows,
        later=page.hidden,
        cursor=page.cursor,
        changed=page.changed,
        gaps=parts.gaps(),
    )


async def _wanted(cluster: Cluster, text: str, namespace: str) -> Wanted:
    where = f"in namespace {namespace}" if namespace else f"in {cluster.access.context}"
    kind = kind_named(text.strip()) if text and "/" not in text else None
    if not text or kind in SHOWN:
        return Wanted(_with_jobs(kind) if kind else SHOWN, where, namespace)

    target = await find(cluster, text, namespace, SHOWN)
    if target.kind not in SHOWN:
        known = ", ".join(one.short for one in SHOWN)
        raise InvalidArgument(
            f"{target} is no workload shown here ({known}); see k8s_get or k8s_pods."
        )

    scaled = (AUTOSCALERS,) if target.kind in (DEPLOYMENTS, STATEFUL_SETS) else ()
    return Wanted(
        (*_with_jobs(target.kind), *scaled),
        f"named {target} in namespace {target.namespace}",
        target.namespace,
        target,
    )


def _with_jobs(kind: Kind) -> tuple[Kind, ...]:
    return (CRON_JOBS, JOBS) if kind == CRON_JOBS else (kind,)


def _plan(parts: Parts, wanted: Wanted, now_ns: Nanoseconds) -> _Found:
    def read(kind: Kind, item: type[ObjectT], start: Callable[[], ReducerT]) -> Part[ReducerT]:
        async def fold(namespace: str) -> ReducerT:
            return await parts.cluster.fold(wanted.listing(kind, namespace), item, start)

        return parts.plan(kind.plural, parts.scoped(kind.plural, fold))

    kinds = wanted.kinds
    scalers = partial(AutoscalerTally, now_ns, wanted.scaled)
    return _Found(
        controllers=[
            read(kind, Controller, partial(ControllerTally, kind, now_ns))
            for kind in (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS)
            if kind in kinds
        ],
        jobs=read(JOBS, Controller, partial(JobTally, now_ns)) if JOBS in kinds else None,
        crons=read(CRON_JOBS, CronJob, partial(CronJobTally, now_ns))
        if CRON_JOBS in kinds
        else None,
        scalers=read(AUTOSCALERS, Autoscaler, scalers) if AUTOSCALERS in kinds else None,
    )


async def _explained(
    parts: Parts, found: _Found, rows: list[WorkloadRow], now_ns: Nanoseconds
) -> list[WorkloadRow]:
    """Ask the pods and events what keeps the workloads that are not as they should be."""
    short = {(row.namespace, row.workload) for row in rows if row.severity <= Standing.ROLLING}
    if not short:
        return rows

    blockers, said = await _asked_of(parts, short, now_ns)
    blockers.settle(found.finished)
    sick = blockers.groups()
    groups = said.groups() if said else []
    refusals = {(group.namespace, group.owner): group for group in reversed(groups)}

    return [
        explained(row, sick.get(key, ()), blockers.where(row), refusals.get(key))
        if (key := (row.namespace, row.workload)) in short
        else row
        for row in rows
    ]


async def _asked_of(
    parts: Parts, short: set[tuple[str, str]], now_ns: Nanoseconds
) -> tuple[Blockers, EventTally | None]:
    """Read the pods of workloads, and the events that refuse them something."""
    spaces = {namespace for namespace, _ in short}
    within = parts.namespace or (spaces.pop() if len(spaces) == 1 else "")

    async def pods(namespace: str) -> Blockers:
        listing = Listing(PODS, namespace or within)
        return await parts.cluster.fold(listing, BoundPod, partial(Blockers, short, now_ns))

    async def events(namespace: str) -> EventTally:
        listing = Listing(EVENTS, namespace or within, fields="type=Warning")
        start = partial(EventTally, now_ns - EVENT_WINDOW_NS, refuses)
        return await parts.cluster.fold(listing, Event, start)

    seen = parts.plan("pods", parts.scoped("pods", pods))
    said = parts.plan("events", parts.scoped("events", events))
    await together(seen.fill, said.fill)
    return seen.value or Blockers(short, now_ns), said.value


def _totals(rows: list[WorkloadRow]) -> dict[str, int]:
    counts = Counter(row.workload.partition("/")[0] for row in rows)
    return {kind.short: counts[kind.short] for kind in SHOWN if counts[kind.short]}


def _rank(row: WorkloadRow) -> tuple[int, int, str, str]:
    return (row.severity, row.ready - row.desired, row.namespace, row.workload)
