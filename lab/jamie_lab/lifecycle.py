"""The lab as a whole: up, load, down; and one component of it, away for a while.

Loading a scenario is starting afresh: every process stops, the data goes, and all of it starts
again on the same ports with the same certificates. Nothing of an earlier scenario, or of what a
test left behind, can then be part of an answer, and the history is back-filled into empty stores.
"""

import datetime as dt
import shutil
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import httpx

from jamie_lab import kubeconfig, kwok, observability, processes, state
from jamie_lab.alerts import backdate_alerts
from jamie_lab.backfill import backfill_alerts, backfill_metrics
from jamie_lab.certificates import certificates
from jamie_lab.controlplane import metrics_api
from jamie_lab.errors import NoSuchPart, NotUp
from jamie_lab.fleet import Fleet, fleet
from jamie_lab.kube import connect
from jamie_lab.loading import load as load_objects
from jamie_lab.loading import tidy
from jamie_lab.paths import Folders, make
from jamie_lab.play import Part, assign
from jamie_lab.ports import forget, is_free, ports
from jamie_lab.processes import Service
from jamie_lab.progress import say
from jamie_lab.scenario import Scenario
from jamie_lab.scenario import scenario as read_scenario
from jamie_lab.state import LabState
from jamie_lab.timeline import Scene
from jamie_lab.world import World
from jamie_lab.writer import Writer

DEFAULT_SCENARIO = "healthy"


async def up(place: Folders, name: str | None = None) -> LabState:
    """Make the lab run with a scenario, by default the one it has; does nothing if it does.

    A component that has died is started again with its data. Raises LabError.
    """
    make(place)
    now = _current(place)
    if now is None or name not in (None, now.scenario):
        return await load(place, name or DEFAULT_SCENARIO)

    await _revive(place)

    return now


async def load(place: Folders, name: str) -> LabState:
    """Start everything afresh with a scenario, which is loaded even if it already was.

    Raises BadScenario before anything is stopped, and LabError when something does not start.
    """
    chosen = read_scenario(name)
    began = time.monotonic()
    make(place)
    await down(place)
    _empty(place)
    _choose_ports(place)
    certificates(place.certificates)
    kubeconfig.kubeconfigs(place, ports(place)["kube-apiserver"])
    loaded = await _start(place, chosen)
    state.publish(place, loaded)
    say(f"The lab is up with {name!r} after {time.monotonic() - began:.0f} s.")

    return loaded


async def down(place: Folders) -> list[str]:
    """Stop every process of the lab; return the names of those that ran."""
    state.withdraw(place)
    names = processes.names(place)
    ran = {name: processes.running(place, name) is not None for name in names}
    # The player first, etcd last: nobody should see a backend go that it still uses.
    waves = (["player"], [name for name in names if name not in ("player", "etcd")], ["etcd"])
    for wave in waves:
        async with anyio.create_task_group() as tasks:
            for name in wave:
                tasks.start_soon(processes.stop, place, name)

    return [name for name in names if ran[name]]


async def restart(place: Folders, name: str) -> None:
    """Stop one component and start it again with its data. Raises LabError."""
    async with away(place, name):
        pass


@asynccontextmanager
async def away(
    place: Folders, name: str, *, notice: float = processes.STOP_SECONDS
) -> AsyncGenerator[None]:
    """Stop one component while the block runs; afterwards it is ready again.

    It is killed when it has not ended `notice` seconds after it was asked to. Raises NoSuchPart,
    NotUp when there is no lab, and NotReady when it does not come back.
    """
    state.lab_state(place)
    service = _component(place, name)
    await processes.stop(place, name, notice)
    try:
        yield
    finally:
        with anyio.CancelScope(shield=True):
            await processes.ensure(place, service)


async def _start(place: Folders, chosen: Scenario) -> LabState:
    crew = fleet(place, ports(place))
    observability.configure_prometheus(place, ports(place))
    observability.configure_rules(place, None)
    for service in (crew.loki, *crew.alertmanager):
        processes.launch(place, service)
    say("Starting the control plane ...")
    await _start_control_plane(place, crew)
    say(f"Loading {chosen.name!r}: objects, then an hour of history ...")
    scene, world = await _load_cluster(place, chosen)
    await _load_history(place, crew, scene, world)
    async with connect(place, _url(place)) as kube:
        await tidy(kube)
    assign(place, _part(place, scene))
    for service in (crew.player, crew.loki, *crew.alertmanager):
        await processes.ensure(place, service)
    loaded_at = dt.datetime.fromtimestamp(scene.loaded_at, dt.UTC)
    loaded = state.describe(place, ports(place), chosen.name, loaded_at, crew.absent)
    await _set_rules(place, crew, scene, loaded)

    return loaded


async def _set_rules(place: Folders, crew: Fleet, scene: Scene, loaded: LabState) -> None:
    firing = await backfill_alerts(place, scene, loaded.prometheus.url)
    observability.configure_rules(place, scene.scenario)
    # Prometheus reads the age of its alerts when it starts.
    await processes.stop(place, crew.prometheus.name)
    await processes.ensure(place, crew.prometheus)
    if firing:
        say("Waiting for the alerts to fire ...")
        receiver = loaded.alertmanager.url if loaded.alertmanager else None
        addresses = (loaded.prometheus.url, receiver)
        await backdate_alerts(scene.scenario, firing, addresses)


async def _start_control_plane(place: Folders, crew: Fleet) -> None:
    for service in crew.api:
        await processes.ensure(place, service)
    async with connect(place, _url(place)) as kube:
        await kube.apply_all(kwok.definitions(place))
        await kube.established(kwok.definitions(place))
        await kube.apply_all([*kwok.objects(place), *metrics_api(ports(place))])
    async with anyio.create_task_group() as tasks:
        for service in crew.controllers:
            tasks.start_soon(processes.ensure, place, service)


async def _load_cluster(place: Folders, chosen: Scenario) -> tuple[Scene, World]:
    scene = Scene(chosen, time.time())
    async with connect(place, _url(place)) as kube:
        return scene, await load_objects(kube, scene, f"http://127.0.0.1:{ports(place)['etcd']}")


async def _load_history(place: Folders, crew: Fleet, scene: Scene, world: World) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_backfill_logs, place, scene, world)
        await backfill_metrics(place, scene, world)
        await processes.ensure(place, crew.prometheus)


async def _backfill_logs(place: Folders, scene: Scene, world: World) -> None:
    url = f"http://127.0.0.1:{ports(place)['loki']}"
    async with (
        connect(place, _url(place)) as kube,
        httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as http,
    ):
        writer = Writer(place, scene, kube, http)
        await writer.write(world, (scene.history_start, scene.loaded_at))


def _current(place: Folders) -> LabState | None:
    try:
        return state.lab_state(place)
    except NotUp:
        return None


def _component(place: Folders, name: str) -> Service:
    services = [one for wave in fleet(place, ports(place)).waves() for one in wave]
    for service in services:
        if service.name == name:
            return service

    known = ", ".join(sorted(service.name for service in services))
    raise NoSuchPart(f"The lab has no component {name!r}; it has: {known}.")


async def _revive(place: Folders) -> None:
    crew = fleet(place, ports(place))
    for wave in crew.waves():
        async with anyio.create_task_group() as tasks:
            for service in wave:
                tasks.start_soon(processes.ensure, place, service)


def _part(place: Folders, scene: Scene) -> Part:
    known = ports(place)

    return Part(
        scenario=scene.scenario.name,
        loaded_at=scene.loaded_at,
        written_until=scene.loaded_at,
        kubernetes_url=_url(place),
        loki_url=f"http://127.0.0.1:{known['loki']}",
        port=known["player"],
    )


def _empty(place: Folders) -> None:
    for folder in (place.data, place.logs, place.pods):
        shutil.rmtree(folder, ignore_errors=True)
    make(place)


def _choose_ports(place: Folders) -> None:
    # Everything of ours is down by now, so a port that answers is somebody else's.
    if not all(map(is_free, ports(place).values())):
        say("Somebody else uses a port of the lab; choosing new ones.")
        forget(place)


def _url(place: Folders) -> str:
    return f"https://127.0.0.1:{ports(place)['kube-apiserver']}"
