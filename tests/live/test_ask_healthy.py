"""The two questions while all is well: true figures, and no noise."""

from pathlib import Path

import httpx
import pytest

from jamie_lab import LabState
from jamie_lab.waiting import wait_until
from tests.live import truth
from tests.live.jamie import run_jamie
from tests.live.test_ask import shares

pytestmark = [pytest.mark.live, pytest.mark.scenario("healthy")]


def test_a_healthy_cluster_is_said_to_be_well(
    lab: LabState,
    kube: httpx.Client,
    prometheus: httpx.Client,
    loki: httpx.Client,
    tmp_path: Path,
) -> None:
    wait_until(lambda: truth.is_measured(kube), "not every node is measured")
    text = run_jamie(lab, tmp_path, "ask", "How's my cluster doing?")
    cluster = truth.cluster(kube)

    assert truth.firing(prometheus).total() == 0
    assert truth.errors(loki).total() == 0
    assert (cluster.ready, cluster.nodes, cluster.pods) == (3, 3, {"Running": 45})
    assert "3 of 3 nodes ready." in text
    assert "45 of 45 pods running, over 6 namespaces." in text
    assert shares(text) == pytest.approx((cluster.cpu, cluster.memory), abs=0.02)
    assert "No alerts firing" in text
    assert "No errors in the logs in the last hour" in text
    assert "all is well" in text
    assert "Not well" not in text


def test_a_healthy_cluster_has_no_errors_in_its_logs(lab: LabState, tmp_path: Path) -> None:
    text = run_jamie(lab, tmp_path, "ask", "Any errors in the logs?")

    assert "No errors in the logs in the last hour" in text
