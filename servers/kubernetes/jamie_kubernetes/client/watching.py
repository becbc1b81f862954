"""Watching a list: what happens to its objects, as it happens."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Generic, Literal, TypeVar

import msgspec

from jamie_base.errors import BackendError
from jamie_kubernetes.client.api_server import Expired
from jamie_kubernetes.client.cluster import Cluster, Listing

METADATA = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json"
"""What a bare listing is watched as."""

SILENCE_SECONDS = 90.0
"""A watch hears at least a bookmark a minute; when it does not, its connection is dead."""

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
    wanted = (("labelSelector", listing.labels), ("fieldSelector", listing.fields))
    params = [
        ("watch", "true"),
        ("allowWatchBookmarks", "true"),
        ("resourceVersion", version),
        *((key, value) for key, value in wanted if value),
    ]
    path = listing.kind.path(listing.namespace)
    accept = METADATA if listing.bare else ""
    async with cluster.lines(
        path, params, limit=LARGEST_BYTES, accept=accept, silence=silence
    ) as lines:
        yield _changes(lines, item)


async def _changes(
    lines: AsyncIterator[bytes], item: type[ObjectT]
) -> AsyncIterator[Change[ObjectT]]:
    async for line in lines:
        if line.strip():
            yield _change(line, item)


def _change(line: bytes, item: type[ObjectT]) -> Change[ObjectT]:
    try:
        frame = msgspec.json.decode(line, type=_Frame)
        if frame.type == "ERROR":
            raise _trouble(frame.object)

        version = msgspec.json.decode(frame.object, type=_Versioned).metadata.resource_version
        match frame.type:
            case "ADDED" | "MODIFIED" | "DELETED":
                found = msgspec.json.decode(frame.object, type=item)
                return Change(frame.type, version, found)
            case _:
                return Change("BOOKMARK", version)
    except msgspec.MsgspecError as exc:
        raise BackendError(
            f"The API server's watch sent something other than JSON ({exc})."
        ) from exc


def _trouble(said: msgspec.Raw) -> BackendError:
    trouble = msgspec.json.decode(said, type=_Trouble)
    kind = Expired if trouble.code == GONE else BackendError

    return kind(f"The API server ended the watch ({trouble.code}): {trouble.message}")
