"""Subscriptions to resources, in both eras of the protocol.

From 2026-07-28 on `subscriptions/listen` is a request whose answer is the stream: a watch lives in
it. Before, `resources/subscribe` returned at once: there it lives as long as the connection.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import anyio
from anyio.abc import TaskStatus
from mcp.server.connection import Connection
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.session import ServerSession
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    ResourceUpdated,
    ServerEvent,
)
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    EmptyResult,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
    UnsubscribeRequestParams,
)

from jamie_base.audit import Entry
from jamie_base.caller import Caller, caller_of
from jamie_base.desk import Desk
from jamie_base.errors import InvalidArgument
from jamie_base.reading import safe
from jamie_base.resources import Named, Resources
from jamie_base.watches import Versions, Watches

MOST_STREAMS = 64
"""How many streams one caller may have open."""

STATE_KEY = "jamie_subscriptions"
"""Where a connection of the older era keeps its subscriptions."""

Request = ServerRequestContext[Desk[Any], Any]

T = TypeVar("T")


class Circle:
    """Those who subscribed as one caller: only they hear of what that caller may see."""

    def __init__(self) -> None:
        self.bus = InMemorySubscriptionBus()
        self.listen = ListenHandler(self.bus, max_subscriptions=MOST_STREAMS)
        self.watches = Watches(self._publish)

    async def _publish(self, uri: str) -> None:
        await self.bus.publish(ResourceUpdated(uri))


class Held:
    """The subscriptions of one connection of the older era.

    They begin and end in `turn`: two requests for the same would both begin, and the first of them
    never end.
    """

    def __init__(self) -> None:
        self.turn = anyio.Lock()
        self.scopes: dict[str, anyio.CancelScope] = {}

    def end(self, uri: str) -> None:
        """End a subscription, if it is there."""
        if scope := self.scopes.pop(uri, None):
            scope.cancel()

    def end_all(self) -> None:
        """End what is left."""
        for scope in self.scopes.values():
            scope.cancel()


class Subscriptions:
    """Serves the subscriptions to a server's resources."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._circles: dict[Caller, Circle] = {}

    async def listen(
        self, ctx: Request, params: SubscriptionsListenRequestParams
    ) -> SubscriptionsListenResult:
        """Serve one stream of the newer era: watch what it is for, as long as it lasts.

        Raises:
            MCPError: A resource is none, or may not be watched.

        """
        circle = self._circle(ctx)
        asked = params.notifications.resource_subscriptions or ()
        # What is of another scheme never changes here, and is not promised.
        named = self._named(ctx, circle, [uri for uri in asked if self._resources.owns(uri)])
        honoured = [one.uri for one in named] or None
        filtered = params.notifications.model_copy(update={"resource_subscriptions": honoured})
        serve = partial(circle.listen, ctx, params.model_copy(update={"notifications": filtered}))

        return await _beside(ctx, circle, named, serve)

    async def subscribe(self, ctx: Request, params: SubscribeRequestParams) -> EmptyResult:
        """Watch a resource for a connection of the older era.

        Raises:
            MCPError: It is none, or may not be watched.

        """
        circle = self._circle(ctx)
        group, held = ctx.lifespan_context.background, _held(ctx)
        async with held.turn:
            (named,) = self._named(ctx, circle, [str(params.uri)])
            if group is None or named.uri in held.scopes:
                return EmptyResult()

            stay = partial(_stay, circle, ctx.session, named.uri, _versions(ctx, named))
            held.scopes[named.uri] = await group.start(stay)
        try:
            await circle.watches.looked([named.uri])
        except ToolError as exc:
            held.end(named.uri)
            raise _refusal(ctx, exc) from exc

        return EmptyResult()

    async def unsubscribe(self, ctx: Request, params: UnsubscribeRequestParams) -> EmptyResult:
        """End a subscription of the older era; one that is not there is ended already."""
        held = _held(ctx)
        async with held.turn:
            held.end(str(params.uri))

        return EmptyResult()

    def _circle(self, ctx: Request) -> Circle:
        return self._circles.setdefault(caller_of(ctx.request), Circle())

    def _named(self, ctx: Request, circle: Circle, uris: Sequence[str]) -> list[Named]:
        try:
            named = [self._watchable(ctx, uri) for uri in uris]
            circle.watches.check(uris)
        except ToolError as exc:
            raise _refusal(ctx, exc) from exc

        for one in named:
            _audit(ctx, one)

        return named

    def _watchable(self, ctx: Request, uri: str) -> Named:
        named = self._resources.named(uri)
        if named.template.watch is None:
            watched = " or ".join(one.uri for one in self._resources if one.watch)
            raise InvalidArgument(f"{uri!r} cannot be subscribed to, only {watched}.")

        ctx.lifespan_context.sources.pick(named.source)
        return named


async def _beside(
    ctx: Request, circle: Circle, named: list[Named], work: Callable[[], Awaitable[T]]
) -> T:
    """Do `work` while the resources are watched."""
    # A task group wraps what its body raises; it is carried out beside it instead.
    done: list[T] = []
    failed: list[Exception] = []
    async with anyio.create_task_group() as group:
        try:
            for one in named:
                await group.start(circle.watches.run, one.uri, _versions(ctx, one))
            await circle.watches.looked(one.uri for one in named)
            done.append(await work())
        except ToolError as exc:
            failed.append(_refusal(ctx, exc))
        except Exception as exc:
            failed.append(exc)
        group.cancel_scope.cancel()

    if failed:
        raise failed[0]

    return done[0]


async def _stay(
    circle: Circle,
    session: ServerSession,
    uri: str,
    versions: Versions,
    *,
    task_status: TaskStatus[anyio.CancelScope],
) -> None:
    """Tell one connection of the changes of a resource, until cancelled."""
    send, receive = anyio.create_memory_object_stream[None](1)

    def hear(event: ServerEvent) -> None:
        if event == ResourceUpdated(uri):
            with suppress(anyio.WouldBlock):
                send.send_nowait(None)

    forget = circle.bus.subscribe(hear)
    try:
        with anyio.CancelScope() as scope, send, receive:
            async with anyio.create_task_group() as group:
                await group.start(circle.watches.run, uri, versions)
                task_status.started(scope)
                async for _ in receive:
                    await session.send_resource_updated(uri)
    finally:
        forget()


def _versions(ctx: Request, named: Named) -> Versions:
    watch = named.template.watch
    if watch is None:
        raise AssertionError("checked before")

    return partial(watch, ctx.lifespan_context.sources.pick(named.source), **named.values)


def _held(ctx: Request) -> Held:
    """Return the subscriptions of a connection, which end with it."""
    # The SDK's own word: handlers push their clean-up onto the connection's exit stack.
    connection: Connection = ctx.session._connection  # pyright: ignore[reportPrivateUsage]  # not handed to handlers yet
    held: Held | None = connection.state.get(STATE_KEY)
    if held is None:
        held = connection.state[STATE_KEY] = Held()
        connection.exit_stack.callback(held.end_all)

    return held


def _refusal(ctx: Request, error: ToolError) -> MCPError:
    return MCPError(INVALID_PARAMS, safe(ctx.lifespan_context, error))


def _audit(ctx: Request, named: Named) -> None:
    entry = Entry(
        tool="subscribe",
        caller=caller_of(ctx.request).name,
        started_ns=time.time_ns(),
        duration_ms=0.0,
        outcome="ok",
        arguments={"uri": named.uri},
        source=named.source,
    )
    ctx.lifespan_context.audit.record(entry)
