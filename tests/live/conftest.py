"""Live fixtures: the running lab, and plain HTTP clients to compute the truth from.

A module says which scenario it is about:

    pytestmark = [pytest.mark.live, pytest.mark.scenario("auth-timeouts")]

The lab is switched to it when the module begins, unless it already has it; modules are ordered so
that each scenario is loaded at most once. A module that names none takes what is there. Without a
running lab live tests fail, and say how to start it.
"""

import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import anyio
import httpx
import pytest

from jamie_lab import LabState, NotUp, lab_state
from jamie_lab.kube import tls
from jamie_lab.paths import folders
from jamie_lab.waiting import until

HERE = Path(__file__).parent
LOAD_SECONDS = 300
CLIENT_SECONDS = 30


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker by which a module names its scenario."""
    config.addinivalue_line("markers", "scenario(name): the scenario of the lab a module is about")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put live tests last, those about the loaded scenario first among them."""
    loaded = _loaded()
    items.sort(key=lambda item: _turn(item, loaded))


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest) -> LabState:
    """The running lab, with the scenario the module asks for."""
    wanted = _wanted(request.node)
    state = _running_lab()
    if wanted in ("", state.scenario):
        anyio.run(tidied, state)
        return state

    load(wanted)

    return _running_lab()


async def tidied(state: LabState) -> None:
    """Wait until what the module before took away is gone, or counts would move meanwhile."""
    with httpx.Client(
        base_url=state.kubernetes.url, verify=tls(folders()), trust_env=False
    ) as client:

        async def none_leaving() -> bool:
            return not _leaving(client)

        await until(none_leaving)


def _leaving(client: httpx.Client) -> bool:
    found = client.get("/api/v1/namespaces").raise_for_status().json()["items"]
    return any("deletionTimestamp" in one["metadata"] for one in found)


@pytest.fixture(scope="module")
def kube(lab: LabState) -> Generator[httpx.Client]:
    """The API server, as the lab's administrator."""
    with httpx.Client(
        base_url=lab.kubernetes.url,
        verify=tls(folders()),
        timeout=CLIENT_SECONDS,
        trust_env=False,
    ) as client:
        yield client


@pytest.fixture(scope="module")
def prometheus(lab: LabState) -> Generator[httpx.Client]:
    """Prometheus."""
    with _client(lab.prometheus.url) as client:
        yield client


@pytest.fixture(scope="module")
def loki(lab: LabState) -> Generator[httpx.Client]:
    """Loki."""
    with _client(lab.loki.url) as client:
        yield client


@pytest.fixture(scope="module")
def alertmanager(lab: LabState) -> Generator[httpx.Client]:
    """Alertmanager; a lab that has none fails, saying why."""
    if lab.alertmanager is None:
        pytest.fail(f"The lab has no Alertmanager: {lab.reason}", pytrace=False)
    with _client(lab.alertmanager.url) as client:
        yield client


def load(scenario: str) -> None:
    """Switch the lab to a scenario, as `scripts/lab load` does."""
    command = [sys.executable, "-m", "jamie_lab", "load", scenario]
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=LOAD_SECONDS, check=False
    )
    if result.returncode:
        pytest.fail(f"scripts/lab load {scenario} failed:\n{result.stderr}", pytrace=False)


def _running_lab() -> LabState:
    try:
        return lab_state()
    except NotUp as exc:
        pytest.fail(str(exc), pytrace=False)


def _client(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, timeout=CLIENT_SECONDS, trust_env=False)


def _loaded() -> str:
    try:
        return lab_state().scenario
    except NotUp:
        return ""


def _wanted(node: pytest.Item | pytest.Collector) -> str:
    marker = node.get_closest_marker("scenario")

    return marker.args[0] if marker else ""


def _turn(item: pytest.Item, loaded: str) -> tuple[bool, bool, str, bool]:
    live = item.path.is_relative_to(HERE)
    wanted = _wanted(item) if live else ""
    # What looks at the lab as it was loaded comes before what makes things of its own in it.
    makes = live and item.path.name.startswith(("test_kubernetes", "test_ask_scale"))

    return live, wanted not in ("", loaded), wanted if wanted != loaded else "", makes
