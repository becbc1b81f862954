import datetime as dt
import subprocess

import msgspec
import pytest

from jamie_lab.errors import NotUp
from jamie_lab.paths import Folders
from jamie_lab.ports import Ports
from jamie_lab.state import Absent, describe, lab_state, publish, withdraw

PORTS: Ports = {"kube-apiserver": 1, "prometheus": 2, "alertmanager": 3, "loki": 4}
LOADED_AT = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)


def test_what_is_published_is_read_back(place: Folders) -> None:
    state = describe(place, PORTS, "healthy", LOADED_AT, None)
    publish(place, state)

    assert lab_state(place) == state


def test_the_file_holds_the_contract(place: Folders) -> None:
    publish(place, describe(place, PORTS, "healthy", LOADED_AT, Absent("no package")))

    assert msgspec.json.decode((place.state / "lab.json").read_bytes()) == {
        "kubernetes": {"kubeconfig": str(place.kubeconfig), "url": "https://127.0.0.1:1"},
        "prometheus": {"url": "http://127.0.0.1:2"},
        "alertmanager": None,
        "reason": "no package",
        "loki": {"url": "http://127.0.0.1:4"},
        "scenario": "healthy",
        "loaded_at": "2026-11-01T12:00:00Z",
    }


def test_the_environment_is_for_a_shell_to_source(place: Folders) -> None:
    publish(place, describe(place, PORTS, "healthy", LOADED_AT, None))
    command = f". '{place.state}/env' && echo $KUBECONFIG $JAMIE_PROMETHEUS_ALERTMANAGER_URL"
    said = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)

    assert said.stdout == f"{place.kubeconfig} http://127.0.0.1:3\n"


def test_a_lab_that_is_not_up_says_how_to_start_it(place: Folders) -> None:
    with pytest.raises(NotUp, match="run: scripts/lab up"):
        lab_state(place)


def test_a_withdrawn_lab_is_not_up(place: Folders) -> None:
    publish(place, describe(place, PORTS, "healthy", LOADED_AT, None))
    withdraw(place)

    with pytest.raises(NotUp):
        lab_state(place)
