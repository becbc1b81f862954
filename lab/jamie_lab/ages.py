"""Make objects as old as the story says, which no API server allows.

A creation time cannot be set, so it is rewritten in etcd, where objects lie as protocol buffers. A
time there is the byte 0x08 and its seconds as a varint of five bytes (until the year 2038), so one
of the last minutes is found by its value and replaced in place by one as long. That takes in the
times of conditions and of managed fields as well. The API server sees ordinary updates.

Custom resources lie there as JSON, with times as everybody writes them.
"""

import base64
import datetime as dt
import re
from collections.abc import Callable

import anyio
import httpx
import msgspec

from jamie_lab.errors import LabError
from jamie_lab.scenario import Workload
from jamie_lab.timeline import Scene

ROOT = "/registry/"
MAGIC = b"k8s\x00"
JSON = b"{"
TEXT_TIME = re.compile(rb'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"')
TIME = re.compile(rb"\x08([\x80-\xff]{4}[\x01-\x07])")
# What belongs to one rollout of a workload, and is only as old as its pods.
ROLLED_OUT = ("pods", "replicasets", "controllerrevisions")
# An old CronJob would make up for the runs it has missed; the others mean nothing to a person.
UNTOUCHED = (
    "cronjobs",
    "events",
    "leases",
    "masterleases",
    "ranges",
    "apiregistration.k8s.io",
    "kwok.x-k8s.io",
)
WRITES_AT_ONCE = 16

Moment = Callable[[str], float]
Chosen = Callable[[str], bool]


class _Entry(msgspec.Struct, frozen=True):
    key: bytes
    value: bytes
    mod_revision: str


class _Found(msgspec.Struct, frozen=True):
    kvs: list[_Entry] = []


class _Outcome(msgspec.Struct, frozen=True):
    succeeded: bool = False


def is_touched(key: str) -> bool:
    """Tell whether an object ages with the cluster."""
    return key.split("/")[2] not in UNTOUCHED


async def age(etcd: str, since: float, moment: Moment, chosen: Chosen = is_touched) -> None:
    """Replace every time from `since` on, in the chosen objects, by what `moment` says for a key.

    The URL is etcd's; times are epoch seconds. Raises LabError when an object keeps changing.
    """
    limit = anyio.CapacityLimiter(WRITES_AT_ONCE)
    async with (
        httpx.AsyncClient(base_url=etcd, timeout=30, trust_env=False) as http,
        anyio.create_task_group() as tasks,
    ):
        for entry in await _everything(http):
            if chosen(entry.key.decode()):
                tasks.start_soon(_age_one, http, entry, (since, moment), limit)


def as_told(scene: Scene) -> Moment:
    """Say how old objects are: pods as their workload says, everything else as the cluster."""
    workloads = sorted(scene.scenario.workloads, key=lambda one: len(one.name), reverse=True)
    cluster = scene.loaded_at - scene.scenario.age_days * 86_400

    def moment(key: str) -> float:
        kind, *names = key.removeprefix(ROOT).split("/")
        if kind not in ROLLED_OUT or len(names) != 2:
            return cluster

        owner = next((one for one in workloads if _owns(one, names[0], names[1])), None)

        return scene.started(owner) if owner else cluster

    return moment


def backdated(value: bytes, since: float, moment: float) -> bytes:
    """Replace the times from `since` on in a stored object; its length stays."""

    def is_late(seconds: float) -> bool:
        # A little ahead, for etcd and we read the clock one after the other.
        return since <= seconds < since + 3600

    def replaced(match: re.Match[bytes]) -> bytes:
        late = is_late(_decoded(match[1]))
        return b"\x08" + _encoded(int(moment)) if late else match[0]

    def rewritten(match: re.Match[bytes]) -> bytes:
        late = is_late(dt.datetime.fromisoformat(match[1].decode()).timestamp())
        return f'"{_written_as_text(moment)}"'.encode() if late else match[0]

    return TEXT_TIME.sub(rewritten, value) if value.startswith(JSON) else TIME.sub(replaced, value)


async def _everything(http: httpx.AsyncClient) -> list[_Entry]:
    end = ROOT[:-1] + chr(ord("/") + 1)
    body = {"key": _text(ROOT.encode()), "range_end": _text(end.encode())}
    reply = (await http.post("/v3/kv/range", json=body)).raise_for_status()
    found = msgspec.json.decode(reply.content, type=_Found).kvs

    return [entry for entry in found if entry.value.startswith((MAGIC, JSON))]


async def _age_one(
    http: httpx.AsyncClient,
    entry: _Entry,
    ages: tuple[float, Moment],
    limit: anyio.CapacityLimiter,
) -> None:
    since, moment = ages
    key = entry.key.decode()
    async with limit:
        current: _Entry | None = entry
        for _ in range(20):
            if current is None or await _written(http, current, since, moment(key)):
                return
            current = await _one(http, entry.key)

    raise LabError(f"{key} changes too often to be aged.")


async def _one(http: httpx.AsyncClient, key: bytes) -> _Entry | None:
    reply = (await http.post("/v3/kv/range", json={"key": _text(key)})).raise_for_status()

    return next(iter(msgspec.json.decode(reply.content, type=_Found).kvs), None)


async def _written(http: httpx.AsyncClient, entry: _Entry, since: float, moment: float) -> bool:
    value = backdated(entry.value, since, moment)
    if value == entry.value:
        return True

    key = _text(entry.key)
    unchanged = {"key": key, "target": "MOD", "result": "EQUAL", "mod_revision": entry.mod_revision}
    put = {"request_put": {"key": key, "value": _text(value)}}
    body = {"compare": [unchanged], "success": [put]}
    reply = (await http.post("/v3/kv/txn", json=body)).raise_for_status()

    return msgspec.json.decode(reply.content, type=_Outcome).succeeded


def _owns(workload: Workload, namespace: str, name: str) -> bool:
    return workload.namespace == namespace and name.startswith(f"{workload.name}-")


def _decoded(varint: bytes) -> int:
    return sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(varint))


def _encoded(number: int) -> bytes:
    low = bytes((number >> (7 * place)) & 0x7F | 0x80 for place in range(4))

    return low + bytes([number >> 28])


def _written_as_text(moment: float) -> str:
    return dt.datetime.fromtimestamp(int(moment), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
