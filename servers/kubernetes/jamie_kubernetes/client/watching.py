"""Watching a list: what happens to its objects, as it happens."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, Generic, Literal, TypeVar

import anyio
import msgspec
from anyio.abc import ObjectReceiveStream

from jamie_base.errors import UNREADABLE, BackendError
from jamie_kubernetes.client.api_server import Expired
from jamie_kubernetes.client.cluster import Cluster
from jamie_kubernetes.client.decoding import leniently
from jamie_kubernetes.client.fence import leave
from jamie_kubernetes.client.listing import Listing
from jamie_kubernetes.client.reach import Reach, is_in_reach

METADATA = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json"
"""What a bare listing is watched as."""

SILENCE_SECONDS = 90.0
"""A watch hears at least a bookmark a minute; when it does not, its connection is dead."""

MOST_APART = 50
"""Namespaces that are watched at the same time, where only some are allowed."""

LARGEST_BYTES = 256 * 1024 * 1024
GONE = 410

ObjectT = TypeVar("ObjectT")


class Change(msgspec.Struct, Generic[ObjectT], frozen=True):
    """What happened to an object; a bookmark only says from which version to go on."""

    kind: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
    version: str
    object: ObjectT | None = None


class _Frame(msgspec.Struct, frozen=True):
    type: str
    object: msgspec.Raw


class _Meta(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""


class _Versioned(msgspec.Struct, frozen=True):
    metadata: _Meta = _Meta()


class _Trouble(msgspec.Struct, frozen=True):
    code: int = 0
    message: str = ""


@asynccontextmanager
async def watching(
    cluster: Cluster,
    listing: Listing,
    item: type[ObjectT],
    version: str,
    *,
    silence: float = SILENCE_SECONDS,
) -> AsyncGenerator[AsyncIterator[Change[ObjectT]]]:
    """Open a watch from a version on; it ends when the server ends it, as it does now and then.

    Raises:
        Expired: The version is too old; list again.
        BackendError: No answer, a refusal, or a connection that broke.

    """
    reach = await cluster.reach(listing)
    opened = partial(_opened, cluster, reach, item, version, silence)
    if not reach.apart:
        async with opened(reach.parts[0]) as changes:
            yield changes
        return

    if not 0 < len(reach.parts) <= MOST_APART:
        raise BackendError(
            f"{len(reach.parts)} allowed namespaces cannot be watched at once, {MOST_APART} at"
            " most; name one."
        )
    async with _merged([partial(opened, part) for part in reach.parts]) as changes:
        yield changes


@asynccontextmanager
async def _opened(
    cluster: Cluster,
    reach: Reach,
    item: type[ObjectT],
    version: str,
    silence: float,
    listing: Listing,
) -> AsyncGenerator[AsyncIterator[Change[ObjectT]]]:
    params = [
        ("watch", "true"),
        ("allowWatchBookmarks", "true"),
        ("resourceVersion", version),
        *((key, value) for key, value in listing.params if key != "limit"),
    ]
    accept = METADATA if listing.bare else ""

    def shown(frame: _Frame) -> bool:
        if not reach.sifted or frame.type not in ("ADDED", "MODIFIED", "DELETED"):
            return True
        return is_in_reach(cluster.fence.spaces, listing, frame.object)

    async with AsyncExitStack() as stack:
        with leave("list"):
            opening = cluster.lines(
                listing.path, params, limit=LARGEST_BYTES, accept=accept, silence=silence
            )
            lines = await stack.enter_async_context(opening)
        yield _changes(lines, item, shown)


@asynccontextmanager
async def _merged(
    watches: Sequence[Callable[[], AbstractAsyncContextManager[AsyncIterator[Change[ObjectT]]]]],
) -> AsyncGenerator[AsyncIterator[Change[ObjectT]]]:
    """Watch several lists as one, all or none; it ends when one of them does."""
    give, take = anyio.create_memory_object_stream[Change[ObjectT] | Exception | None]()
    # A task group wraps what is raised in it; it is carried out beside it instead.
    failed: list[Exception] = []
    opened = [anyio.Event() for _ in watches]

    async def pump(
        watch: Callable[[], AbstractAsyncContextManager[Any]], ready: anyio.Event
    ) -> None:
        try:
            async with watch() as changes:
                ready.set()
                async for change in changes:
                    await give.send(change)
            await give.send(None)
        except BackendError as exc:
            if ready.is_set():
                await give.send(exc)
            else:
                failed.append(exc)
                ready.set()

    with give, take:
        async with anyio.create_task_group() as group:
            for watch, ready in zip(watches, opened, strict=True):
                group.start_soon(pump, watch, ready)
            try:
                await _all_open(opened, failed)
                yield _taken(take)
            except Exception as exc:
                failed.append(exc)
            group.cancel_scope.cancel()

    if failed:
        raise failed[0]


async def _all_open(ready: Sequence[anyio.Event], failed: Sequence[Exception]) -> None:
    """Wait for watches to open, so that who may not watch is told before anything is heard."""
    for one in ready:
        await one.wait()
    if failed:
        raise failed[0]


async def _taken(
    take: ObjectReceiveStream[Change[ObjectT] | Exception | None],
) -> AsyncIterator[Change[ObjectT]]:
    async for change in take:
        if change is None:
            return
        if isinstance(change, Exception):
            raise change
        yield change


async def _changes(
    lines: AsyncIterator[bytes], item: type[ObjectT], shown: Callable[[_Frame], bool]
) -> AsyncIterator[Change[ObjectT]]:
    async for line in lines:
        if line.strip() and (change := _change(line, item, shown)):
            yield change


def _change(
    line: bytes, item: type[ObjectT], shown: Callable[[_Frame], bool]
) -> Change[ObjectT] | None:
    try:
        frame = msgspec.json.decode(line, type=_Frame)
        if frame.type == "ERROR":
            raise _trouble(frame.object)
        if not shown(frame):
            return None

        version = leniently(frame.object, _Versioned).metadata.resource_version
        match frame.type:
            case "ADDED" | "MODIFIED" | "DELETED":
                found = leniently(frame.object, item)
                return Change(frame.type, version, found)
            case _:
                return Change("BOOKMARK", version)
    except UNREADABLE as exc:
        raise BackendError(
            f"The API server's watch sent something other than JSON ({exc})."
        ) from exc


def _trouble(said: msgspec.Raw) -> BackendError:
    trouble = msgspec.json.decode(said, type=_Trouble)
    kind = Expired if trouble.code == GONE else BackendError

    return kind(f"The API server ended the watch ({trouble.code}): {trouble.message}")
