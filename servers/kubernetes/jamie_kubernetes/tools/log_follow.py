"""Following the logs of several pods at once, whatever happens to them and to the API server."""

import time
from collections.abc import Sequence
from functools import partial

import anyio
from anyio.abc import TaskGroup

from jamie_base.errors import BackendError, Denied, Throttled, TimedOut, Unreachable
from jamie_kubernetes.answers import Followed, LogSource
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.objects import Pod
from jamie_kubernetes.facts.containers import Source, chosen
from jamie_kubernetes.facts.harvest import Harvest
from jamie_kubernetes.facts.loglines import Filter, Raw
from jamie_kubernetes.facts.runs import Place, Run, all_over, runs_in
from jamie_kubernetes.facts.trails import Trail
from jamie_kubernetes.render.logs import told
from jamie_kubernetes.tools.following import Hearing, Teller
from jamie_kubernetes.tools.lines import Read
from jamie_kubernetes.tools.scope import Scope, pods_of
from jamie_kubernetes.tools.streams import Stream
from jamie_signals.logs import Level, level_of

STREAMS = 10
LOOK_SECONDS = 1.0
SOONEST_SECONDS = 0.25
LOOKS_OF_ALL = 4
"""How many times longer than it takes to list the pods we wait before we list them again."""

NEWS_KEPT = 12


class LogFollower:
    """Follows what the containers of a scope write."""

    def __init__(self, cluster: Cluster, scope: Scope, container: str, wanted: Filter) -> None:
        self._cluster = cluster
        self._scope = scope
        self._container = container
        self._wanted = wanted
        self._streams: dict[Place, Stream] = {}
        self._silent: dict[str, str] = {}
        self._refused: set[str] = set()
        self._news: list[str] = []
        self._teller = Teller()
        self._hearing = Hearing(self._teller)
        self._stirred = anyio.Event()
        self._started = time.monotonic()
        self._finished = self._before = self._blind = False
        self.harvest = Harvest()

    def begin(self, found: Sequence[Read], sources: Sequence[Source], pods: Sequence[Pod]) -> None:
        """Take what was read before: only what comes after it is new."""
        runs = runs_in(pods)
        for one, source in zip(found, sources, strict=True):
            if one.source.missing and not one.lines:
                self._silent[source.label] = one.source.missing
            place = (source.namespace, source.pod, source.container)
            if place in runs and not source.missing:
                run, known = Run(runs[place].number), Trail(one.lines)
                self._streams[place] = Stream(source, run, known, whole=one.error is None)

    def keep(self, found: Sequence[Read]) -> None:
        """Make what was read before part of the answer."""
        self._before = True
        for one in found:
            for line in one.lines:
                self.harvest.add(one.source.name, line)

    async def run(self, pods: Sequence[Pod], seconds: float) -> None:
        """Follow for so many seconds, or until nothing can come any more."""
        self._started = time.monotonic()
        with anyio.move_on_after(seconds):
            async with anyio.create_task_group() as group:
                group.start_soon(self._teller.run)
                await self._attend(group, pods)
                self._finished = True
                group.cancel_scope.cancel()
        await self._teller.flush()

    def found(self) -> list[Read]:
        """Return the lines kept, by container."""
        lines = self.harvest.by_source()
        return [Read(LogSource(name, len(lines[name])), tuple(lines[name])) for name in lines]

    @property
    def sources(self) -> tuple[LogSource, ...]:
        """Return every container that was followed, and those that could not be."""
        labels = dict.fromkeys([*(one.label for one in self._streams.values()), *self._silent])
        counts = self.harvest.counts
        return tuple(
            LogSource(name, counts.get(name, 0), "" if name in counts else self._why(name))
            for name in labels
        )

    @property
    def left_out(self) -> int:
        """Return how many containers more there were than are followed at once."""
        return len(self._refused)

    def report(self, asked: int) -> Followed:
        """Tell what following was like."""
        hidden = len(self._news) - NEWS_KEPT
        return Followed(
            seconds=round(time.monotonic() - self._started, 1),
            asked=asked,
            finished=self._finished,
            before=self._before,
            news=(*self._news[:NEWS_KEPT], *([f"{hidden} changes more"] if hidden > 0 else [])),
            dropped=self.harvest.dropped,
            interruptions=self._hearing.interruptions(),
        )

    async def _attend(self, group: TaskGroup, pods: Sequence[Pod]) -> None:
        """Keep the streams what they should be, as the pods come and go."""
        self._match(group, pods)
        while self._goes_on(pods):
            began = time.monotonic()
            await anyio.sleep(SOONEST_SECONDS)
            seen = await self._look()
            pods = pods if seen is None else seen
            self._match(group, pods)
            if seen is not None:
                self._settle()
            await self._pause(time.monotonic() - began - SOONEST_SECONDS)

    def _goes_on(self, pods: Sequence[Pod]) -> bool:
        if not all(one.over for one in self._streams.values()):
            return True

        return not (self._scope.is_one_pod and pods and all_over(pods))

    async def _look(self) -> Sequence[Pod] | None:
        try:
            pods = await pods_of(self._cluster, self._scope)
        except BackendError as exc:
            self._hearing.lost(str(exc))
            self._blind = True
            return None

        self._blind = False
        return pods

    async def _pause(self, took: float) -> None:
        with anyio.move_on_after(max(LOOK_SECONDS, took * LOOKS_OF_ALL)):
            await self._stirred.wait()
        self._stirred = anyio.Event()

    def _match(self, group: TaskGroup, pods: Sequence[Pod]) -> None:
        runs = runs_in(pods)
        for stream in [*self._streams.values()]:
            if not (stream.reading or stream.over):
                self._go_on(group, stream, runs.get(stream.place))
        now_ns, named = time.time_ns(), not self._scope.is_one_pod
        for source in chosen(pods, self._container, now_ns, previous=False, named=named):
            self._consider(group, source, runs)

    def _go_on(self, group: TaskGroup, stream: Stream, run: Run | None) -> None:
        """Decide what becomes of a stream that ended or broke: its container may go on."""
        if run is None:
            self._ended(stream, "gone")
        elif run.number == stream.run.number and not run.ended:
            self._start(group, stream, last=False)
        elif stream.last and stream.trouble is None:
            self._ended(stream, run.end_of(stream.run.number))
        else:
            # The rest of the run before can be had as long as no other one followed.
            self._start(group, stream, last=True, previous=run.number == stream.run.number + 1)

    def _ended(self, stream: Stream, why: str) -> None:
        stream.over, stream.trouble = True, None
        self._news.append(f"{stream.label} ended ({why})")

    def _consider(self, group: TaskGroup, source: Source, runs: dict[Place, Run]) -> None:
        """Follow a container or a run of it that is not followed yet."""
        place = (source.namespace, source.pod, source.container)
        known, run = self._streams.get(place), runs.get(place)
        if known and (not known.over or run is None or run.number <= known.run.number):
            return
        if source.missing or run is None:
            self._silent[source.label] = source.missing
            return
        if sum(not one.over for one in self._streams.values()) >= STREAMS:
            self._refused.add(source.label)
            return

        self._refused.discard(source.label)
        self._news.append(f"{source.label} {'started again' if known else 'appeared'}")
        stream = self._streams[place] = Stream(source, Run(run.number), Trail())
        self._start(group, stream, last=False)

    def _start(
        self, group: TaskGroup, stream: Stream, *, last: bool, previous: bool = False
    ) -> None:
        stream.begin(last=last)
        group.start_soon(partial(self._read, stream, previous=previous))

    async def _read(self, stream: Stream, *, previous: bool) -> None:
        await stream.read(self._cluster, self._take, previous)
        stream.reading = False
        if stream.trouble is None:
            self._stirred.set()
        elif isinstance(stream.trouble, Denied) and not self._blind:
            stream.over = True
        elif _is_outage(stream):
            self._hearing.lost(str(stream.trouble))

    def _settle(self) -> None:
        """Note that everything is heard again, where it is."""
        if not any(_is_outage(one) for one in self._streams.values() if not one.over):
            self._hearing.back()

    def _take(self, stream: Stream, line: Raw) -> None:
        self.harvest.add(stream.label, line)
        text = stream.hush.shown(line.text)
        level = level_of(text) if self._wanted.least is not Level.UNKNOWN else Level.UNKNOWN
        if text.strip() and self._wanted.takes(line.at_ns, text, level):
            self._teller.add(told(stream.label, line.at_ns, text))

    def _why(self, label: str) -> str:
        """Say why nothing came from a container; nothing where it was only silent."""
        stream = next((one for one in self._streams.values() if one.label == label), None)
        if stream is None:
            return self._silent.get(label, "")
        if isinstance(stream.trouble, Denied):
            return "not allowed to read"

        return str(stream.trouble or "")


def _is_outage(stream: Stream) -> bool:
    """Tell whether a stream broke because of the API server, not of its container."""
    # An API server that has just started refuses everything until it has read who may what.
    return isinstance(stream.trouble, (Unreachable, TimedOut, Throttled, Denied))
