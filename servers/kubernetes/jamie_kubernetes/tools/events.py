"""Events: what happened."""

import time
from functools import partial
from typing import Annotated

from pydantic import Field

from jamie_base.answer import paginate
from jamie_base.when import window
from jamie_kubernetes.answers import EventList
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.objects import Event
from jamie_kubernetes.facts.happenings import EventTally, Wanted, rank
from jamie_kubernetes.kinds import EVENTS
from jamie_kubernetes.render.events import ROWS_BYTES, events, line
from jamie_kubernetes.tools.family import Family, family_of
from jamie_kubernetes.tools.parts import Parts, check_namespace
from jamie_kubernetes.tools.toolset import Backend, Cursor, Namespace, Since, tools

About = Annotated[
    str,
    Field(
        description="Its events and its children's: deploy/web, pod/web-0, node/n1, pvc/data.",
        max_length=300,
    ),
]
WarningsOnly = Annotated[bool, Field(description="Leave out Normal events.")]
Limit = Annotated[int, Field(ge=1, le=200, description="Groups to show.")]


@tools.reads(events)
async def k8s_events(
    cluster: Backend,
    namespace: Namespace = "",
    object: About = "",  # noqa: A002  # the word kubectl's users know
    since: Since = "1h",
    warnings_only: WarningsOnly = True,
    limit: Limit = 40,
    cursor: Cursor = "",
) -> EventList:
    """Show events by reason and owner: count, first, last and words, worst first."""
    now_ns = time.time_ns()
    asked = window(since, now=now_ns / 1e9)
    await check_namespace(cluster, namespace)
    family = await family_of(cluster, object, namespace) if object else Family("", namespace)
    parts = Parts(cluster, family.namespace)
    tally = await _tallied(parts, family, asked.start_ns, warnings_only=warnings_only)
    page = paginate(
        tally.groups(),
        key=rank,
        line=partial(line, now_ns=now_ns),
        limit=limit,
        cursor=cursor,
        query=repr((namespace, object, since, warnings_only)),
        budget=ROWS_BYTES,
    )
    return EventList(
        now_ns=now_ns,
        scope=_words(cluster, family),
        since_ns=asked.start_ns,
        warnings_only=warnings_only,
        events=tally.events,
        groups=page.rows,
        later=page.hidden,
        cursor=page.cursor,
        changed=page.changed,
        gaps=parts.gaps(),
    )


async def _tallied(
    parts: Parts, family: Family, since_ns: int, *, warnings_only: bool
) -> EventTally:
    async def read(namespace: str) -> EventTally:
        listing = Listing(EVENTS, namespace, fields="type=Warning" if warnings_only else "")
        wanted: Wanted | None = family.includes if family.object else None
        return await parts.cluster.fold(listing, Event, lambda: EventTally(since_ns, wanted))

    part = await parts.ask("events", parts.scoped("events", read))
    if part.value is None:
        raise part.error or AssertionError("a part has a value or an error")

    return part.value


def _words(cluster: Cluster, family: Family) -> str:
    about = f"about {family.object} and its children " if family.object else ""
    where = (
        f"in namespace {family.namespace}" if family.namespace else f"in {cluster.access.context}"
    )

    return f"{about}{where}"
