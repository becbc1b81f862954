"""Logs: what the containers say."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal

import anyio.to_thread
import msgspec
from pydantic import Field

from jamie_base.budget import share_of_time
from jamie_base.errors import InvalidArgument, NotFound
from jamie_base.redact import Redactor
from jamie_base.text import clean, count
from jamie_base.together import pair
from jamie_base.when import Nanoseconds, window
from jamie_kubernetes.answers import Gap, LogComparison, LogReport
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.objects import Pod
from jamie_kubernetes.facts.containers import Source, chosen, containers_in, still_there
from jamie_kubernetes.facts.log_comparison import compared
from jamie_kubernetes.facts.loglines import Condensed, Filter, Found, Raw, condensed, entries
from jamie_kubernetes.facts.private_keys import veiled
from jamie_kubernetes.render.logs import logs
from jamie_kubernetes.tools.following import Follow, checked
from jamie_kubernetes.tools.lines import Read, Reading, read_all, read_each
from jamie_kubernetes.tools.log_follow import STREAMS, LogFollower
from jamie_kubernetes.tools.parts import alternatives
from jamie_kubernetes.tools.scope import Scope, pods_of, scope_of
from jamie_kubernetes.tools.toolset import Backend, Home, Marks, Selector, tools
from jamie_signals.logs import Level, level_named

SOURCES_READ = 20
TAIL_LINES = 1_000
WIDE_LINES = 10_000
ALL_LINES = 40_000
BASELINE = 20
"""Lines read before following, only to know what is old."""

_SECOND = 1_000_000_000

Name = Annotated[
    str,
    Field(
        description="Pod or workload: web-0, deploy/web, svc/api; or give selector.", max_length=300
    ),
]
ContainerName = Annotated[
    str, Field(description="Only this container (init too); default: all that run.", max_length=63)
]
Previous = Annotated[
    bool, Field(description="The run before the last restart, compared with the present one.")
]
Start = Annotated[
    str, Field(description="From: 15m, 2h, RFC 3339; empty: newest lines.", max_length=64)
]
End = Annotated[str, Field(description="Until; empty: now.", max_length=64)]
Tail = Annotated[
    int,
    Field(
        ge=0, le=WIDE_LINES, description="Newest lines to read per container; 0: as many as fit."
    ),
]
Grep = Annotated[
    str, Field(description="Only entries with this text, any case; a|b for either.", max_length=300)
]
LevelName = Annotated[
    Literal["any", "debug", "info", "warn", "error", "fatal"],
    Field(description="Only this level and worse."),
]


@tools.reads(logs, live="follow")
async def k8s_logs(
    cluster: Backend,
    marks: Marks,
    name: Name = "",
    namespace: Home = "",
    selector: Selector = "",
    container: ContainerName = "",
    previous: Previous = False,
    since: Start = "",
    until: End = "",
    tail: Tail = 0,
    grep: Grep = "",
    level: LevelName = "any",
    follow: Follow = 0,
) -> LogReport:
    """Show logs of a pod, or of a workload's or selector's pods, in time order.

    Few entries are shown whole; many are grouped into patterns with counts, errors first, and the
    newest lines. Stack traces are folded.
    """
    if checked(follow) and (previous or until):
        raise InvalidArgument("follow shows what comes; leave out previous and until.")

    now_ns = cluster.now_ns
    start_ns, end_ns = _window(since, until, now_ns)
    scope = await _scope(cluster, name, namespace, selector)
    asked = _Asked(
        cluster=cluster,
        marks=marks,
        scope=scope,
        container=container,
        wanted=Filter(_least(level), _words(grep), end_ns),
        report=LogReport(
            now_ns=now_ns,
            target=scope.words,
            namespace=scope.namespace,
            sources=(),
            since_ns=start_ns,
            until_ns=end_ns,
            tail=tail,
            filters=_filters(grep, level),
            previous=previous,
        ),
    )
    return await (_followed(asked, follow) if follow else _read(asked))


class _Asked(msgspec.Struct, frozen=True):
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
            seconds=math.ceil((self.report.now_ns - since_ns) / _SECOND) if since_ns else 0,
            together=together,
        )


async def _read(asked: _Asked) -> LogReport:
    pods = await _pods(asked)
    sources = _sources(asked, pods)
    read = sources[:SOURCES_READ]
    reading = asked.reading(_lines_each(len(read), wide=asked.is_wide), len(read))
    found, present = await pair(
        partial(read_all, asked.cluster, read, reading),
        partial(_present, asked, still_there(pods, read), reading),
    )
    report = msgspec.structs.replace(
        asked.report,
        sources=tuple(one.source for one in found),
        read=sum(len(one.lines) for one in found),
        tail=reading.tail,
        gaps=_left_out(len(sources) - SOURCES_READ),
    )
    shown = await _shown(asked, report, found)
    if not asked.report.previous:
        return shown

    compared = await anyio.to_thread.run_sync(_compare, asked, found, present)
    return msgspec.structs.replace(shown, compared=compared)


async def _present(asked: _Asked, sources: list[Source], reading: Reading) -> list[Read]:
    """Read the runs of now as well where the ones before are asked for."""
    if not reading.previous:
        return []

    now = msgspec.structs.replace(reading, previous=False)
    return await read_each(asked.cluster, sources, now)


async def _followed(asked: _Asked, seconds: int) -> LogReport:
    pods = await _pods(asked)
    read = _sources(asked, pods, named=not asked.scope.is_one_pod)[:STREAMS]
    before = asked.report.tail or asked.report.since_ns
    tail = _lines_each(len(read), wide=True) if asked.report.since_ns else BASELINE
    found = await read_all(asked.cluster, read, asked.reading(tail, len(read)))
    follower = LogFollower(asked.cluster, asked.scope, asked.container, asked.wanted)
    follower.begin(found, read, pods)
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


async def _shown(asked: _Asked, report: LogReport, found: Sequence[Read]) -> LogReport:
    shown = await anyio.to_thread.run_sync(_condense, asked.marks, found, asked.wanted)
    return msgspec.structs.replace(
        report, entries=shown.entries, lines=shown.lines, patterns=shown.patterns
    )


def _window(since: str, until: str, now_ns: Nanoseconds) -> tuple[Nanoseconds, Nanoseconds]:
    """Return the instants asked for, 0 where open."""
    if not since and not until:
        return 0, 0

    both = window(since or "now-7d", until or "now", now=now_ns / _SECOND)
    return both.start_ns if since else 0, both.end_ns if until else 0


async def _scope(cluster: Cluster, name: str, namespace: str, selector: str) -> Scope:
    if bool(name) == bool(selector.strip()):
        raise InvalidArgument(
            "Give either name (a pod or workload, as in deploy/web) or selector (app=web)."
        )

    if "/" in name or not name:
        return await scope_of(cluster, namespace, name, selector)

    try:
        return await scope_of(cluster, namespace, f"pod/{name}")
    except NotFound:
        return await scope_of(cluster, namespace, name)


async def _pods(asked: _Asked) -> list[Pod]:
    pods = await pods_of(asked.cluster, asked.scope)
    if not pods:
        raise NotFound(f"There are no pods {asked.scope.words}.")

    return pods


def _sources(asked: _Asked, pods: list[Pod], *, named: bool = False) -> list[Source]:
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
    most = WIDE_LINES if wide else TAIL_LINES
    return max(100, min(most, ALL_LINES // max(sources, 1)))


def _condense(marks: Redactor, found: Sequence[Read], wanted: Filter) -> Condensed:
    return condensed(_entries(marks, found, wanted))


def _compare(asked: _Asked, found: Sequence[Read], present: Sequence[Read]) -> LogComparison:
    if not present:
        return LogComparison(missing="it waits to be started again")
    if all(one.error for one in present):
        return LogComparison(missing=str(present[0].error))

    before, now = (_entries(asked.marks, run, asked.wanted) for run in (found, present))
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


def _least(level: str) -> Level:
    return Level.UNKNOWN if level == "any" else level_named(level)


def _words(grep: str) -> tuple[str, ...]:
    return tuple(word.casefold() for word in grep.split("|") if word)


def _filters(grep: str, level: str) -> str:
    said = (f"with {grep!r}" if grep else "", f"at {level} or worse" if level != "any" else "")
    return ", ".join(part for part in said if part)


def _left_out(more: int) -> tuple[Gap, ...]:
    if more <= 0:
        return ()

    rest = count("further container", more)
    return (Gap(rest, "not read; narrow with name, selector or container"),)
