"""How a rollout stands: its pods by revision, and whether it goes on, is stuck or is through."""

from collections.abc import Iterable, Sequence

from jamie_base.when import Nanoseconds, nanoseconds
from jamie_kubernetes.answers_rollout import ConditionRow, RevisionRow, RolloutState
from jamie_kubernetes.answers_workloads import WorkloadRow
from jamie_kubernetes.client.controllers import BoundPod, Controller
from jamie_kubernetes.client.sending import Object, list_at, mapping_at, text_at
from jamie_kubernetes.facts.blockers import Blockers, Key
from jamie_kubernetes.facts.controllers import Standing, moment
from jamie_kubernetes.facts.owners import Owner, owner_of
from jamie_kubernetes.facts.revisions import CONTROLLER_HASH, HASH, Revision
from jamie_kubernetes.facts.rolling import progress_of
from jamie_kubernetes.facts.standing import condition_is, word
from jamie_kubernetes.kinds import DAEMON_SETS, DEPLOYMENTS, Kind

Starts = dict[str, Nanoseconds]
"""When each running container of a pod started."""


class RolloutPods:
    """Takes the pods of one workload: by revision, what ails them, when their containers began."""

    def __init__(self, owner: Owner, key: Key, now_ns: Nanoseconds) -> None:
        self._owner = owner
        self.blockers = Blockers({key}, now_ns)
        self.count: dict[str, int] = {}
        self.ready: dict[str, int] = {}
        self.starts: list[Starts] = []

    def add(self, page: Sequence[BoundPod]) -> None:
        """Take one page of pods."""
        ours = [pod for pod in page if owner_of(pod.metadata) == self._owner]
        self.blockers.add(ours)
        for pod in ours:
            if pod.metadata.deletion_timestamp is None:
                self._take(pod)

    def _take(self, pod: BoundPod) -> None:
        labels = pod.metadata.labels
        name = labels.get(HASH) or labels.get(CONTROLLER_HASH, "")
        self.count[name] = self.count.get(name, 0) + 1
        self.ready[name] = self.ready.get(name, 0) + condition_is(pod, "Ready", "True")
        running = (
            (one.name, one.state.running.started_at)
            for one in pod.status.container_statuses
            if one.state.running
        )
        self.starts.append({name: nanoseconds(at) for name, at in running if at})


def state_of(kind: Kind, one: Controller, row: WorkloadRow) -> RolloutState:
    """Judge a rollout by its object and the row that its pods and events explained."""
    if one.status.observed_generation < one.metadata.generation:
        return "unseen"
    if one.spec.paused:
        return "paused"
    if row.severity >= Standing.NOTED:
        return "held" if row.why and row.desired else "complete"

    over = _is_over(kind, one)
    if progress_of(kind, one).failed or (row.why and not over):
        return "stuck"

    return "degraded" if over and (row.why or kind == DEPLOYMENTS) else "progressing"


def _is_over(kind: Kind, one: Controller) -> bool:
    """Tell whether all pods were once replaced, so that what is wrong came later."""
    if kind == DEPLOYMENTS:
        progressing = one.condition("Progressing")
        return bool(progressing and progressing.reason == "NewReplicaSetAvailable")
    if kind == DAEMON_SETS:
        return one.status.updated_number_scheduled >= one.status.desired_number_scheduled

    return one.status.updated_replicas >= one.spec.replicas


def revision_rows(
    revisions: Iterable[Revision], pods: RolloutPods | None, *, pending: Object | None
) -> list[RevisionRow]:
    """Return a row for each revision, the newest first; before them a template that waits."""
    rows = [_row(one, pods, current=at == 0) for at, one in enumerate(revisions)]
    if pending is None:
        return rows

    waiting = Revision(0, pending)
    return [RevisionRow(number=0, images=waiting.images, status="not rolled out"), *rows]


def _row(one: Revision, pods: RolloutPods | None, *, current: bool) -> RevisionRow:
    return RevisionRow(
        number=one.number,
        current=current,
        created_ns=one.created_ns,
        pods=pods.count.get(one.hash, 0) if pods else one.present,
        ready=pods.ready.get(one.hash, 0) if pods else one.ready,
        images=one.images,
        note=one.cause,
        earlier=one.earlier,
    )


def condition_rows(one: Controller) -> list[ConditionRow]:
    """Return the conditions of a workload; only Deployments have some."""
    return [
        ConditionRow(word(each.type), each.status, word(each.reason), each.message, moment(each))
        for each in one.status.conditions
    ]


def rolled_at(whole: Object) -> str:
    """Return when a Deployment last got on with a rollout, as the API wrote it."""
    found = (one for one in list_at(whole, "status", "conditions") if one["type"] == "Progressing")
    return text_at(next(found, None), "lastUpdateTime")


def strategy_of(whole: Object) -> str:
    """Say how pods are replaced: `RollingUpdate, max surge 25%, max unavailable 0`."""
    spec = mapping_at(whole, "spec")
    given = mapping_at(spec, "strategy") or mapping_at(spec, "updateStrategy")
    rolling = mapping_at(given, "rollingUpdate")
    names = {"maxSurge": "max surge", "maxUnavailable": "max unavailable", "partition": "partition"}
    said = [f"{words} {rolling[key]}" for key, words in names.items() if rolling.get(key)]
    if rolling.get("maxUnavailable") == 0:
        said.append("max unavailable 0")
    times = {"minReadySeconds": "min ready", "progressDeadlineSeconds": "deadline"}
    limits = [f"{words} {spec[key]}s" for key, words in times.items() if spec.get(key)]

    return ", ".join([text_at(given, "type"), *said, *limits]).strip(", ")
