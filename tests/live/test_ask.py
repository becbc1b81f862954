"""The two questions during an incident, held to what the backends themselves say."""

import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from jamie_lab import LabState
from jamie_lab.waiting import wait_until
from tests.live import truth
from tests.live.jamie import run_jamie

pytestmark = [pytest.mark.live, pytest.mark.scenario("auth-timeouts")]

KINDS = {
    "auth/auth-service": "authentication timeouts",
    "shop/frontend": "database connection errors",
    "payments/payment-service": "rate-limited requests",
}


def test_the_cluster_question_is_answered_with_the_true_figures(
    lab: LabState,
    kube: httpx.Client,
    prometheus: httpx.Client,
    loki: httpx.Client,
    tmp_path: Path,
) -> None:
    wait_until(lambda: truth.is_measured(kube), "not every node is measured")
    text = run_jamie(lab, tmp_path, "ask", "How's my cluster doing?")
    cluster, alerts, errors = truth.cluster(kube), truth.firing(prometheus), truth.errors(loki)

    crashing = cluster.pods["CrashLoopBackOff"]
    assert crashing > 0
    assert f"{cluster.ready} of {cluster.nodes} nodes ready." in text
    assert (
        f"{cluster.pods['Running']} of {cluster.pods.total()} pods running,"
        f" over {cluster.namespaces} namespaces ({crashing} CrashLoopBackOff)." in text
    )
    assert shares(text) == pytest.approx((cluster.cpu, cluster.memory), abs=0.02)
    assert f"{alerts.total()} alerts firing" in text
    assert [name for name in alerts if name not in text] == []
    assert "shop/deploy/frontend" in text
    assert number(r"([\d,]+) errors in the last hour, in 3 services", text) == pytest.approx(
        errors.total(), rel=0.05
    )
    assert len(text.encode()) < 3_000


def test_the_errors_question_names_each_service_its_kind_and_the_onset(
    lab: LabState, loki: httpx.Client, tmp_path: Path
) -> None:
    text = run_jamie(lab, tmp_path, "ask", "Any errors in the logs?")
    errors = truth.errors(loki)

    assert number(r"([\d,]+) errors in the last hour", text) == pytest.approx(
        errors.total(), rel=0.05
    )
    for service, kind in KINDS.items():
        (line,) = [line for line in text.splitlines() if line.strip().startswith(service)]
        assert kind in line
        assert sum(map(figure, re.findall(r"[\d,]+(?= )", line))) == pytest.approx(
            errors[service], rel=0.05
        )
    worst, _ = errors.most_common(1)[0]
    assert f"The biggest group, {KINDS[worst]} in {worst}" in text
    assert abs(told_onset(text) - truth.onset(loki, worst)) <= 120
    assert f"Look first at {worst}." in text


def test_the_plain_persona_says_the_same_without_the_manner(lab: LabState, tmp_path: Path) -> None:
    text = run_jamie(lab, tmp_path, "ask", "--persona", "plain", "How's my cluster doing?")

    assert text.startswith("Kubernetes\n")


def figure(text: str) -> int:
    return int(text.replace(",", "") or 0)


def number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    assert found, text

    return figure(found[1])


def shares(text: str) -> tuple[float, float]:
    found = re.search(r"CPU (\d+)% in use.*memory (\d+)% in use", text)
    assert found, text

    return int(found[1]) / 100, int(found[2]) / 100


def told_onset(text: str) -> float:
    found = re.search(r"began at (\d\d):(\d\d)Z", text)
    assert found, text
    now = datetime.now(UTC)
    told = now.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)

    return told.timestamp() - (86_400 if told > now else 0)
