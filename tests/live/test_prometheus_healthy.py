"""The Prometheus server against the healthy lab: what is quiet is said to be, with figures."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp.client import Client

from jamie_lab import LabState
from tests.asking import ask, data_of
from tests.prometheus.child import child

pytestmark = [pytest.mark.live, pytest.mark.scenario("healthy")]

CPU = 'sum(rate(container_cpu_usage_seconds_total{container!=""}[5m])) / sum(machine_cpu_cores)'
MEMORY = 'sum(container_memory_working_set_bytes{container!=""}) / sum(machine_memory_bytes)'


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab, tmp_path) as client:
        yield client


async def test_no_alerts_names_how_many_rules_were_checked(
    client: Client, prometheus: httpx.Client
) -> None:
    groups = [
        group
        for group in get(prometheus, "rules", type="alert")["groups"]
        if any(rule["type"] == "alerting" for rule in group["rules"])
    ]
    rules = sum(rule["type"] == "alerting" for group in groups for rule in group["rules"])

    text = await ask(client, "prom_alerts")

    assert get(prometheus, "alerts")["alerts"] == []
    assert text.startswith(
        f"No alerts firing or pending: {rules} alerting rules in {len(groups)} groups checked, last"
    )
    assert "\n" not in text


async def test_targets_that_are_all_up_are_no_fault(
    client: Client, prometheus: httpx.Client
) -> None:
    targets = len(get(prometheus, "query", query="up")["result"])

    text = await ask(client, "prom_query", promql="up == 0")

    assert f"nothing meets '== 0': it compares {targets} series at 1." in text


@pytest.mark.parametrize("query", [CPU, MEMORY])
async def test_a_share_is_a_number_for_programs_and_per_cent_for_people(
    client: Client, prometheus: httpx.Client, query: str
) -> None:
    data = await data_of(client, "prom_query", promql=query, time="30s")
    at = f"{data['at']:.3f}"
    (true,) = get(prometheus, "query", query=query, time=at)["result"]
    text = await ask(client, "prom_query", promql=query, time=at)

    (row,) = data["rows"]
    assert row["value"] == pytest.approx(float(true["value"][1]), rel=1e-12)
    assert (row["unit"], row["labels"]) == ("ratio", {})
    assert float(text.partition("%")[0]) == pytest.approx(100 * row["value"], abs=0.51)


async def test_nothing_steps_while_nothing_happens(
    client: Client, prometheus: httpx.Client
) -> None:
    data = await data_of(client, "prom_range", promql=MEMORY, start="30m")

    (row,) = data["rows"]
    assert "step" not in row["course"]
    assert row["course"]["count"] == 30 * 4 + 1
    assert "gaps" not in row["course"]


def get(prometheus: httpx.Client, path: str, **params: str) -> Any:
    reply = prometheus.get(f"/api/v1/{path}", params=params or None)
    reply.raise_for_status()

    return reply.json()["data"]
