"""Loopback ports of the lab's own choosing, remembered so that addresses outlive a restart."""

import socket
from contextlib import ExitStack

import msgspec

from jamie_lab.paths import Folders

NAMES = (
    "etcd",
    "etcd-peer",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
    "metrics-server",
    "prometheus",
    "alertmanager",
    "loki",
    "loki-grpc",
    "player",
)

Ports = dict[str, int]


def ports(place: Folders) -> Ports:
    """Return the lab's ports by component, choosing free ones the first time."""
    file = place.state / "ports.json"
    if file.exists():
        known = msgspec.json.decode(file.read_bytes(), type=Ports)
        if set(known) == set(NAMES):
            return known

    chosen = free_ports(len(NAMES))
    assigned: Ports = dict(zip(NAMES, chosen, strict=True))
    file.write_bytes(msgspec.json.encode(assigned))

    return assigned


def forget(place: Folders) -> None:
    """Choose anew next time; for when somebody else took one of them while the lab was down."""
    (place.state / "ports.json").unlink(missing_ok=True)


def is_free(port: int) -> bool:
    """Tell whether nothing listens on a loopback port."""
    with socket.socket() as attempt:
        attempt.settimeout(1)

        return attempt.connect_ex(("127.0.0.1", port)) != 0


def free_ports(count: int) -> list[int]:
    """Ask the kernel for so many different free ports."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))

        return [one.getsockname()[1] for one in sockets]
