"""What containers say, as `k8s_logs` asks for it: read, filtered, grouped, the runs compared."""

import math
from collections.abc import Sequence
from functools import partial

import anyio.to_thread
import msgspec

from jamie_base.budget import share_of_time
from jamie_base.errors import InvalidArgument, NotFound
from jamie_base.redact import Redactor
from jamie_base.text import clean, count
from jamie_base.together import pair
from jamie_base.when import SECOND, Nanoseconds
from jamie_kubernetes.answers import Gap, LogComparison, LogReport
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.objects import Pod
from jamie_kubernetes.facts.containers import Source, chosen, containers_in, still_there
from jamie_kubernetes.facts.log_comparison import compared
from jamie_kubernetes.facts.loglines import Filter, Found, Raw, condensed, entries
from jamie_kubernetes.facts.private_keys import veiled
from jamie_kubernetes.tools.lines import Read, Reading, read_all, read_each
from jamie_kubernetes.tools.log_follow import STREAMS, LogFollower
from jamie_kubernetes.tools.parts import alternatives
from jamie_kubernetes.tools.scope import Scope, pods_of
from jamie_kubernetes.tools.toolset import MOST_LINES
from jamie_signals.logs import Level, level_named

SOURCES_READ = 20
TAIL_LINES = 1_000
ALL_LINES = 40_000
BASELINE = 20
"""Lines read before following, only to know what is old."""


class Asked(msgspec.Struct, frozen=True):
    """A question about logs, and as much of its answer as is known before anything is read."""

    cluster: Cluster
    marks: Redactor
    scope: Scope
    container: str
    wanted: Filter
    report: LogReport

    @property
    def is_wide(self) -> bool:
        """Tell whether it looks for something, so that more has to be read than is shown."""
        return bool(self.report.since_ns or self.report.until_ns or self.report.filters)

    def reading(self, tail: int, together: int) -> Reading:
        """Return how much to read of each of so many containers."""
        since_ns = self.report.since_ns
        return Reading(
            previous=self.report.previous,
            tail=self.report.tail or tail,
            seconds=math.ceil((self.report.now_ns - since_ns) / SECOND) if since_ns else 0,
            together=together,
        )


def wanted_of(level: str, grep: str, until_ns: Nanoseconds) -> Filter:
    """Return which entries are wanted: of a level or worse, with a word, until an instant."""
    least = Level.UNKNOWN if level == "any" else level_named(level)
    words = tuple(word.casefold() for word in grep.split("|") if word)

    return Filter(least, words, until_ns)


async def read(asked: Asked) -> LogReport:
    """Read what is there; of the run before a restart also what sets the present one apart."""
    pods = await _pods(asked)
    sources = _sources(asked, pods)
    picked = sources[:SOURCES_READ]
    reading = asked.reading(_lines_each(len(picked), wide=asked.is_wide), len(picked))
    found, present = await pair(
        partial(read_all, asked.cluster, picked, reading),
        partial(_present, asked, still_there(pods, picked), reading),
    )
    report = msgspec.structs.replace(
        asked.report,
        sources=tuple(one.source for one in found),
        read=sum(len(one.lines) for one in found),
        tail=reading.tail,
        gaps=_left_out(len(sources) - SOURCES_READ),
    )
    compares = reading.previous and not all(one.missing for one in picked)
    return await _shown(asked, report, found, present if compares else None)


async def _present(asked: Asked, sources: list[Source], reading: Reading) -> list[Read]:
    """Read the runs of now as well where the ones before are asked for."""
    if not reading.previous:
        return []

    now = msgspec.structs.replace(reading, previous=False)
    return await read_each(asked.cluster, sources, now)


async def followed(asked: Asked, seconds: int) -> LogReport:
    """Read what comes in so many seconds; what was there before only where it is asked for."""
    pods = await _pods(asked)
    picked = _sources(asked, pods, named=not asked.scope.is_one_pod)[:STREAMS]
    before = asked.report.tail or asked.report.since_ns
    tail = _lines_each(len(picked), wide=True) if asked.report.since_ns else BASELINE
    found = await read_all(asked.cluster, picked, asked.reading(tail, len(picked)))
    follower = LogFollower(asked.cluster, asked.scope, asked.container, asked.wanted)
    follower.begin(found, picked, pods)
    if before:
        follower.keep(found)
    await follower.run(pods, share_of_time(seconds))
    report = msgspec.structs.replace(
        asked.report,
        now_ns=asked.cluster.now_ns,
        sources=follower.sources,
        read=sum(one.lines for one in follower.sources),
        followed=follower.report(seconds),
        gaps=_left_out(follower.left_out),
    )
    return await _shown(asked, report, follower.found())


async def _shown(
    asked: Asked, report: LogReport, found: Sequence[Read], present: Sequence[Read] | None = None
) -> LogReport:
    return await anyio.to_thread.run_sync(_told, asked, report, found, present)


async def _pods(asked: Asked) -> list[Pod]:
    pods = await pods_of(asked.cluster, asked.scope)
    if not pods:
        raise NotFound(f"There are no pods {asked.scope.words}.")

    return pods


def _sources(asked: Asked, pods: list[Pod], *, named: bool = False) -> list[Source]:
    previous = asked.report.previous
    found = chosen(pods, asked.container, asked.report.now_ns, previous=previous, named=named)
    if not found and asked.container:
        raise InvalidArgument(
            f"No container {asked.container!r} {asked.scope.words}."
            f"{alternatives(asked.container, containers_in(pods))}"
        )

    return found or [
        Source(
            one.metadata.namespace,
            one.metadata.name,
            "",
            one.metadata.name,
            "has not been placed on a node yet",
        )
        for one in pods
    ]


def _lines_each(sources: int, *, wide: bool) -> int:
    most = MOST_LINES if wide else TAIL_LINES
    return max(100, min(most, ALL_LINES // max(sources, 1)))


def _told(
    asked: Asked, report: LogReport, found: Sequence[Read], present: Sequence[Read] | None
) -> LogReport:
    """Tell what was found, and what sets the present run apart where that was read as well."""
    read = _entries(asked.marks, found, asked.wanted)
    shown = condensed(read)
    return msgspec.structs.replace(
        report,
        entries=shown.entries,
        lines=shown.lines,
        patterns=shown.patterns,
        compared=None if present is None else _compare(asked, read, present),
    )


def _compare(asked: Asked, before: Sequence[Found], present: Sequence[Read]) -> LogComparison:
    if not present:
        return LogComparison(missing="it waits to be started again")
    if all(one.error for one in present):
        return LogComparison(missing=str(present[0].error))

    now = _entries(asked.marks, present, asked.wanted)
    return compared(before, now, sum(len(one.lines) for one in present))


def _entries(marks: Redactor, found: Sequence[Read], wanted: Filter) -> list[Found]:
    return [
        one
        for each in found
        for one in entries(each.source.name, _veiled(marks, each.lines), wanted)
    ]


def _veiled(marks: Redactor, lines: Sequence[Raw]) -> list[Raw]:
    texts = veiled(marks, [clean(line.text) for line in lines])
    return [Raw(line.at_ns, text) for line, text in zip(lines, texts, strict=True)]


def _left_out(more: int) -> tuple[Gap, ...]:
    if more <= 0:
        return ()

    rest = count("further container", more)
    return (Gap(rest, "not read; narrow with name, selector or container"),)
