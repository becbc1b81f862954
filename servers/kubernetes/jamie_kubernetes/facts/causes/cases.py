"""A case: the sick pods of one owner, one of them looked at; a clue: what it seems to suffer from.

A clue may want more looked up (`seeks`); `finish` then makes the final clue of what was found. The
judgement so stays pure, and a case that nobody may or has time to look into still has its clue.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from jamie_base.when import Nanoseconds, age, nanoseconds
from jamie_kubernetes.answers import PodGroup
from jamie_kubernetes.answers_diagnose import Confidence
from jamie_kubernetes.client.capacity import Resources
from jamie_kubernetes.client.objects import (
    Condition,
    Container,
    ContainerStatus,
    Pod,
    Terminated,
)
from jamie_kubernetes.client.survey import SurveyedContainer, SurveyedSpec
from jamie_kubernetes.client.whole_pods import (
    WholeContainer,
    WholeMeta,
    WholePod,
    WholeSpec,
)
from jamie_kubernetes.facts.ailments import ending
from jamie_kubernetes.facts.causes.container_causes import ContainerCause
from jamie_kubernetes.facts.event_index import Happening, Saying
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.loglines import Found
from jamie_kubernetes.facts.owners import Owner
from jamie_kubernetes.facts.survey import ClaimUser
from jamie_kubernetes.kinds import kind_named

_SECOND = 1_000_000_000
STALE_NS = 300 * _SECOND
RUN_TO_END = ("Job", "CronJob")

NodeState = Literal["ready", "not ready", "gone", ""]
"""How a node is; empty: not known."""


class Stand(NamedTuple):
    """How many living pods of an owner are ready, and how many it has."""

    ready: int
    total: int


class Case(msgspec.Struct, frozen=True):
    """Sick pods of one owner. `whole` says that `pod` was read whole, not only surveyed.

    `events` are the warnings about the pod, `kills` the kubelet's orders to kill its containers,
    `pulls` those to get images and `pulled` that they came, `remade` that its sandbox was made
    anew, `node_events` the warnings about its node.
    """

    group: PodGroup
    owner: Owner | None
    pod: WholePod
    now_ns: Nanoseconds
    stand: Stand = Stand(0, 0)
    whole: bool = False
    events: tuple[Happening, ...] = ()
    kills: tuple[Happening, ...] = ()
    pulls: tuple[Happening, ...] = ()
    pulled: tuple[Happening, ...] = ()
    remade: tuple[Happening, ...] = ()
    node_events: tuple[Happening, ...] = ()
    node_state: NodeState = ""

    @property
    def node(self) -> str:
        """Return the pod's node."""
        return self.pod.spec.node_name

    @property
    def node_key(self) -> tuple[str, ...]:
        """Return the node as what a finding may follow from."""
        return (f"node/{self.node}",) if self.node else ()

    @property
    def runs_to_end(self) -> bool:
        """Tell whether the pod is meant to end: a Job's, or one that is not restarted."""
        of_job = self.owner is not None and self.owner.kind in RUN_TO_END
        return of_job or self.pod.spec.restart_policy in ("Never", "OnFailure")

    @property
    def statuses(self) -> tuple[ContainerStatus, ...]:
        """Return how all containers are doing, those first that start first."""
        return (*self.pod.status.init_container_statuses, *self.pod.status.container_statuses)

    @property
    def lasting(self) -> tuple[ContainerStatus, ...]:
        """Return how those are doing that have to be ready: the containers, and the sidecars."""
        return tuple(one for one in self.statuses if not self.is_init(one.name))

    def container(self, name: str) -> WholeContainer:
        """Return a container as specified."""
        every = (*self.pod.spec.init_containers, *self.pod.spec.containers)
        return next((one for one in every if one.name == name), WholeContainer(name=name))

    def is_init(self, name: str) -> bool:
        """Tell whether a container has to end before the others start."""
        return any(one.name == name and not one.is_sidecar for one in self.pod.spec.init_containers)

    def called(self, name: str) -> str:
        """Say a container's name and what it is."""
        if any(one.name == name for one in self.pod.spec.init_containers):
            return f"{'init container' if self.is_init(name) else 'sidecar'} {name}"

        return f"container {name}"

    def condition(self, kind: str) -> Condition | None:
        """Return a condition of the pod."""
        return next((one for one in self.pod.status.conditions if one.type == kind), None)

    def happened(self, *reasons: str) -> list[Happening]:
        """Return the pod's warnings of some reasons, the latest first."""
        return [one for one in self.events if one.reason in reasons]

    def says(self, *reasons: str, container: str = "") -> list[Saying]:
        """Return what events of some reasons said, the latest first; or those of a container."""
        said = [
            saying
            for one in self.happened(*reasons)
            for saying in one.says
            if not container or saying.container in ("", container)
        ]
        return sorted(said, key=lambda one: one.last_ns, reverse=True)

    def ago(self, at_ns: Nanoseconds) -> str:
        """Say how long ago: ` 3m ago`; nothing for an unknown instant."""
        return f" {age(max(self.now_ns - at_ns, 0) / _SECOND)} ago" if at_ns else ""


class Lines(msgspec.Struct, frozen=True):
    """Seeks the last lines of a container, of this run or the one before."""

    container: str
    previous: bool


class Thing(msgspec.Struct, frozen=True):
    """Seeks a ConfigMap, Secret, ServiceAccount or claim that is referred to, or a key of it."""

    kind: str
    name: str
    key: str = ""


class PullLogins(msgspec.Struct, frozen=True):
    """Seeks the Secrets that should let a node get an image."""

    names: tuple[str, ...]


class Image(msgspec.Struct, frozen=True):
    """Seeks images like this one: in use elsewhere, or of the owner's revision before."""

    name: str
    container: str


class Used(msgspec.Struct, frozen=True):
    """Seeks how much memory a container uses now."""

    container: str


class ClaimUsers(msgspec.Struct, frozen=True):
    """Seeks who else uses a claim."""

    claim: str


class Altered(msgspec.Struct, frozen=True):
    """Seeks which of some Secrets changed last, and when; not what is in them."""

    names: tuple[str, ...]


Seek: TypeAlias = Lines | Thing | PullLogins | Image | Used | ClaimUsers | Altered


class Login(msgspec.Struct, frozen=True):
    """A Secret of registry logins: whether it exists (None: we may not know), its type, for whom.

    `registries` is None where we may not read it.
    """

    name: str
    exists: bool | None
    type: str = ""
    registries: tuple[str, ...] | None = None


class Looked(msgspec.Struct, frozen=True):
    """What was found; what was not looked for, or may not be, is empty or None.

    `near` are names like the one that is missing, `elsewhere` namespaces that have it;
    `changed_by` is who changed what lacks a key, or the Secret `changed`, at `changed_ns`.
    """

    entries: tuple[Found, ...] = ()
    silent: str = ""
    exists: bool | None = None
    changed_ns: Nanoseconds = 0
    changed_by: str = ""
    changed: str = ""
    near: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    logins: tuple[Login, ...] = ()
    images: tuple[str, ...] = ()
    earlier: str = ""
    used: float = 0.0
    users: tuple[ClaimUser, ...] = ()


class Clue(msgspec.Struct, frozen=True):
    """What is wrong, as far as it is known; `what` is the summary, in our words.

    `harm` is set where it is not told by how many pods are ready; `needs` are the hosts that are
    not reached, as `db:5432`.
    """

    code: ContainerCause
    what: str
    evidence: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    next: str = ""
    confidence: Confidence = "certain"
    since_ns: Nanoseconds = 0
    follows: tuple[str, ...] = ()
    harm: Harm | None = None
    needs: tuple[str, ...] = ()
    seeks: tuple[Seek, ...] = ()
    finish: "Finish | None" = None


Finish: TypeAlias = Callable[[Clue, Looked], Clue]


def pod_of_survey(pod: Pod) -> WholePod:
    """Make of a pod of the survey one that can be judged, with less known of it."""
    meta = pod.metadata
    spec = pod.spec
    return WholePod(
        metadata=WholeMeta(
            name=meta.name,
            namespace=meta.namespace,
            uid=meta.uid,
            creation_timestamp=meta.creation_timestamp,
            deletion_timestamp=meta.deletion_timestamp,
            labels=meta.labels,
            owner_references=meta.owner_references,
        ),
        spec=WholeSpec(
            node_name=spec.node_name,
            containers=tuple(map(_container_of_survey, spec.containers)),
            init_containers=tuple(map(_container_of_survey, spec.init_containers)),
            restart_policy=spec.restart_policy if isinstance(spec, SurveyedSpec) else "Always",
            resources=spec.resources if isinstance(spec, SurveyedSpec) else Resources(),
        ),
        status=pod.status,
    )


def fresh(said: Sequence[Saying]) -> list[Saying]:
    """Leave out what was not said again lately: the kubelet repeats itself every two minutes."""
    latest = max((one.last_ns for one in said), default=0)
    return [one for one in said if latest - one.last_ns <= STALE_NS]


def events_call(case: Case) -> str:
    """Return the call that shows the events of the owner."""
    return f"k8s_events object={case.group.owner} namespace={case.group.namespace}"


def logs_call(case: Case, container: str, *, previous: bool = False) -> str:
    """Return the call that shows a container's log."""
    again = " previous=true" if previous else ""
    group = case.group
    # Of a controller that is none of Kubernetes' own only the pods can be asked.
    foreign = kind_named(group.owner.partition("/")[0]) is None
    name = f"pod/{group.names[0]}" if foreign and group.names else group.owner
    where = f"name={name} namespace={group.namespace}"
    return f"k8s_logs {where} container={container}{again}"


def event_words(case: Case, *found: Happening) -> tuple[str, ...]:
    """Say how often events came, and when last: `event BackOff x12, 20s ago`."""
    return tuple(f"event {one.reason} x{one.count},{case.ago(one.last_ns)}" for one in found)


def end_words(case: Case, status: ContainerStatus, end: Terminated) -> str:
    """Say how a container ended: `container app: exit 1 3m ago after 2s, 9 restarts`."""
    at = case.ago(nanoseconds(end.finished_at)) if end.finished_at else ""
    ran = ran_seconds(end)
    after = f" after {age(ran)}" if ran is not None else ""
    again = f", {status.restart_count} restarts" if status.restart_count > 1 else ""

    return f"{case.called(status.name)}: {ending(end)}{at}{after}{again}"


def ran_seconds(end: Terminated) -> float | None:
    """Return how long a container ran; None where that is not known."""
    if not end.started_at or not end.finished_at:
        return None

    ran = (nanoseconds(end.finished_at) - nanoseconds(end.started_at)) / _SECOND
    return ran if ran >= 0 else None


def ends_of(case: Case) -> Iterator[tuple[ContainerStatus, Terminated]]:
    """Yield the containers that ended with an error or are being restarted, and how."""
    for status in case.statuses:
        state, last = status.state, status.last_state.terminated
        if state.terminated and state.terminated.exit_code:
            yield status, state.terminated
        elif last and state.waiting and state.waiting.reason == "CrashLoopBackOff":
            yield status, last


def _container_of_survey(one: Container) -> WholeContainer:
    if not isinstance(one, SurveyedContainer):
        return WholeContainer(name=one.name, restart_policy=one.restart_policy)

    return WholeContainer(
        name=one.name,
        restart_policy=one.restart_policy,
        image=one.image,
        resources=one.resources,
        ports=one.ports,
    )
