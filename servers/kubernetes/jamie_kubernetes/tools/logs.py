"""Logs: what the containers say."""

import math
import time
from collections.abc import Sequence
from typing import Annotated, Literal

import anyio.to_thread
from pydantic import Field

from jamie_base.errors import InvalidArgument, NotFound
from jamie_base.text import count
from jamie_base.when import Nanoseconds, window
from jamie_kubernetes.answers import Gap, LogReport
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.facts.containers import Source, chosen, containers_in
from jamie_kubernetes.facts.loglines import Condensed, Filter, condensed, entries
from jamie_kubernetes.render.logs import logs
from jamie_kubernetes.tools.lines import Read, Reading, read_all
from jamie_kubernetes.tools.parts import alternatives
from jamie_kubernetes.tools.scope import Scope, pods_of, scope_of
from jamie_kubernetes.tools.toolset import Backend, Home, Selector, tools
from jamie_signals.logs import Level, level_named

SOURCES_READ = 20
TAIL_LINES = 1_000
WIDE_LINES = 10_000
ALL_LINES = 40_000
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
Previous = Annotated[bool, Field(description="The run before the last restart.")]
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


@tools.reads(logs)
async def k8s_logs(
    cluster: Backend,
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
) -> LogReport:
    """Show logs of a pod, or of a workload's or selector's pods, in time order.

    Few entries are shown whole; many are grouped into patterns with counts, errors first, and the
    newest lines. Stack traces are folded.
    """
    now_ns = time.time_ns()
    asked = _window(since, until, now_ns)
    scope = await _scope(cluster, name, namespace, selector)
    sources = await _sources(cluster, scope, container, previous=previous)
    read = sources[:SOURCES_READ]
    reading = Reading(
        previous=previous,
        tail=tail or _lines_each(len(read), wide=bool(since or until or grep or level != "any")),
        seconds=math.ceil((now_ns - asked[0]) / _SECOND) if asked[0] else 0,
        together=len(read),
    )
    found = await read_all(cluster, read, reading)
    wanted = Filter(_least(level), _words(grep), asked[1])
    shown = await anyio.to_thread.run_sync(_condense, found, wanted)

    return LogReport(
        now_ns=now_ns,
        target=scope.words,
        namespace=scope.namespace,
        sources=tuple(one.source for one in found),
        read=sum(len(one.lines) for one in found),
        entries=shown.entries,
        lines=shown.lines,
        patterns=shown.patterns,
        since_ns=asked[0],
        until_ns=asked[1],
        tail=reading.tail,
        filters=_filters(grep, level),
        previous=previous,
        gaps=_left_out(sources),
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


async def _sources(
    cluster: Cluster, scope: Scope, container: str, *, previous: bool
) -> list[Source]:
    pods = await pods_of(cluster, scope)
    if not pods:
        raise NotFound(f"There are no pods {scope.words}.")

    found = chosen(pods, container, time.time_ns(), previous=previous)
    if not found and container:
        raise InvalidArgument(
            f"No container {container!r} {scope.words}."
            f"{alternatives(container, containers_in(pods))}"
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


def _condense(found: Sequence[Read], wanted: Filter) -> Condensed:
    return condensed(
        [one for each in found for one in entries(each.source.name, each.lines, wanted)]
    )


def _least(level: str) -> Level:
    return Level.UNKNOWN if level == "any" else level_named(level)


def _words(grep: str) -> tuple[str, ...]:
    return tuple(word.casefold() for word in grep.split("|") if word)


def _filters(grep: str, level: str) -> str:
    said = (f"with {grep!r}" if grep else "", f"at {level} or worse" if level != "any" else "")
    return ", ".join(part for part in said if part)


def _left_out(sources: Sequence[Source]) -> tuple[Gap, ...]:
    if len(sources) <= SOURCES_READ:
        return ()

    rest = count("further container", len(sources) - SOURCES_READ)
    return (Gap(rest, "not read; narrow with name, selector or container"),)
