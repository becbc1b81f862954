"""The lab itself, with everything well."""

import datetime as dt
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import msgspec
import pytest

from jamie_lab import LabState
from jamie_lab.paths import Folders, folders
from jamie_lab.processes import running
from jamie_lab.quantities import number

pytestmark = [pytest.mark.live, pytest.mark.scenario("healthy")]


class _Container(msgspec.Struct):
    usage: dict[str, str]


class _Metadata(msgspec.Struct):
    name: str


class _Used(msgspec.Struct):
    """What a node, or the containers of a pod, use."""

    metadata: _Metadata
    usage: dict[str, str] = {}
    containers: list[_Container] = []


class _UsedList(msgspec.Struct):
    items: list[_Used]


NAMESPACES = {"shop", "auth", "payments", "data", "monitoring", "kube-system"}
HOUR = 3600
WAIT_SECONDS = 120


def test_45_pods_run_in_six_namespaces_on_three_ready_nodes(kube: httpx.Client) -> None:
    pods = kube.get("/api/v1/pods").json()["items"]
    nodes = kube.get("/api/v1/nodes").json()["items"]

    assert len(pods) == 45
    assert {pod["metadata"]["namespace"] for pod in pods} == NAMESPACES
    assert {pod["status"]["phase"] for pod in pods} == {"Running"}
    assert all(_is(pod, "Ready") for pod in pods)
    assert len(nodes) == 3
    assert all(_is(node, "Ready") for node in nodes)


def test_loading_left_no_trace(kube: httpx.Client) -> None:
    events = kube.get("/api/v1/events", params={"fieldSelector": "type=Warning"}).json()["items"]
    # What other live tests make and take away is named jamie-test-...; its events outlive it.
    warnings = [event for event in events if "jamie-test" not in str(event)]
    pods = kube.get("/api/v1/pods").json()["items"]
    youngest = max(_when(pod["metadata"]["creationTimestamp"]) for pod in pods)

    assert warnings == []
    assert dt.datetime.now(dt.UTC) - youngest > dt.timedelta(days=2)


def test_starting_a_lab_that_is_up_changes_nothing(lab: LabState) -> None:
    before = _processes(folders())
    result = _lab("up")

    assert result.returncode == 0, result.stderr
    assert _processes(folders()) == before
    assert lab.scenario in result.stdout


def test_status_says_that_every_component_is_ready() -> None:
    result = _lab("status")
    rows = [line.split() for line in result.stdout.splitlines()[1:-1]]

    assert result.returncode == 0, result.stdout
    assert {row[-1] for row in rows} == {"ready"}
    assert {"etcd", "kube-apiserver", "kwok", "prometheus", "loki", "player"} <= {
        row[0] for row in rows
    }


def test_the_metrics_api_knows_what_nodes_and_pods_use(kube: httpx.Client) -> None:
    nodes = _eventually(kube, "/apis/metrics.k8s.io/v1beta1/nodes", 3)
    pods = _eventually(kube, "/apis/metrics.k8s.io/v1beta1/pods", 45)

    postgres = next(pod for pod in pods if pod.metadata.name == "postgres-0")

    assert all(number(node.usage["memory"]) > 2**30 for node in nodes)
    assert postgres.containers[0].usage["memory"] == "2100Mi"


def test_the_api_server_and_loki_tell_the_same_story(
    kube: httpx.Client, loki: httpx.Client
) -> None:
    pods = kube.get(
        "/api/v1/namespaces/auth/pods", params={"labelSelector": "app=auth-service"}
    ).json()["items"]
    name = pods[0]["metadata"]["name"]
    logs = kube.get(f"/api/v1/namespaces/auth/pods/{name}/log", params={"tailLines": "5"})
    query = f'{{namespace="auth", pod="{name}"}}'
    pushed = loki.get("/loki/api/v1/query_range", params={"query": query, "limit": "500"})
    lines = {text for stream in pushed.json()["data"]["result"] for _, text in stream["values"]}

    assert len(logs.text.splitlines()) == 5
    assert set(logs.text.splitlines()) <= lines


def test_nothing_fires(prometheus: httpx.Client) -> None:
    assert prometheus.get("/api/v1/alerts").json()["data"]["alerts"] == []


def test_prometheus_has_an_hour_of_history(prometheus: httpx.Client, lab: LabState) -> None:
    start = lab.loaded_at.timestamp() - HOUR
    for query in (
        "count(up == 1)",
        "sum(rate(http_requests_total[5m]))",
        "sum(rate(container_cpu_usage_seconds_total[5m]))",
        "count(kube_pod_status_ready{condition='true'} == 1)",
    ):
        values = _range(prometheus, query, start + 300, lab.loaded_at.timestamp())

        assert len(values) == 56, query
        assert min(values) > 0, query


def test_loki_has_an_hour_of_history_and_no_errors(loki: httpx.Client, lab: LabState) -> None:
    end = lab.loaded_at.timestamp()
    tens = [
        _count(loki, '{namespace=~".+"}', end - offset, "10m") for offset in range(0, HOUR, 600)
    ]

    assert min(tens) > 1000
    assert _count(loki, '{namespace=~".+"} | detected_level=~"error|fatal"', end, "1h") == 0


def test_the_story_goes_on_after_loading(prometheus: httpx.Client, loki: httpx.Client) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        now = time.time()
        scraped = prometheus.get(
            "/api/v1/query", params={"query": "time() - max(timestamp(up{job='frontend'}))"}
        ).json()["data"]["result"]
        if (
            scraped
            and float(scraped[0]["value"][1]) < 30
            and _count(loki, '{app="frontend"}', now, "30s")
        ):
            return

    pytest.fail(f"Nothing new came within {WAIT_SECONDS} s.")


def test_a_lab_that_goes_down_leaves_nothing_running(tmp_path: Path) -> None:
    place = Folders(state=tmp_path / "lab", cache=folders().cache)
    try:
        started = _lab("up", place=place)
        assert started.returncode == 0, started.stderr
        assert _using(place)
    finally:
        stopped = _lab("down", place=place)

    assert stopped.returncode == 0, stopped.stderr
    assert _using(place) == []
    assert _lab("status", place=place).returncode == 3
    assert not (place.state / "lab.json").exists()


def _is(manifest: dict[str, dict[str, list[dict[str, str]]]], condition: str) -> bool:
    conditions = manifest["status"]["conditions"]

    return any(one["type"] == condition and one["status"] == "True" for one in conditions)


def _when(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _lab(*arguments: str, place: Folders | None = None) -> subprocess.CompletedProcess[str]:
    place = place or folders()
    variables = {"JAMIE_LAB_DIR": str(place.state), "JAMIE_LAB_CACHE": str(place.cache)}

    return subprocess.run(
        [sys.executable, "-m", "jamie_lab", *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def _processes(place: Folders) -> dict[str, int | None]:
    return {
        file.stem: process.pid if (process := running(place, file.stem)) else None
        for file in place.pids.glob("*.json")
    }


def _using(place: Folders) -> list[str]:
    """List the command lines of processes that name the lab's folder."""
    found: list[str] = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(place.state) in command:
            found.append(command)

    return found


def _eventually(kube: httpx.Client, path: str, count: int) -> list[_Used]:
    """Ask until a list is complete; metrics-server needs two rounds of scrapes first."""
    deadline = time.monotonic() + WAIT_SECONDS
    found: list[_Used] = []
    while time.monotonic() < deadline:
        reply = kube.get(path)
        if reply.is_success:
            found = msgspec.json.decode(reply.content, type=_UsedList).items
        if len(found) == count:
            return found

    pytest.fail(f"{path} is not complete after {WAIT_SECONDS} s: {len(found)} of {count}.")


def _range(prometheus: httpx.Client, query: str, start: float, end: float) -> list[float]:
    parameters = {"query": query, "start": str(start), "end": str(end), "step": "60"}
    reply = prometheus.get("/api/v1/query_range", params=parameters).json()

    return [float(value) for _, value in reply["data"]["result"][0]["values"]]


def _count(loki: httpx.Client, selector: str, moment: float, window: str) -> float:
    query = f"sum(count_over_time({selector}[{window}]))"
    parameters = {"query": query, "time": str(int(moment * 1e9))}
    result = loki.get("/loki/api/v1/query", params=parameters).json()["data"]["result"]

    return float(result[0]["value"][1]) if result else 0.0
