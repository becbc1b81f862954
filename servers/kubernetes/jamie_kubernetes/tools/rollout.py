"""Rollouts: how they stand, what was before, and what the difference is."""

from functools import partial
from typing import Annotated

import msgspec
from pydantic import Field

from jamie_base.errors import InvalidArgument
from jamie_base.redact import Redactor
from jamie_base.when import Nanoseconds, parse_time
from jamie_kubernetes.answers_rollout import Difference, Rollout, RolloutState
from jamie_kubernetes.answers_workloads import WorkloadRow
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.controllers import BoundPod, Controller
from jamie_kubernetes.client.decoding import decoded
from jamie_kubernetes.client.managed import Managed
from jamie_kubernetes.client.objects import Event, Workload
from jamie_kubernetes.client.sending import Object, mapping_at
from jamie_kubernetes.facts.blockers import Blockers, explained, refuses
from jamie_kubernetes.facts.controllers import ControllerTally, Standing
from jamie_kubernetes.facts.happenings import EVENT_WINDOW_NS, EventTally
from jamie_kubernetes.facts.keepers import keeper_line
from jamie_kubernetes.facts.managers import template_writer
from jamie_kubernetes.facts.revisions import Revision, bare_template
from jamie_kubernetes.facts.rolling import progress_of
from jamie_kubernetes.facts.rollouts import (
    RolloutPods,
    condition_rows,
    revision_rows,
    rolled_at,
    state_of,
    strategy_of,
)
from jamie_kubernetes.facts.templates import change_of, differences
from jamie_kubernetes.facts.uses import Use, uses_of
from jamie_kubernetes.kinds import (
    EVENTS,
    PODS,
    ROLLED,
    Kind,
)
from jamie_kubernetes.render.rollout import rollout
from jamie_kubernetes.tools.configs import look_at
from jamie_kubernetes.tools.pairs import Pair, chosen, read_pair
from jamie_kubernetes.tools.parts import Part, Parts, check_namespace
from jamie_kubernetes.tools.releases import list_releases, release_rollout
from jamie_kubernetes.tools.revisions import numbered, read_revisions
from jamie_kubernetes.tools.targets import Target, find, joined
from jamie_kubernetes.tools.toolset import Backend, Marks, Namespace, tools

LONGEST_NAME = 300
KEPT_ROWS = 40

Name = Annotated[str, Field(description="deploy/web, helm/web or helm.")]
Diff = Annotated[str, Field(description="3..5.")]


class _Seen(msgspec.Struct, frozen=True):
    """A workload and everything read about it."""

    target: Target
    whole: Object
    one: Controller
    row: WorkloadRow
    revisions: list[Revision]
    pending: Object | None
    pods: RolloutPods | None
    written: tuple[Nanoseconds, str]

    @property
    def template(self) -> Object:
        return mapping_at(self.whole, "spec", "template")


@tools.reads(rollout)
async def k8s_rollout(
    cluster: Backend,
    marks: Marks,
    name: Name,
    diff: Diff = "",
    namespace: Namespace = "",
) -> Rollout:
    """Show a rollout or Helm release: state, history, diff."""
    now_ns = cluster.now_ns
    if len(name) > LONGEST_NAME:
        raise InvalidArgument(f"{name[:40]!r}... is over {LONGEST_NAME} characters long.")

    pair = read_pair(diff)
    kind, _, rest = name.strip().partition("/")
    if kind.lower() in ("helm", "release", "releases"):
        await check_namespace(cluster, namespace)
        if not rest:
            return await list_releases(cluster, namespace, now_ns)
        return await release_rollout(cluster, marks, rest, namespace, pair, now_ns)

    target = await find(cluster, name, namespace, ROLLED)
    if target.kind not in ROLLED:
        raise InvalidArgument(f"{target.full} has no rollout; Deployments, sts, ds and helm/ have.")

    parts = Parts(cluster, target.namespace)
    seen = await _seen(parts, target, now_ns)
    return await _told(parts, marks, seen, pair, now_ns)


async def _seen(parts: Parts, target: Target, now_ns: Nanoseconds) -> _Seen:
    """Read a workload, its revisions, pods and refusals; parts that may not be read are gaps."""
    cluster = parts.cluster
    raw = await cluster.get(target.path, msgspec.Raw)
    one = decoded(raw, Controller)
    labels = joined(decoded(raw, Workload).spec.selector)
    key = (target.namespace, str(target))
    start = partial(RolloutPods, target.owner, key, now_ns)
    listing = Listing(PODS, target.namespace, labels)
    uid = one.metadata.uid
    pods = parts.plan("pods", partial(cluster.fold, listing, BoundPod, start))
    kept = parts.plan("revisions", partial(read_revisions, cluster, target, uid, labels))
    said = parts.plan("events", partial(_refusals, cluster, target, now_ns))
    await parts.fill()

    revisions = kept.value or []
    whole = decoded(raw, Object)
    template = bare_template(mapping_at(whole, "spec", "template"))
    waits = one.spec.paused and bool(revisions) and revisions[0].template != template
    return _Seen(
        target=target,
        whole=whole,
        one=one,
        row=_row(target.kind, one, pods, said, now_ns),
        revisions=revisions,
        pending=template if waits else None,
        pods=pods.value,
        written=template_writer(decoded(raw, Managed).metadata),
    )


async def _refusals(cluster: Cluster, target: Target, now_ns: Nanoseconds) -> EventTally:
    listing = Listing(EVENTS, target.namespace, fields="type=Warning")
    return await cluster.fold(
        listing, Event, partial(EventTally, now_ns - EVENT_WINDOW_NS, refuses)
    )


def _row(
    kind: Kind,
    one: Controller,
    pods: Part[RolloutPods],
    said: Part[EventTally],
    now_ns: Nanoseconds,
) -> WorkloadRow:
    """Judge a workload as k8s_workloads does, with what its pods and events say."""
    tally = ControllerTally(kind, now_ns)
    tally.add([one])
    (row,) = tally.rows
    key = (row.namespace, row.workload)
    groups = said.value.groups() if said.value else []
    refusal = next((each for each in groups if (each.namespace, each.owner) == key), None)
    blockers = pods.value.blockers if pods.value else Blockers({key}, now_ns)
    short = row.severity <= Standing.ROLLING
    where = blockers.where(row) if short and pods.value else ()

    return explained(row, blockers.groups().get(key, ()), where, refusal if short else None)


async def _told(
    parts: Parts, marks: Redactor, seen: _Seen, pair: Pair, now_ns: Nanoseconds
) -> Rollout:
    whole, one = seen.whole, seen.one
    state = state_of(seen.target.kind, one, seen.row)
    rows = revision_rows(seen.revisions, seen.pods, pending=seen.pending)
    compared = _compared(seen, pair)
    difference = _difference(*compared, marks) if compared else None
    looked = await look_at(
        parts.cluster,
        marks,
        seen.target.namespace,
        _uses(seen, compared),
        seen.pods.starts if seen.pods else None,
    )
    return Rollout(
        now_ns=now_ns,
        subject=seen.target.full,
        state=state,
        words=progress_of(seen.target.kind, one).words,
        why=seen.row.why,
        message=seen.row.message,
        since_ns=_since(state, seen, now_ns),
        by=seen.written[1],
        by_ns=seen.written[0],
        strategy=strategy_of(whole),
        conditions=tuple(condition_rows(one)),
        revisions=tuple(rows[:KEPT_ROWS]),
        older=max(len(rows) - KEPT_ROWS, 0),
        difference=difference,
        configs=looked.configs,
        notes=keeper_line(whole),
        gaps=(*parts.gaps(), *looked.gaps),
    )


def _since(state: RolloutState, seen: _Seen, now_ns: Nanoseconds) -> Nanoseconds:
    at = rolled_at(seen.whole)
    if state in ("complete", "progressing") and at:
        return parse_time(at, now=now_ns / 1e9)

    return seen.row.since_ns


def _compared(seen: _Seen, pair: Pair) -> tuple[Revision, Revision] | None:
    """Return the two revisions asked for; by default the last two."""
    if seen.pending is not None and pair == (0, 0):
        return seen.revisions[0], Revision(0, seen.pending)

    numbers = chosen([one.number for one in seen.revisions], pair)
    if numbers is None:
        return None

    before, after = (numbered(seen.revisions, each, seen.target.full) for each in numbers)
    return before, after


def _uses(seen: _Seen, compared: tuple[Revision, Revision] | None) -> dict[Use, int]:
    """Return what the pods use, and what only a revision it is compared with used: its number."""
    now = uses_of(seen.template)
    names = {(one.kind, one.name) for one in now}
    before = {
        one: each.number
        for each in compared or ()
        for one in uses_of(each.template)
        if (one.kind, one.name) not in names
    }
    return {**dict.fromkeys(now, 0), **before}


def _difference(before: Revision, after: Revision, marks: Redactor) -> Difference:
    fields = differences(before.template, after.template, marks)
    return Difference(before.number, after.number, tuple(map(change_of, fields)))
