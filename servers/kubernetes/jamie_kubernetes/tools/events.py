"""Events: what happened."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, TypeVar

import msgspec
from pydantic import Field

from jamie_base.answer import paginate
from jamie_base.budget import share_of_time
from jamie_base.errors import InvalidArgument
from jamie_base.when import window
from jamie_kubernetes.answers import EventList
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.objects import Event
from jamie_kubernetes.facts.happenings import EventTally, Wanted, rank
from jamie_kubernetes.kinds import EVENTS
from jamie_kubernetes.render.events import ROWS_BYTES, events, line
from jamie_kubernetes.tools.event_follow import EventFollower
from jamie_kubernetes.tools.family import Family, family_of
from jamie_kubernetes.tools.following import Follow, checked
from jamie_kubernetes.tools.parts import Parts, check_namespace
from jamie_kubernetes.tools.toolset import Backend, Cursor, Namespace, Since, tools

T = TypeVar("T")

About = Annotated[
    str,
    Field(
        description="Its events and its children's: deploy/web, pod/web-0, node/n1, pvc/data.",
        max_length=300,
    ),
]
WarningsOnly = Annotated[bool, Field(description="Leave out Normal events.")]
Limit = Annotated[int, Field(ge=1, le=200, description="Groups to show.")]


@tools.reads(events, live="follow")
async def k8s_events(
    cluster: Backend,
    namespace: Namespace = "",
    object: About = "",  # noqa: A002  # the word kubectl's users know
    since: Since = "1h",
    warnings_only: WarningsOnly = True,
    limit: Limit = 40,
    cursor: Cursor = "",
    follow: Follow = 0,
) -> EventList:
    """Show events by reason and owner: count, first, last and words, worst first."""
    if checked(follow) and cursor:
        raise InvalidArgument("What follow shows has no second page; leave out cursor.")

    now_ns = cluster.now_ns
    asked = window(since, now=now_ns / 1e9)
    await check_namespace(cluster, namespace)
    family = await family_of(cluster, object, namespace) if object else Family("", namespace)
    parts = Parts(cluster, family.namespace)
    fields = "type=Warning" if warnings_only else ""
    wanted: Wanted | None = family.includes if family.object else None
    answer = EventList(
        now_ns=now_ns,
        scope=_words(cluster, family),
        since_ns=asked.start_ns,
        warnings_only=warnings_only,
    )
    if follow:
        follower = await _following(parts, fields, wanted)
        await follower.run(share_of_time(follow))
        answer = msgspec.structs.replace(answer, followed=follower.report(follow))
        tally = follower.news.tally
    else:
        tally = await _tallied(parts, fields, partial(EventTally, asked.start_ns, wanted))

    query = repr((namespace, object, since, warnings_only))
    return _paged(answer, tally, parts, limit=limit, cursor=cursor, query=query)


def _paged(
    answer: EventList, tally: EventTally, parts: Parts, *, limit: int, cursor: str, query: str
) -> EventList:
    now_ns = parts.cluster.now_ns if answer.followed else answer.now_ns
    page = paginate(
        tally.groups(),
        key=rank,
        line=partial(line, now_ns=now_ns),
        limit=limit,
        cursor=cursor,
        query=query,
        budget=ROWS_BYTES,
    )
    return msgspec.structs.replace(
        answer,
        now_ns=now_ns,
        events=tally.events,
        groups=page.rows,
        later=page.hidden,
        cursor="" if answer.followed else page.cursor,
        changed=page.changed,
        gaps=parts.gaps(),
    )


async def _tallied(parts: Parts, fields: str, start: Callable[[], EventTally]) -> EventTally:
    async def read(namespace: str) -> EventTally:
        return await parts.cluster.fold(Listing(EVENTS, namespace, fields=fields), Event, start)

    return await _had(parts, read)


async def _following(parts: Parts, fields: str, wanted: Wanted | None) -> EventFollower:
    async def begin(namespace: str) -> EventFollower:
        listing = Listing(EVENTS, namespace, fields=fields)
        follower = EventFollower(parts.cluster, listing, wanted)
        await follower.begin()
        return follower

    return await _had(parts, begin)


async def _had(parts: Parts, read: Callable[[str], Awaitable[T]]) -> T:
    part = await parts.ask("events", parts.scoped("events", read))
    return part.needed


def _words(cluster: Cluster, family: Family) -> str:
    about = f"about {family.object} and its children " if family.object else ""
    where = (
        f"in namespace {family.namespace}" if family.namespace else f"in {cluster.access.context}"
    )

    return f"{about}{where}"
