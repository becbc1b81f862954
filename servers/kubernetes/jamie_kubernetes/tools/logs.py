"""Logs: what the containers say."""

from typing import Annotated, Literal

from pydantic import Field

from jamie_base.errors import InvalidArgument
from jamie_base.when import SECOND, Nanoseconds, window
from jamie_kubernetes.answers import LogReport
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.kinds import PODS
from jamie_kubernetes.render.logs import logs
from jamie_kubernetes.tools.following import Follow, checked
from jamie_kubernetes.tools.scope import Scope, scope_of
from jamie_kubernetes.tools.targets import RUNS_PODS
from jamie_kubernetes.tools.toolset import MOST_LINES, Backend, Home, Marks, Selector, tools

Name = Annotated[
    str,
    Field(
        description="Pod or workload: web-0, deploy/web, svc/api; or give selector or namespace.",
        max_length=300,
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
        ge=0, le=MOST_LINES, description="Newest lines to read per container; 0: as many as fit."
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
    # What groups lines takes as long to import as several tools together.
    from jamie_kubernetes.tools.log_reading import Asked, followed, read, wanted_of

    if checked(follow) and (previous or until):
        raise InvalidArgument("follow shows what comes; leave out previous and until.")

    now_ns = cluster.now_ns
    start_ns, end_ns = _window(since, until, now_ns)
    scope = await _scope(cluster, name, namespace, selector)
    asked = Asked(
        cluster=cluster,
        marks=marks,
        scope=scope,
        container=container,
        wanted=wanted_of(level, grep, end_ns),
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
    return await (followed(asked, follow) if follow else read(asked))


def _window(since: str, until: str, now_ns: Nanoseconds) -> tuple[Nanoseconds, Nanoseconds]:
    """Return the instants asked for, 0 where open."""
    if not since and not until:
        return 0, 0

    both = window(since or "now-7d", until or "now", now=now_ns / SECOND)
    return both.start_ns if since else 0, both.end_ns if until else 0


async def _scope(cluster: Cluster, name: str, namespace: str, selector: str) -> Scope:
    labels = selector.strip()
    if (name and labels) or not (name or labels or namespace):
        raise InvalidArgument(
            "Give either name (a pod or workload, as in deploy/web) or selector (app=web), or"
            " namespace alone for all of its pods."
        )

    return await scope_of(cluster, namespace, name, selector, kinds=(PODS, *RUNS_PODS))


def _filters(grep: str, level: str) -> str:
    said = (f"with {grep!r}" if grep else "", f"at {level} or worse" if level != "any" else "")
    return ", ".join(part for part in said if part)
