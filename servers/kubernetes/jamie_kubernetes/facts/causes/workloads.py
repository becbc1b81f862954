"""What is wrong with Deployments and with controllers as such, their pods' own causes aside."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from jamie_base.text import count
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.controllers import Controller
from jamie_kubernetes.client.objects import Condition
from jamie_kubernetes.client.volumes import AccessedClaim
from jamie_kubernetes.facts.ailments import Severity
from jamie_kubernetes.facts.causes.around import Around, changed_ns, known_since
from jamie_kubernetes.facts.controllers import created, moment
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.impact import share
from jamie_kubernetes.facts.selectors import selects
from jamie_kubernetes.facts.survey import PodSurvey
from jamie_kubernetes.kinds import DAEMON_SETS, Kind

_NEW_SET = re.compile(r'ReplicaSet "([a-z0-9.-]{1,253})"')

CONTROLLERS = "kube-controller-manager"
LEASE = f"kube-system/lease/{CONTROLLERS}"
CONTROLLERS_KEYS = (LEASE, CONTROLLERS)
"""Whose findings would explain that controllers do nothing."""

ASLEEP = 2
"""How many objects a controller has to overlook until it is thought asleep."""


class WorkloadCause(StrEnum):
    """Why a workload is not what it should be."""

    STUCK = "rollout-stuck"
    NO_ROOM = "rollout-no-room"
    PAUSED = "rollout-paused"
    NONE_READY = "none-ready"
    MISSING = "pods-missing"
    UNSEEN = "not-observed"
    ASLEEP = "controllers-asleep"
    SHARED_SELECTOR = "selector-shared"
    ORPHANED = "replicaset-orphaned"
    SHARED_CLAIM = "claim-shared"
    ORDERED = "ordered-start-blocked"
    OLD_REVISION = "revision-stuck"
    NO_HEADLESS = "headless-service-missing"
    NOT_HEADLESS = "service-not-headless"
    PARTITION = "partition-holds-old-pods"
    ON_DELETE = "on-delete-holds-old-pods"
    MISSED_NODES = "daemonset-misses-nodes"
    NO_NODE = "daemonset-fits-no-node"
    MISPLACED = "daemonset-misscheduled"
    NAME_TAKEN = "pod-name-taken"
    OLD_CLAIMS = "claims-of-older-size"


def deployment_causes(one: Controller, around: Around) -> Iterator[Finding]:
    """Yield what is wrong with a Deployment."""
    desired, status = one.spec.replicas, one.status
    if around.left_alone(one) or not desired:
        return

    late = one.condition("Progressing", "False")
    unavailable = one.condition("Available", "False")
    if late and late.reason == "ProgressDeadlineExceeded":
        yield _stuck(one, late)
    elif status.replicas < desired and around.is_past(changed_ns(one.metadata)):
        yield missing(one, f"deploy/{one.metadata.name}", desired - status.replicas)
    elif not status.ready_replicas and unavailable and around.is_past(moment(unavailable)):
        yield _none_ready(one, unavailable)

    if one.spec.paused and status.updated_replicas < desired:
        yield _paused(one)
    yield from _no_room(one, around)


def unseen(kind: Kind, one: Controller, around: Around) -> Finding | None:
    """Tell whether a controller has not taken note of what an object should be."""
    lag = one.metadata.generation - one.status.observed_generation
    if lag <= 0 or around.left_alone(one) or not around.is_past(changed_ns(one.metadata)):
        return None

    return Finding(
        cause=WorkloadCause.UNSEEN,
        namespace=one.metadata.namespace,
        owner=f"{kind.short}/{one.metadata.name}",
        severity=Harm.BROKEN,
        summary="its controller has not taken note of its latest change",
        evidence=(
            f"generation {one.metadata.generation}, observed {one.status.observed_generation}",
        ),
        next=f"see whether {CONTROLLERS} runs and reaches the API server: k8s_pods"
        " namespace=kube-system",
        since_ns=known_since(one.metadata),
        follows=CONTROLLERS_KEYS,
    )


def asleep(overlooked: Sequence[Finding]) -> Finding | None:
    """Tell whether so many objects are overlooked that their controllers must be asleep."""
    if len(overlooked) < ASLEEP:
        return None

    return Finding(
        cause=WorkloadCause.ASLEEP,
        namespace="",
        owner=CONTROLLERS,
        severity=Harm.BROKEN,
        summary=f"{len(overlooked)} workloads changed and no controller has taken note of it",
        confidence="likely",
        next=f"see whether {CONTROLLERS} runs and holds its lease: k8s_get"
        f" what=lease/{CONTROLLERS} namespace=kube-system output=yaml",
        since_ns=min((one.since_ns for one in overlooked if one.since_ns), default=0),
        follows=(LEASE,),
        affects=tuple(one.key for one in overlooked),
    )


def missing(one: Controller, owner: str, number: int) -> Finding:
    """Return that pods are not even made; why is for others to say."""
    key = key_of(one.metadata.namespace, owner)
    recreates = one.spec.strategy.type == "Recreate"
    return Finding(
        cause=WorkloadCause.MISSING,
        namespace=one.metadata.namespace,
        owner=owner,
        severity=Harm.BROKEN if one.status.ready_replicas or one.status.number_ready else Harm.DOWN,
        summary=f"{count('pod', number)} of it {'is' if number == 1 else 'are'} not made, and"
        " nothing says why",
        confidence="likely",
        evidence=(
            ("strategy Recreate: new pods wait until every old one is gone",) if recreates else ()
        ),
        next=f"look at its events and {CONTROLLERS}: k8s_events object={owner}"
        f" namespace={one.metadata.namespace}",
        since_ns=known_since(one.metadata),
        follows=(key, *CONTROLLERS_KEYS),
    )


DOUBTED = (WorkloadCause.MISSING, WorkloadCause.UNSEEN)
"""What may be over in a moment: controllers take one to do their work."""


def lost_all(kind: Kind, one: Controller, around: Around) -> bool:
    """Tell whether pods that a status counts are not there any more."""
    status = one.status
    counted = status.current_number_scheduled if kind == DAEMON_SETS else status.replicas
    key = key_of(one.metadata.namespace, f"{kind.short}/{one.metadata.name}")
    wanted = one.spec.replicas if kind != DAEMON_SETS else status.desired_number_scheduled
    if not counted or not wanted or not around.sees(one.metadata.namespace):
        return False

    return not around.pods(key) and not around.left_alone(one)


def shared_selectors(kinds: Iterable[tuple[Kind, Controller]]) -> Iterator[Finding]:
    """Yield workloads that claim the same pods by the same selector."""
    claims: dict[object, list[tuple[Kind, Controller]]] = defaultdict(list)
    for kind, one in kinds:
        selector, leaving = one.spec.selector, one.metadata.deletion_timestamp
        if selector and selector.match_labels and one.spec.replicas and not leaving:
            labels = frozenset(selector.match_labels.items())
            claims[one.metadata.namespace, labels, selector.match_expressions].append((kind, one))

    for group in claims.values():
        if len(group) > 1:
            yield _shared(sorted(group, key=lambda each: created(each[1])))


def strays(survey: PodSurvey, deployments: Mapping[str, Controller]) -> Iterator[tuple[str, str]]:
    """Yield namespace and name of ReplicaSets whose pods their Deployment does not select."""
    for namespace, sets in survey.labels.items():
        for labels, pods in sets.items():
            if not pods.owner.startswith("deploy/"):
                continue
            one = deployments.get(key_of(namespace, pods.owner))
            if one is None or not selects(one.spec.selector, dict(labels)):
                yield namespace, pods.first.metadata.owner_references[0].name


def orphaned(one: Controller) -> Finding | None:
    """Tell whether a ReplicaSet was a Deployment's, and now is nobody's."""
    if one.metadata.owner_references or not one.status.replicas:
        return None

    return Finding(
        cause=WorkloadCause.ORPHANED,
        namespace=one.metadata.namespace,
        owner=f"rs/{one.metadata.name}",
        severity=Harm.RISK,
        summary=f"{count('pod', one.status.replicas)} run that no Deployment updates: theirs is"
        " gone, or was made again with another selector",
        next=f"delete rs/{one.metadata.name} if something newer serves; Services may still send to"
        " its pods",
        count=one.status.replicas,
    )


def claims_of(one: Controller) -> list[str]:
    """Return the claims that all pods of a Deployment mount."""
    volumes = one.spec.template.spec.volumes
    return [
        each.persistent_volume_claim.claim_name for each in volumes if each.persistent_volume_claim
    ]


def shared_claim(one: Controller, claim: AccessedClaim) -> Finding | None:
    """Tell whether several pods have to mount a claim that only one node may."""
    if not claim.single:
        return None

    name, modes = claim.metadata.name, ", ".join(claim.spec.access_modes)
    return Finding(
        cause=WorkloadCause.SHARED_CLAIM,
        namespace=one.metadata.namespace,
        owner=f"deploy/{one.metadata.name}",
        severity=Harm.RISK,
        summary=f"its {one.spec.replicas} pods share pvc/{name}, which only one node may mount"
        f" ({modes}): a pod on another node does not start",
        next="run one replica with strategy Recreate, use a StatefulSet with a claim each, or a"
        " ReadWriteMany claim",
        affects=(key_of(one.metadata.namespace, f"pvc/{name}"),),
    )


def _stuck(one: Controller, late: Condition) -> Finding:
    status, desired, name = one.status, one.spec.replicas, one.metadata.name
    new = _NEW_SET.search(late.message)
    old = status.replicas - status.updated_replicas
    what = f"ReplicaSet {new[1]}" if new else "its new ReplicaSet"
    return Finding(
        cause=WorkloadCause.STUCK,
        namespace=one.metadata.namespace,
        owner=f"deploy/{name}",
        severity=Harm.BROKEN if status.ready_replicas else Harm.DOWN,
        summary=f"its rollout is stuck: {what} did not get its pods available in time",
        evidence=(
            f"{what}: {status.updated_replicas} of {count('pod', desired)} made;"
            f" {_serving(status.ready_replicas, max(old, 0))}",
        ),
        next=f"see what changed, and undo it if it was bad: k8s_rollout name=deploy/{name}"
        f" namespace={one.metadata.namespace}",
        since_ns=moment(late),
        follows=(key_of(one.metadata.namespace, f"deploy/{name}"),),
    )


def _serving(ready: int, old: int) -> str:
    """Say who answers meanwhile."""
    if not ready:
        return f"0 ready in all, {count('old pod', old)} left"
    if old >= ready:
        return f"{count('old pod', ready)} still {'serves' if ready == 1 else 'serve'}"

    return f"{ready} ready in all, {count('old pod', old)} left"


def _none_ready(one: Controller, unavailable: Condition) -> Finding:
    name, namespace = one.metadata.name, one.metadata.namespace
    return Finding(
        cause=WorkloadCause.NONE_READY,
        namespace=namespace,
        owner=f"deploy/{name}",
        severity=Harm.DOWN,
        summary=f"none of its {count('pod', one.spec.replicas)} is ready",
        next=f"k8s_pods workload=deploy/{name} namespace={namespace}",
        since_ns=moment(unavailable),
        follows=(key_of(namespace, f"deploy/{name}"),),
    )


def _paused(one: Controller) -> Finding:
    status, name = one.status, one.metadata.name
    return Finding(
        cause=WorkloadCause.PAUSED,
        namespace=one.metadata.namespace,
        owner=f"deploy/{name}",
        severity=Harm.DEGRADED,
        summary=f"a change waits: the rollout is paused with {status.updated_replicas} of"
        f" {count('pod', one.spec.replicas)} updated",
        next=f"resume it: kubectl -n {one.metadata.namespace} rollout resume deploy/{name}",
        since_ns=moment(one.condition("Progressing", "Unknown")),
    )


def _no_room(one: Controller, around: Around) -> Iterator[Finding]:
    """Yield a rollout whose extra pod finds no place while no old one may go."""
    rolling, desired = one.spec.strategy.rolling_update, one.spec.replicas
    if rolling is None or share(rolling.max_unavailable, desired, up=False):
        return
    if one.status.ready_replicas < desired or one.status.replicas <= desired:
        return

    key = key_of(one.metadata.namespace, f"deploy/{one.metadata.name}")
    for group in around.sick(key):
        if group.severity == Severity.PENDING and group.cause == "Unschedulable":
            yield Finding(
                cause=WorkloadCause.NO_ROOM,
                namespace=one.metadata.namespace,
                owner=f"deploy/{one.metadata.name}",
                severity=Harm.BROKEN,
                summary="its rollout waits for room: maxUnavailable 0 keeps every old pod until a"
                " new one runs, and no node takes that",
                evidence=(
                    f"{count('new pod', group.count)} Pending beside"
                    f" {count('old pod', one.status.ready_replicas)}",
                ),
                said=(group.message,) if group.message else (),
                next="allow maxUnavailable: 1 in its strategy, or make room for one more pod",
                since_ns=group.since_ns,
                count=group.count,
                pods=group.names,
                leads=True,
            )
            return


def _shared(group: Sequence[tuple[Kind, Controller]]) -> Finding:
    kind, last = group[-1]
    selector = last.spec.selector
    labels = selector.match_labels if selector else {}
    others = [f"{each.short}/{one.metadata.name}" for each, one in group if one is not last]
    return Finding(
        cause=WorkloadCause.SHARED_SELECTOR,
        namespace=last.metadata.namespace,
        owner=f"{kind.short}/{last.metadata.name}",
        severity=Harm.RISK,
        summary=f"its selector is also that of {', '.join(others[:3])}: what selects by these"
        " labels (Services, budgets, autoscalers) mixes their pods",
        evidence=(", ".join(f"{key}={value}" for key, value in sorted(labels.items())),),
        next="give one of them a label of its own; a selector cannot be changed, it has to be made"
        " again",
        since_ns=created(last),
        affects=tuple(key_of(last.metadata.namespace, other) for other in others),
    )
