"""Push lines to Loki."""

from collections.abc import Iterable, Iterator

import anyio
import httpx

from jamie_lab.errors import LabError
from jamie_lab.lines import Line
from jamie_lab.scenario import Labels
from jamie_lab.world import LABEL, Pod

BATCH_LINES = 4_000
PATIENCE_SECONDS = 60.0

Stream = tuple[Labels, list[Line]]


def labels(pod: Pod) -> Labels:
    """Return the labels a pod's stream has in Loki; `service_name` is Loki's own finding."""
    return {
        "namespace": pod.metadata.namespace,
        "app": pod.metadata.labels.get(LABEL, pod.metadata.name),
        "pod": pod.metadata.name,
        "container": pod.spec.containers[0].name,
        "node": pod.spec.node_name,
    }


async def push(http: httpx.AsyncClient, streams: Iterable[Stream]) -> None:
    """Push streams in batches; while Loki is still starting, try again. LabError if it refuses."""
    for batch in _batches(streams):
        streams_ = [_stream(labels_, listed) for labels_, listed in batch]
        body: dict[str, object] = {"streams": streams_}
        await _post(http, body)


async def _post(http: httpx.AsyncClient, body: dict[str, object]) -> None:
    with anyio.move_on_after(PATIENCE_SECONDS):
        while True:
            reply = await _attempt(http, body)
            if reply is not None and reply.status_code < 500 and reply.status_code != 429:
                break
            await anyio.sleep(0.5)
        if reply.is_success:
            return
        raise LabError(f"Loki refused lines: {reply.status_code} {reply.text[:300]}")

    raise LabError(f"Loki took no lines for {PATIENCE_SECONDS:g} s.")


async def _attempt(http: httpx.AsyncClient, body: dict[str, object]) -> httpx.Response | None:
    try:
        return await http.post("/loki/api/v1/push", json=body)
    except httpx.TransportError:
        return None


def _batches(streams: Iterable[Stream]) -> Iterator[list[Stream]]:
    batch: list[Stream] = []
    size = 0
    for labels_, listed in streams:
        if not listed:
            continue
        batch.append((labels_, listed))
        size += len(listed)
        if size >= BATCH_LINES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _stream(labels_: Labels, listed: list[Line]) -> dict[str, object]:
    values = [
        [str(line.nanoseconds), line.text, *([line.metadata] if line.metadata else [])]
        for line in listed
    ]

    return {"stream": labels_, "values": values}
