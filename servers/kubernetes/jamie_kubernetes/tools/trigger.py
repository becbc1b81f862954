"""Running a CronJob now: a Job of its own, made as `kubectl create job --from` makes it."""

import time
from collections.abc import Sequence
from typing import Annotated

import anyio
import msgspec
from msgspec import structs
from pydantic import Field

from jamie_base.errors import (
    BackendError,
    InvalidArgument,
    NotConfirmed,
    NotFound,
    NotReached,
    TimedOut,
    Unreachable,
)
from jamie_base.plan import Binding, Outcome, Plan, Quote
from jamie_base.progress import progress
from jamie_base.text import count, join_words
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.api_server import Conflict
from jamie_kubernetes.client.controllers import CronJob
from jamie_kubernetes.client.limits import NeedySpec
from jamie_kubernetes.client.objects import Event, Named, Pod
from jamie_kubernetes.client.sending import Object, Sending, mapping_at, part, text_at, typed
from jamie_kubernetes.facts.triggered import is_run_of, run_lines, run_name, run_of
from jamie_kubernetes.kinds import CRON_JOBS, EVENTS, JOBS, PODS
from jamie_kubernetes.tools.aftermath import POLL_SECONDS, SPARE_SECONDS, cause_of
from jamie_kubernetes.tools.changing import generation_of, unknown
from jamie_kubernetes.tools.rehearsing import NOT_REHEARSED
from jamie_kubernetes.tools.targets import Target, find
from jamie_kubernetes.tools.toolset import Backend, Home, tools
from jamie_kubernetes.tools.weighing import running_lines

FOR_GOOD = "A run cannot be undone; k8s_delete stops it, what it did by then stays."
EVENT_BYTES = 600

CronName = Annotated[str, Field(description="CronJob: cj/backup.", max_length=300)]


class Run(msgspec.Struct, frozen=True, tag="run"):
    """A run by hand: of which CronJob, as which Job."""

    cron: Target
    name: str
    content: Object

    @property
    def job(self) -> Target:
        """Return the Job it is to be."""
        return Target(JOBS, self.cron.namespace, self.name)

    @property
    def needs(self) -> tuple[NeedySpec, int]:
        """Return what one of its pods needs, and how many run at once."""
        pods = part(self.content, "spec", "parallelism")
        spec = mapping_at(self.content, "spec", "template", "spec")

        return typed(spec, NeedySpec), pods if isinstance(pods, int) else 1

    @property
    def sending(self) -> Sending:
        """Return the request that makes it."""
        return Sending("POST", JOBS.path(self.cron.namespace), self.content, conditional=False)


async def start(cluster: Cluster, plan: Plan) -> Outcome:
    """Make the Job that was planned.

    Raises:
        NotConfirmed: Somebody made one of that name meanwhile.
        BackendError: The server refused, or nobody knows whether it did it.

    """
    run = msgspec.json.decode(plan.binding.body, type=Run)
    try:
        await cluster.send(run.sending, run.sending.body("", "", ""))
    except Conflict as exc:
        raise NotConfirmed(f"{run.job.full} was made by somebody meanwhile; not started.") from exc
    except NotReached:
        raise
    except (TimedOut, Unreachable) as exc:
        if not await _was_made(cluster, run, plan.binding.uid):
            raise unknown(plan.summary, exc) from exc

    return Outcome(f"{run.job.full} was made from {run.cron}", verified=False)


async def see_started(cluster: Cluster, plan: Plan, outcome: Outcome) -> Outcome:
    """Wait until a pod of the Job runs; say what keeps it when the time is over."""
    run = msgspec.json.decode(plan.binding.body, type=Run)
    if part(run.content, "spec", "suspend") is True:
        details = ("it is suspended as its template says: no pod starts until it is resumed",)
        return structs.replace(outcome, verified=True, details=details)

    until = anyio.current_effective_deadline() - SPARE_SECONDS
    began = time.monotonic()
    told = ""
    while True:
        pods = await _pods(cluster, run)
        started, words = _standing(pods)
        took = f"{words}, after {time.monotonic() - began:.0f} s"
        if started:
            return structs.replace(outcome, verified=True, details=(took,))
        if words != told:
            told = words
            await progress(f"{run.job.full}: {told}")
        if anyio.current_time() + POLL_SECONDS > until:
            causes = [cause for one in pods if (cause := cause_of(one))]
            said = () if causes else await _last_word(cluster, run)
            details = (took, *causes[:2])
            return structs.replace(outcome, verified=False, details=details, said=said)
        await anyio.sleep(POLL_SECONDS)


@tools.writes(start, see_started)
async def k8s_trigger(cluster: Backend, name: CronName, namespace: Home = "") -> Plan:
    """Run a CronJob now, as a Job of its own, after its user agreed."""
    target = await find(cluster, name, namespace, (CRON_JOBS,))
    if target.kind != CRON_JOBS:
        raise InvalidArgument(f"{target.full} is no CronJob; only those are triggered.")

    whole = await cluster.get(target.path, Object)
    jobs = await cluster.all(Listing(JOBS, target.namespace, bare=True), Named)
    job = run_name(target.name, [one.metadata.name for one in jobs])
    run = Run(target, job, run_of(whole, job))
    note = await _rehearsed(cluster, run)
    cron = typed(whole, CronJob)
    room = await running_lines(cluster, target.namespace, *run.needs)

    return _plan(cluster, run, whole, [*note, *run_lines(cron), *room])


def _plan(cluster: Cluster, run: Run, whole: Object, impact: Sequence[str]) -> Plan:
    cron = typed(whole, CronJob)
    active = sorted(one.name for one in cron.status.active)
    binding = Binding(
        target=run.cron.full,
        uid=text_at(whole, "metadata", "uid"),
        generation=generation_of(whole),
        touched={"active runs": ", ".join(active) or "none", "suspended": cron.spec.suspend},
        body=msgspec.json.encode(run, order="deterministic"),
    )
    images = join_words(cron.spec.job_template.spec.template.images)
    return Plan(
        summary=f"run {run.cron.full} now (context {cluster.access.context})",
        binding=binding,
        changes=(f"{run.job.full}: new, runs {images}",),
        impact=(*impact,),
        undo=FOR_GOOD,
    )


async def _rehearsed(cluster: Cluster, run: Run) -> tuple[str, ...]:
    try:
        await cluster.send(run.sending, run.sending.body("", "", ""), rehearse=True)
    except BackendError as exc:
        if "does not support dry run" not in str(exc):
            raise
        return (NOT_REHEARSED,)

    return ()


async def _was_made(cluster: Cluster, run: Run, uid: str) -> bool:
    try:
        job = await cluster.get(run.job.path, Object)
    except BackendError:
        return False

    return is_run_of(job, uid)


async def _pods(cluster: Cluster, run: Run) -> list[Pod]:
    # The older label: every server still sets it.
    listing = Listing(PODS, run.cron.namespace, f"job-name={run.name}")

    return await cluster.all(listing, Pod)


def _standing(pods: list[Pod]) -> tuple[bool, str]:
    phases = [one.status.phase for one in pods]
    started = [one for one in phases if one in ("Running", "Succeeded", "Failed")]
    if not pods:
        return False, "no pod yet"
    if not started:
        return False, f"{count('pod', len(pods))} not started yet"

    words = {"Running": "its pod runs", "Succeeded": "it is through", "Failed": "its pod failed"}
    return True, words[started[0]]


async def _last_word(cluster: Cluster, run: Run) -> tuple[Quote, ...]:
    """Return what was last said of a Job that gets no pod."""
    fields = f"involvedObject.kind=Job,involvedObject.name={run.name}"
    try:
        events = await cluster.all(Listing(EVENTS, run.cron.namespace, fields=fields), Event)
    except (BackendError, NotFound):
        return ()

    said = [f"{one.reason}: {one.message}" for one in events if one.type == "Warning"]
    return tuple(Quote(f"an event of {run.job.full}", one, EVENT_BYTES) for one in said[-1:])
