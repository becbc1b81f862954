"""Every service of a lab, and the order in which they start."""

import sys

import msgspec

from jamie_lab import controlplane, kwok, observability
from jamie_lab.alertmanager import find_alertmanager
from jamie_lab.checks import answers
from jamie_lab.paths import Folders
from jamie_lab.ports import Ports
from jamie_lab.processes import Service
from jamie_lab.state import Absent


class Fleet(msgspec.Struct, frozen=True):
    """The services, by role; `absent` says why there is no Alertmanager."""

    api: list[Service]
    controllers: list[Service]
    loki: Service
    prometheus: Service
    player: Service
    alertmanager: list[Service]
    absent: Absent | None

    def waves(self) -> list[list[Service]]:
        """Return the services in waves that can start together."""
        first = [self.loki, *self.alertmanager]

        return [
            *([one] for one in self.api),
            self.controllers + first,
            [self.prometheus, self.player],
        ]


def fleet(place: Folders, ports: Ports) -> Fleet:
    """Describe every service; BuildFailed when a program is not built."""
    binary = find_alertmanager(place)
    absent = binary if isinstance(binary, Absent) else None
    alertmanager = (
        [] if isinstance(binary, Absent) else [observability.alertmanager(place, ports, binary)]
    )

    return Fleet(
        api=[controlplane.etcd(place, ports), controlplane.apiserver(place, ports)],
        controllers=[
            controlplane.controller_manager(place, ports),
            controlplane.scheduler(place, ports),
            kwok.kwok(place, ports),
            controlplane.metrics_server(place, ports),
        ],
        loki=observability.loki(place, ports),
        prometheus=observability.prometheus(place, ports),
        player=_player(place, ports),
        alertmanager=alertmanager,
        absent=absent,
    )


def _player(place: Folders, ports: Ports) -> Service:
    command = [sys.executable, "-m", "jamie_lab", "play", str(place.state)]

    return Service("player", command, answers(f"http://127.0.0.1:{ports['player']}/healthz"))
