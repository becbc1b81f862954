"""The lab itself, in the middle of an incident."""

import datetime as dt
from collections import Counter

import httpx
import pytest

from jamie_lab import LabState

pytestmark = [pytest.mark.live, pytest.mark.scenario("auth-timeouts")]

ONSET = dt.timedelta(minutes=20)
ALERTS = Counter(
    {
        ("HighErrorRate", "auth-service"): 1,
        ("HighErrorRate", "frontend"): 1,
        ("HighErrorRate", "payment-service"): 1,
        ("HighLatency", "auth-service"): 1,
        ("HighLatency", "frontend"): 1,
        ("HighLatency", "payment-service"): 1,
        ("IdentityProviderTimeouts", "auth-service"): 1,
        ("ProviderRateLimited", "payment-service"): 1,
        ("KubeDeploymentReplicasMismatch", "auth-service"): 1,
        ("KubeDeploymentReplicasMismatch", "frontend"): 1,
        ("KubePodCrashLooping", "frontend"): 2,
    }
)


def test_two_frontends_crash_and_one_auth_service_is_not_ready(kube: httpx.Client) -> None:
    pods = kube.get("/api/v1/pods").json()["items"]
    sick = [pod for pod in pods if not pod["status"]["containerStatuses"][0]["ready"]]
    states = Counter(
        (pod["metadata"]["labels"]["app"], _state(pod["status"]["containerStatuses"][0]))
        for pod in sick
    )
    restarts = [
        pod["status"]["containerStatuses"][0]["restartCount"]
        for pod in sick
        if pod["metadata"]["labels"]["app"] == "frontend"
    ]

    assert len(pods) == 45
    assert states == {("frontend", "CrashLoopBackOff"): 2, ("auth-service", "running"): 1}
    assert min(restarts) >= 8


def test_the_warnings_began_with_the_incident_and_go_on(kube: httpx.Client, lab: LabState) -> None:
    events = kube.get("/api/v1/events", params={"fieldSelector": "type=Warning"}).json()["items"]
    reasons = Counter(event["reason"] for event in events)
    onset = lab.loaded_at - ONSET

    assert reasons == {"BackOff": 2, "Unhealthy": 3}
    assert all(abs(_when(one["firstTimestamp"]) - onset).total_seconds() < 2 for one in events)
    assert all(one["count"] > 15 for one in events)


def test_alerts_fire_since_about_15_minutes_and_reach_alertmanager(
    prometheus: httpx.Client, alertmanager: httpx.Client, lab: LabState
) -> None:
    firing = prometheus.get("/api/v1/alerts").json()["data"]["alerts"]
    received = alertmanager.get("/api/v2/alerts").json()
    onset = lab.loaded_at - ONSET
    early, late = onset - dt.timedelta(minutes=1), onset + dt.timedelta(minutes=8)

    assert Counter(_what(alert["labels"]) for alert in firing) == ALERTS
    assert {alert["state"] for alert in firing} == {"firing"}
    assert all(early < _when(alert["activeAt"]) < late for alert in firing)
    assert Counter(_what(alert["labels"]) for alert in received) == ALERTS
    assert all(onset < _when(alert["startsAt"]) < late for alert in received)


def test_metrics_change_at_the_onset(prometheus: httpx.Client, lab: LabState) -> None:
    timeouts = "sum(rate(auth_idp_timeouts_total[2m]))"
    latency = (
        "histogram_quantile(0.9, sum by (le) "
        '(rate(http_request_duration_seconds_bucket{service="auth-service"}[2m])))'
    )
    before, after = (lab.loaded_at - dt.timedelta(minutes=one) for one in (25, 2))

    assert _at(prometheus, timeouts, before) == 0
    assert _at(prometheus, timeouts, after) > 10
    assert _at(prometheus, latency, before) < 0.25
    assert _at(prometheus, latency, after) > 2.5
    assert _at(prometheus, 'count(up{job="frontend"} == 0) or vector(0)', before) == 0
    assert _at(prometheus, 'count(up{job="frontend"} == 0)', after) == 2


def test_errors_begin_at_the_onset(loki: httpx.Client, lab: LabState) -> None:
    query = (
        "sum by (service_name) (count_over_time("
        '{namespace=~".+"} | detected_level=~"error|fatal" [20m]))'
    )
    onset = lab.loaded_at - ONSET

    assert _errors(loki, query, onset) == {}
    errors = _errors(loki, query, lab.loaded_at)
    assert set(errors) == {"auth-service", "frontend", "payment-service"}
    assert min(errors.values()) > 100


def test_a_crashed_container_left_its_last_words(kube: httpx.Client) -> None:
    pods = kube.get(
        "/api/v1/namespaces/shop/pods", params={"labelSelector": "app=frontend"}
    ).json()["items"]
    crashed = next(pod for pod in pods if not pod["status"]["containerStatuses"][0]["ready"])
    path = f"/api/v1/namespaces/shop/pods/{crashed['metadata']['name']}/log"
    previous = kube.get(path, params={"previous": "true"}).text

    assert "ConnectionRefusedError: [Errno 111] Connection refused" in previous
    assert "cannot start without a database" in previous.splitlines()[-1]


def _state(status: dict[str, dict[str, dict[str, str]]]) -> str:
    waiting = status["state"].get("waiting")

    return waiting["reason"] if waiting else next(iter(status["state"]))


def _what(labels: dict[str, str]) -> tuple[str, str]:
    who = labels.get("service") or labels.get("deployment") or labels["container"]

    return labels["alertname"], who


def _when(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _at(prometheus: httpx.Client, query: str, moment: dt.datetime) -> float:
    parameters = {"query": query, "time": moment.isoformat()}
    result = prometheus.get("/api/v1/query", params=parameters).json()["data"]["result"]

    return float(result[0]["value"][1])


def _errors(loki: httpx.Client, query: str, moment: dt.datetime) -> dict[str, float]:
    parameters = {"query": query, "time": str(int(moment.timestamp() * 1e9))}
    result = loki.get("/loki/api/v1/query", params=parameters).json()["data"]["result"]

    return {one["metric"]["service_name"]: float(one["value"][1]) for one in result}
