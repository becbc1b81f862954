"""One container's log while it is followed: opened, broken, taken up again, over."""

from collections.abc import Callable
from dataclasses import dataclass, field

from jamie_base.errors import BackendError
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.facts.containers import Source
from jamie_kubernetes.facts.loglines import Raw, raw
from jamie_kubernetes.facts.private_keys import Hush
from jamie_kubernetes.facts.runs import Place, Run
from jamie_kubernetes.facts.trails import Trail
from jamie_kubernetes.kinds import PODS

LARGEST_BYTES = 256 * 1024 * 1024


@dataclass
class Stream:
    """One run of one container.

    `whole` says that all of its lines are wanted that the trail does not know; `last` is set when
    what is read now is the rest of a run that ended, `over` when there is nothing more to read.
    """

    source: Source
    run: Run
    trail: Trail
    whole: bool = True
    hush: Hush = field(default_factory=Hush)
    reading: bool = False
    last: bool = False
    over: bool = False
    trouble: BackendError | None = None

    @property
    def place(self) -> Place:
        """Return which container it is."""
        return (self.source.namespace, self.source.pod, self.source.container)

    @property
    def label(self) -> str:
        """Return how its lines are marked."""
        return self.source.label

    def begin(self, *, last: bool) -> None:
        """Get ready to read on from where it was left."""
        # The head of an answer comes with its first line only: until it breaks again it is heard.
        self.reading, self.last, self.trouble = True, last, None
        self.trail.resume()

    async def read(
        self, cluster: Cluster, take: Callable[["Stream", Raw], None], previous: bool
    ) -> None:
        """Read until it ends or breaks; `trouble` tells why it broke."""
        try:
            async with cluster.lines(
                PODS.path(self.source.namespace, self.source.pod, "log"),
                self._params(previous),
                limit=LARGEST_BYTES,
                silence=cluster.deadline,
            ) as lines:
                async for line in lines:
                    self._take(raw(line), take)
        except BackendError as exc:
            self.trouble = exc

    def _params(self, previous: bool) -> list[tuple[str, str]]:
        since = self.trail.since
        start = [("sinceTime", since)] if since else []
        return [
            ("container", self.source.container),
            ("timestamps", "true"),
            ("previous" if previous else "follow", "true"),
            *(start or ([] if self.whole else [("tailLines", "0")])),
        ]

    def _take(self, line: Raw, take: Callable[["Stream", Raw], None]) -> None:
        if self.trail.is_new(line):
            take(self, line)
