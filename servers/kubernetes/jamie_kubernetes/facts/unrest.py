"""Pods that kubectl shows as well and that are not.

They keep restarting, take long to go, or do not get the resources they were given since.
"""

from collections.abc import Sequence

from jamie_base.when import Nanoseconds, instant, nanoseconds
from jamie_kubernetes.client.objects import Condition, ContainerStatus, Pod, Terminated
from jamie_kubernetes.client.survey import SurveyedPod
from jamie_kubernetes.facts.ailments import Ailment, Severity, ailment_of
from jamie_kubernetes.facts.grouping import NAMES_KEPT, Gathering
from jamie_kubernetes.facts.owners import owner_of
from jamie_kubernetes.facts.standing import standing_of

RESTARTS = 5
"""How often a container restarted at least before that is called again and again."""

YOUNG_RESTARTS = 3
"""The same for a pod that is not an hour old."""

OOM_RESTARTS = 2
"""The same for one that ran out of memory: it will again."""

_SECOND = 1_000_000_000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
SHORT_RUN_NS = 15 * _MINUTE
SETTLED_NS = 10 * _MINUTE
LONG_MEAN_NS = 12 * _HOUR
LONG_GOING_NS = 3 * _MINUTE
LONG_GRACE_SECONDS = 300
"""Most programs that take care of what they do need no longer to stop."""

PAST_GRACE_NS = _MINUTE
DEFERRED_NS = 5 * _MINUTE
"""How long a change of a pod's resources may wait for room."""

RESTARTING = "keeps restarting"
GOING = "takes long to stop"
RESIZING = "is not resized"


class Unrest:
    """Keeps such pods page by page, grouped by owner."""

    def __init__(self, now_ns: Nanoseconds) -> None:
        self._now = now_ns
        self._groups: dict[tuple[str, str, str], Gathering] = {}
        self.examples: dict[tuple[str, str, str], list[SurveyedPod]] = {}

    def add(self, page: Sequence[SurveyedPod]) -> None:
        """Take one page of pods."""
        for pod in page:
            if restless_container(pod, self._now) and not self._is_sick(pod):
                self._take(pod, Ailment(Severity.NONE, RESTARTING))
            elif lingers(pod, self._now):
                self._take(pod, Ailment(Severity.NONE, GOING))
            elif resize_trouble(pod, self._now):
                self._take(pod, Ailment(Severity.NONE, RESIZING))

    def groups(self) -> list[tuple[Gathering, tuple[SurveyedPod, ...]]]:
        """Return the groups with a few examples each, the largest first."""
        ordered = sorted(self._groups, key=lambda key: (-self._groups[key].count, key))
        return [(self._groups[key], tuple(self.examples[key])) for key in ordered]

    def _is_sick(self, pod: SurveyedPod) -> bool:
        """Tell whether a pod is counted among the sick anyway, whose case tells of restarts."""
        return ailment_of(pod, standing_of(pod), self._now) is not None

    def _take(self, pod: SurveyedPod, ailment: Ailment) -> None:
        owner = str(owner_of(pod.metadata) or f"pod/{pod.metadata.name}")
        key = (pod.metadata.namespace, owner, ailment.cause)
        standing = standing_of(pod)
        if key not in self._groups:
            ready = f"{standing.ready}/{standing.total}"
            self._groups[key] = Gathering((*key[:2], standing.state, ready, key[2]), ailment)
        self._groups[key].add(pod, standing, None)
        examples = self.examples.setdefault(key, [])
        if len(examples) < NAMES_KEPT:
            examples.append(pod)


def restless_container(pod: Pod, now_ns: Nanoseconds) -> ContainerStatus | None:
    """Return a container that runs now but restarted often lately, and will again.

    One that has run three times as long as the time before has recovered.
    """
    if pod.metadata.deletion_timestamp is not None:
        return None

    born = pod.metadata.creation_timestamp
    age_ns = now_ns - nanoseconds(born) if born else LONG_MEAN_NS
    statuses = (*pod.status.init_container_statuses, *pod.status.container_statuses)
    found = (one for one in statuses if one.restart_count >= OOM_RESTARTS)
    return next((one for one in found if _restless(one, age_ns, now_ns)), None)


def lingers(pod: SurveyedPod, now_ns: Nanoseconds) -> bool:
    """Tell whether a pod was asked to go long ago and still may take its time."""
    due = pod.metadata.deletion_timestamp
    if due is None:
        return False

    grace = pod.metadata.deletion_grace_period_seconds or 0
    due_ns = nanoseconds(due)
    asked_ns = due_ns - grace * _SECOND
    return (
        grace > LONG_GRACE_SECONDS
        and now_ns - asked_ns > LONG_GOING_NS
        and now_ns < due_ns + PAST_GRACE_NS
    )


def resize_trouble(pod: Pod, now_ns: Nanoseconds) -> Condition | None:
    """Return the condition of a pod whose resources were changed, and that does not get them."""
    if pod.metadata.deletion_timestamp is not None:
        return None

    return next((one for one in pod.status.conditions if _unsized(one, now_ns)), None)


def _unsized(one: Condition, now_ns: Nanoseconds) -> bool:
    if one.status != "True":
        return False
    if one.type == "PodResizeInProgress":
        return one.reason == "Error"

    waits = one.reason == "Deferred" and now_ns - instant(one.last_transition_time) < DEFERRED_NS
    return one.type == "PodResizePending" and not waits


def _enough(last: Terminated, age_ns: Nanoseconds) -> int:
    if last.reason == "OOMKilled":
        return OOM_RESTARTS

    return YOUNG_RESTARTS if age_ns < _HOUR else RESTARTS


def _restless(status: ContainerStatus, age_ns: Nanoseconds, now_ns: Nanoseconds) -> bool:
    last, running = status.last_state.terminated, status.state.running
    if not running or not running.started_at or not last or not last.finished_at:
        return False

    ended_ns = nanoseconds(last.finished_at)
    ran_ns = ended_ns - nanoseconds(last.started_at) if last.started_at else SHORT_RUN_NS
    up_ns = now_ns - nanoseconds(running.started_at)
    enough = status.restart_count >= _enough(last, age_ns)
    often = ran_ns <= SHORT_RUN_NS or age_ns / status.restart_count <= LONG_MEAN_NS
    settled = up_ns > max(3 * ran_ns, SETTLED_NS)

    return enough and often and not settled and now_ns - ended_ns < _HOUR
