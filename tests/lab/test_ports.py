import socket

from jamie_lab.paths import Folders
from jamie_lab.ports import NAMES, forget, free_ports, is_free, ports


def test_ports_are_chosen_once_and_remembered(place: Folders) -> None:
    first = ports(place)

    assert set(first) == set(NAMES)
    assert len(set(first.values())) == len(NAMES)
    assert ports(place) == first


def test_forgotten_ports_are_chosen_anew(place: Folders) -> None:
    first = ports(place)
    forget(place)

    assert ports(place) != first


def test_ports_of_another_version_of_the_lab_are_chosen_anew(place: Folders) -> None:
    (place.state / "ports.json").write_text('{"etcd": 1}')

    assert set(ports(place)) == set(NAMES)


def test_a_port_somebody_listens_on_is_not_free() -> None:
    (port,) = free_ports(1)
    assert is_free(port)

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()

        assert not is_free(port)
