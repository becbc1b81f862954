"""Pods reduced while they come, page by page: counted, grouped by owner and state, dropped."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence

from jamie_base.when import Nanoseconds, instant, nanoseconds
from jamie_kubernetes.answers import Ended, PodGroup, PodStatus, Usage
from jamie_kubernetes.client.objects import Pod
from jamie_kubernetes.facts.ailments import Ailment, Severity, ailment_of, ending
from jamie_kubernetes.facts.owners import Owner, owner_of
from jamie_kubernetes.facts.pod_usage import PodKey
from jamie_kubernetes.facts.standing import Standing, standing_of

NAMES_KEPT = 3
RECENT_NS = 3600 * 1_000_000_000

GroupKey = tuple[str, str, str, str, str]
"""Namespace, owner, state, readiness and cause."""

_PHASES = {"running": "Running", "pending": "Pending", "failed": "Failed", "succeeded": "Succeeded"}


def rank(group: PodGroup) -> tuple[int, int, str, str, str, str, str]:
    """Order groups: the worst first, then the largest; unique for each group."""
    return (
        group.severity,
        -group.count,
        group.namespace,
        group.owner,
        group.state,
        group.ready,
        group.cause,
    )


class Gathering:
    """A group while it grows."""

    __slots__ = (
        "ailment", "count", "key", "last", "message", "names", "newest", "nodes", "oldest",
        "pattern", "restarts", "since", "usage",
    )  # fmt: skip

    def __init__(self, key: GroupKey, ailment: Ailment | None) -> None:
        self.key = key
        self.ailment = ailment
        self.count = 0
        self.names: list[str] = []
        self.pattern = ""
        self.nodes: set[str] = set()
        self.restarts = 0
        self.last: Ended | None = None
        self.message = ""
        self.since = 0
        self.oldest = self.newest = 0
        self.usage: Usage | None = None

    def add(self, pod: Pod, standing: Standing, ailment: Ailment | None) -> None:
        """Take a pod in."""
        self.count += 1
        name = pod.metadata.name
        self.pattern = _shared_start(self.pattern, name) if self.count > 1 else name
        if len(self.names) < NAMES_KEPT:
            self.names.append(name)
        if pod.spec.node_name:
            self.nodes.add(pod.spec.node_name)
        self._remember(pod, standing)
        if ailment:
            self.message = self.message or ailment.message
            self.since = min(self.since or ailment.since_ns, ailment.since_ns)

    def done(self) -> PodGroup:
        """Return the group as it stands."""
        namespace, owner, state, ready, cause = self.key
        return PodGroup(
            namespace=namespace,
            owner=owner,
            state=state,
            ready=ready,
            count=self.count,
            names=tuple(self.names),
            pattern=self.names[0] if self.count == 1 else f"{self._stem()}*",
            nodes=tuple(sorted(self.nodes)[:NAMES_KEPT]),
            node_count=len(self.nodes),
            oldest_ns=self.oldest,
            newest_ns=self.newest,
            severity=self.ailment.severity if self.ailment else Severity.NONE,
            cause=cause,
            message=self.message,
            since_ns=self.since,
            restarts=self.restarts,
            last=self.last,
            usage=self.usage,
        )

    def use(self, more: Usage) -> None:
        """Add what a pod of the group uses."""
        so_far = self.usage or Usage()
        self.usage = Usage(so_far.cpu + more.cpu, so_far.memory + more.memory)

    def _remember(self, pod: Pod, standing: Standing) -> None:
        born = pod.metadata.created_ns
        self.oldest = min(self.oldest or born, born)
        self.newest = max(self.newest, born)
        self.restarts = max(self.restarts, standing.restarts)
        if end := standing.last:
            at = instant(end.finished_at)
            if self.last is None or at >= self.last.at_ns:
                self.last = Ended(ending(end), at)

    def _stem(self) -> str:
        return self.pattern[: self.pattern.rfind("-") + 1] or self.pattern


class PodTally:
    """Counts every pod; groups those a status asks for, and remembers the recovered.

    Failed pods of Jobs wait for `settle`: only their Job tells whether a later try succeeded.
    `examples` holds the sick pods that the groups name, by namespace and name.
    """

    def __init__(
        self,
        status: PodStatus,
        now_ns: Nanoseconds,
        *,
        owner: Owner | None = None,
        usage: Mapping[PodKey, Usage] | None = None,
    ) -> None:
        self._usage = usage or {}
        self._status = status
        self._now = now_ns
        self._owner = owner
        self.total = 0
        self.sick = 0
        self.states: Counter[str] = Counter()
        self.phases: Counter[str] = Counter()
        self.namespaces: set[str] = set()
        self.tries: list[Pod] = []
        self.examples: dict[tuple[str, str], Pod] = {}
        self._groups: dict[GroupKey, Gathering] = {}
        self._recovered: dict[GroupKey, Gathering] = {}

    def add(self, page: Sequence[Pod]) -> None:
        """Take one page of pods."""
        for pod in page:
            owner = owner_of(pod.metadata)
            if self._owner not in (None, owner):
                continue
            if pod.status.phase == "Failed" and job_of(pod):
                self.tries.append(pod)
            else:
                self._take(pod, owner)

    def settle(self, finished: Container[tuple[str, str]]) -> None:
        """Take the failed tries, the newest first: what they say is what matters now.

        Those of `finished` Jobs (namespace, name) are not sick.
        """
        tries, self.tries = self.tries, []
        for pod in sorted(tries, key=lambda one: one.metadata.created_ns, reverse=True):
            old = (pod.metadata.namespace, job_of(pod)) in finished
            self._take(pod, owner_of(pod.metadata), forgiven=old)

    def groups(self) -> list[PodGroup]:
        """Return the groups."""
        return [group.done() for group in self._groups.values()]

    def recovered(self) -> list[PodGroup]:
        """Return the healthy pods that restarted within the last hour, grouped."""
        return [group.done() for group in self._recovered.values()]

    def _take(self, pod: Pod, owner: Owner | None, *, forgiven: bool = False) -> None:
        standing = standing_of(pod)
        ailment = None if forgiven else ailment_of(pod, standing, self._now)
        self.total += 1
        self.sick += ailment is not None
        self.states[standing.state] += 1
        self.phases[pod.status.phase] += 1
        self.namespaces.add(pod.metadata.namespace)
        if self._asks_for(pod, ailment):
            group = _gather(self._groups, pod, owner, standing, ailment)
            if ailment and group.count <= NAMES_KEPT:
                self.examples[pod.metadata.namespace, pod.metadata.name] = pod
            if used := self._usage.get((pod.metadata.namespace, pod.metadata.name)):
                group.use(used)
        is_well = ailment is None and standing.ready == standing.total
        if is_well and self._restarted_lately(standing):
            _gather(self._recovered, pod, owner, standing, None)

    def _asks_for(self, pod: Pod, ailment: Ailment | None) -> bool:
        if self._status == "sick":
            return ailment is not None

        return self._status == "all" or _PHASES.get(self._status) == pod.status.phase

    def _restarted_lately(self, standing: Standing) -> bool:
        end = standing.last
        return bool(
            end and end.finished_at and self._now - nanoseconds(end.finished_at) < RECENT_NS
        )


def job_of(pod: Pod) -> str:
    """Return the Job that made a pod, or nothing."""
    owners = pod.metadata.owner_references
    return next((one.name for one in owners if one.controller and one.kind == "Job"), "")


def _gather(
    groups: dict[GroupKey, Gathering],
    pod: Pod,
    owner: Owner | None,
    standing: Standing,
    ailment: Ailment | None,
) -> Gathering:
    # A sick pod of nobody stands alone, by its name; healthy ones are counted together.
    named = str(owner) if owner else f"pod/{pod.metadata.name}" if ailment else ""
    ready = f"{standing.ready}/{standing.total}"
    cause = ailment.cause if ailment else ""
    key = (pod.metadata.namespace, named, standing.state, ready, cause)
    if key not in groups:
        groups[key] = Gathering(key, ailment)
    groups[key].add(pod, standing, ailment)

    return groups[key]


def _shared_start(one: str, other: str) -> str:
    pairs = enumerate(zip(one, other, strict=False))
    return one[: next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))]
