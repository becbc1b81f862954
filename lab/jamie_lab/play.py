"""The player: one background process that keeps a loaded scenario going.

It looks at the cluster every few seconds, serves what Prometheus scrapes, writes the logs of the
pods there are, and keeps the statuses and events of the incident moving.
"""

import time

import anyio
import httpx
import msgspec

from jamie_lab.errors import LabError
from jamie_lab.exporter import Exporter
from jamie_lab.incidents import members
from jamie_lab.kube import Kube, connect
from jamie_lab.loading import show_cases, show_events
from jamie_lab.paths import Folders
from jamie_lab.progress import say
from jamie_lab.scenario import scenario
from jamie_lab.targets import targets
from jamie_lab.timeline import Scene
from jamie_lab.world import look
from jamie_lab.writer import Writer

LOOK_SECONDS = 5.0
# On a big cluster looking takes long, and must not be all the player does.
REST_FACTOR = 10


class Part(msgspec.Struct, frozen=True):
    """What the player plays, and where; `written_until` is when the lines of the logs end."""

    scenario: str
    loaded_at: float
    written_until: float
    kubernetes_url: str
    loki_url: str
    port: int


def assign(place: Folders, part: Part) -> None:
    """Remember what to play, so that a player that starts again goes on where the last one was."""
    file = place.state / "player.json"
    unfinished = file.with_suffix(".new")
    unfinished.write_bytes(msgspec.json.encode(part))
    unfinished.replace(file)


def assigned(place: Folders) -> Part:
    """Return what was last assigned; LabError when nothing was."""
    try:
        return msgspec.json.decode((place.state / "player.json").read_bytes(), type=Part)
    except FileNotFoundError as exc:
        raise LabError("There is nothing to play; run: scripts/lab up") from exc


async def play(place: Folders) -> None:
    """Play the assigned part until cancelled."""
    part = assigned(place)
    exporter = Exporter(part.port)
    async with (
        connect(place, part.kubernetes_url) as kube,
        httpx.AsyncClient(base_url=part.loki_url, timeout=30, trust_env=False) as http,
    ):
        scene = Scene(scenario(part.scenario), part.loaded_at)
        player = _Player(place, scene, kube, exporter, Writer(place, scene, kube, http))
        with exporter.serving():
            await player.play(part)


class _Player:
    def __init__(
        self, place: Folders, scene: Scene, kube: Kube, exporter: Exporter, writer: Writer
    ) -> None:
        self._place = place
        self._scene = scene
        self._kube = kube
        self._exporter = exporter
        self._writer = writer

    async def play(self, part: Part) -> None:
        while True:
            began = time.monotonic()
            part = await self._attempt(part)
            took = time.monotonic() - began
            await anyio.sleep(max(LOOK_SECONDS, REST_FACTOR * took) - took)

    async def _attempt(self, part: Part) -> Part:
        try:
            return await self._turn(part)
        except* (LabError, httpx.TransportError) as group:
            # A backend that restarts comes back; the next turn makes up for this one.
            for problem in group.exceptions:
                say(f"{type(problem).__name__}: {problem}")

        return part

    async def _turn(self, part: Part) -> Part:
        world = await look(self._kube)
        self._exporter.show(targets(self._scene, world))
        now = time.time()
        await self._writer.write(world, (part.written_until, now))
        part = msgspec.structs.replace(part, written_until=now)
        assign(self._place, part)
        await show_cases(self._kube, self._scene, members(world), now=now)
        await show_events(self._kube, self._scene, members(world))

        return part
