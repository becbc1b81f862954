"""Reading several containers' logs at once, each bounded at the server."""

from collections.abc import Sequence

import anyio
import msgspec

from jamie_base.budget import share_of_time
from jamie_base.errors import BackendError, Denied, TimedOut
from jamie_kubernetes.answers import LogSource
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.facts.containers import Source
from jamie_kubernetes.facts.loglines import Raw, raw
from jamie_kubernetes.kinds import PODS

AT_ONCE = 8

CONTAINER_SECONDS = 10.0
"""How long one container may take: a dead node must not hide the other pods."""

LARGEST_BYTES = 4 * 1024 * 1024
TOGETHER_BYTES = 16 * 1024 * 1024


class Reading(msgspec.Struct, frozen=True):
    """How much to read of each container: newest lines, seconds back (0: all), the run before."""

    previous: bool
    tail: int
    seconds: int
    together: int

    @property
    def limit(self) -> int:
        """Return the bytes to read at most of each."""
        return min(LARGEST_BYTES, TOGETHER_BYTES // max(self.together, 1))


class Read(msgspec.Struct, frozen=True):
    """What was read of a container."""

    source: LogSource
    lines: tuple[Raw, ...] = ()
    error: BackendError | None = None


async def read_all(cluster: Cluster, sources: Sequence[Source], reading: Reading) -> list[Read]:
    """Read the containers beside each other; one that cannot be read says why.

    Raises:
        BackendError: None could be read; what the first one said.

    """
    found = await read_each(cluster, sources, reading)
    failed = [one.error for one in found if one.error]
    if failed and len(failed) == len(found):
        raise failed[0]

    return found


async def read_each(cluster: Cluster, sources: Sequence[Source], reading: Reading) -> list[Read]:
    """Read the containers beside each other, also where none of them can be read."""
    results: dict[int, Read] = {}
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def read(index: int, source: Source) -> None:
        async with limiter:
            results[index] = await read_one(cluster, source, reading)

    async with anyio.create_task_group() as group:
        for index, source in enumerate(sources):
            group.start_soon(read, index, source)

    return [results[index] for index in range(len(sources))]


async def read_one(cluster: Cluster, source: Source, reading: Reading) -> Read:
    """Read a container; one that cannot be read says why."""
    if source.missing:
        return Read(LogSource(source.label, 0, source.missing))

    seconds = share_of_time(CONTAINER_SECONDS)
    try:
        with anyio.fail_after(seconds):
            lines, cut = await _lines(cluster, source, reading, reading.tail)
            if cut:
                # The server cuts at the newest end, the one that matters: ask for what fits.
                lines, cut = await _lines(cluster, source, reading, max(1, len(lines) * 9 // 10))
    except TimeoutError:
        slow = TimedOut(f"no answer within {seconds:.2g} s")
        return Read(LogSource(source.label, 0, str(slow)), error=slow)
    except BackendError as exc:
        why = "not allowed to read" if isinstance(exc, Denied) else str(exc)
        return Read(LogSource(source.label, 0, why), error=exc)

    full = len(lines) >= reading.tail
    missing = "older lines not read" if full or cut else ""
    return Read(LogSource(source.label, len(lines), missing), tuple(lines))


async def _lines(
    cluster: Cluster, source: Source, reading: Reading, tail: int
) -> tuple[list[Raw], bool]:
    """Read the lines, and tell whether the limit of bytes cut the newest off."""
    params = [
        ("container", source.container),
        ("timestamps", "true"),
        ("tailLines", str(tail)),
        ("limitBytes", str(reading.limit)),
        *([("sinceSeconds", str(reading.seconds))] if reading.seconds else []),
        *([("previous", "true")] if reading.previous else []),
    ]
    path = PODS.path(source.namespace, source.pod, "log")
    found: list[Raw] = []
    size = 0
    async with cluster.lines(path, params, limit=reading.limit) as lines:
        async for line in lines:
            size += len(line) + 1
            found.append(raw(line))

    cut = size >= reading.limit
    return found[:-1] if cut else found, cut
