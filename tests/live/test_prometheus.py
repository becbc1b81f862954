"""The Prometheus server against the lab in the middle of an incident, over stdio.

The truth is computed from Prometheus's and Alertmanager's own APIs.
"""

import datetime as dt
import json
import time
from collections import Counter
from collections.abc import AsyncGenerator, Generator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from mcp.client import Client
from mcp.types import TextResourceContents

from jamie_lab import LabState
from jamie_prometheus import promql
from tests.asking import ask, data_of, refused
from tests.prometheus.child import child

pytestmark = [pytest.mark.live, pytest.mark.scenario("auth-timeouts")]

ONSET = dt.timedelta(minutes=20)
ERROR_SHARE = (
    'sum by (service) (rate(http_requests_total{code=~"5.."}[5m]))'
    " / sum by (service) (rate(http_requests_total[5m]))"
)
QUERIES = [
    "up",
    "container_memory_working_set_bytes",
    'sum by (namespace) (rate(container_cpu_usage_seconds_total{container!=""}[5m]))',
    'sum(container_memory_working_set_bytes{container!=""}) / sum(machine_memory_bytes)',
    "histogram_quantile(0.9, sum by (le, job) (rate(http_request_duration_seconds_bucket[5m])))",
    ERROR_SHARE,
    "kube_pod_status_phase == 1",
    "topk(3, kube_pod_container_resource_limits)",
    "time() - process_start_time_seconds",
]
Labels = Mapping[str, str]


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab, tmp_path) as client:
        yield client


@pytest.fixture
def silenced(alertmanager: httpx.Client) -> Generator[str]:
    """Silence an alert for the time of a test."""
    name = "HighLatency"
    now = dt.datetime.now(dt.UTC)
    silence = {
        "matchers": [{"name": "alertname", "value": name, "isRegex": False, "isEqual": True}],
        "createdBy": "alice", "comment": "known, see the incident",
        "startsAt": now.isoformat(), "endsAt": (now + dt.timedelta(hours=1)).isoformat(),
    }  # fmt: skip
    made = alertmanager.post("/api/v2/silences", json=silence).raise_for_status()
    yield name
    alertmanager.delete(f"/api/v2/silence/{made.json()['silenceID']}").raise_for_status()


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_alerts_are_prometheuss_own_worst_first(
    lab: LabState, tmp_path: Path, prometheus: httpx.Client, mode: Literal["auto", "legacy"]
) -> None:
    async with child(lab, tmp_path, mode) as client:
        text = await ask(client, "prom_alerts")
        data = await data_of(client, "prom_alerts", limit=200)
    true = get(prometheus, "alerts")["alerts"]
    rules = [
        rule for group in get(prometheus, "rules?type=alert")["groups"] for rule in group["rules"]
    ]

    assert labels_of(one["labels"] for one in data["alerts"]) == labels_of(
        one["labels"] for one in true
    )
    since = {key(one["labels"]): one["activeAt"] for one in true}
    for one in data["alerts"]:
        assert abs(one["since"] - seconds(since[key(one["labels"])])) < 0.001
    severities = [one["severity"] for one in data["alerts"]]
    assert severities == sorted(severities)  # critical, warning
    states = Counter(one["state"] for one in true)
    assert text.startswith(
        f"{states['firing']} firing, {states['pending']} pending; {len(rules)} alerting rules in "
    )
    assert text.index("CRITICAL HighErrorRate firing x3") < text.index("WARNING HighLatency")
    assert len(text.encode()) <= 6_000


async def test_an_alerts_values_are_those_of_its_rule(
    client: Client, prometheus: httpx.Client
) -> None:
    data = await data_of(client, "prom_alerts", match='alertname="HighErrorRate"')
    true = {
        one["labels"]["service"]: float(one["value"])
        for one in get(prometheus, "alerts")["alerts"]
        if one["labels"]["alertname"] == "HighErrorRate"
    }

    told = {one["labels"]["service"]: one["value"] for one in data["alerts"]}
    assert told == pytest.approx(true, rel=0.1)  # evaluated again in between, perhaps
    assert [*told] == sorted(true, key=lambda service: -true[service])


async def test_what_alertmanager_did_with_an_alert_is_told(client: Client, silenced: str) -> None:
    text = await ask(client, "prom_alerts")
    data = await data_of(client, "prom_alerts")

    last = data["alerts"][-1]
    assert (last["name"], last["silenced"][0]["by"]) == (silenced, "alice")
    assert all(one["receivers"] == ["on-call"] for one in data["alerts"])
    assert f"WARNING {silenced} firing x3" in text
    assert ", silenced until " in text
    assert "silenced because: known, see the incident" in text


@pytest.mark.parametrize("query", QUERIES)
async def test_a_query_answers_every_series_with_its_true_value(
    client: Client, prometheus: httpx.Client, query: str
) -> None:
    at = f"{time.time() - 30:.3f}"
    true = get(prometheus, "query", query=query, time=at)["result"]

    ask_page = partial(data_of, client, "prom_query", promql=query, time=at, limit=40)
    data = await ask_page()
    rows: list[dict[str, Any]] = data["rows"]
    while "cursor" in data:
        data = await ask_page(cursor=data["cursor"])
        rows += data["rows"]

    told = {key(row["labels"]): float(row["value"]) for row in rows}
    assert told == pytest.approx(
        {key(one["metric"]): float(one["value"][1]) for one in true}, rel=1e-12
    )
    assert len(rows) == len(true) == data["series"]
    if not data.get("flags"):
        assert [float(row["value"]) for row in rows] == sorted(told.values(), reverse=True)


async def test_targets_that_are_down_are_not_hidden_behind_those_that_are_up(
    client: Client, prometheus: httpx.Client
) -> None:
    down = {
        one["metric"]["instance"] for one in get(prometheus, "query", query="up == 0")["result"]
    }

    data = await data_of(client, "prom_query", promql="up", limit=len(down))

    assert {row["labels"]["instance"] for row in data["rows"]} == down
    assert len(down) == 2


async def test_a_range_keeps_every_extreme_and_finds_the_onset(
    client: Client, prometheus: httpx.Client, lab: LabState
) -> None:
    end = time.time() - 15
    data = await data_of(
        client, "prom_range", promql=ERROR_SHARE, start=f"{end - 3600:.3f}", end=f"{end:.3f}"
    )
    asked = {"query": ERROR_SHARE, "start": f"{end - 3600:.3f}", "end": f"{end:.3f}", "step": "15"}
    true = get(prometheus, "query_range", **asked)["result"]

    assert data["step"] == 15
    assert len(data["rows"]) == len(true)
    for one in true:
        values = [float(value) for _, value in one["values"]]
        (course,) = [r["course"] for r in data["rows"] if r["labels"] == one["metric"]]
        assert course["min"] == pytest.approx(min(values))
        assert course["max"] == pytest.approx(max(values))
        assert (course["first"], course["last"]) == pytest.approx((values[0], values[-1]))
        at = [moment for moment, value in one["values"] if float(value) == max(values)]
        assert any(abs(course["max_at"] - moment) < 0.01 for moment in at)

    worst = data["rows"][0]
    onset = (lab.loaded_at - ONSET).timestamp()
    assert worst["labels"] == {"service": "auth-service"}
    assert onset - 60 < worst["course"]["step"]["at"] < onset + 300


@pytest.mark.parametrize("start", ["5m", "1h", "6h", "3d", "30d", "2y"])
async def test_prometheus_takes_the_step_of_any_window(client: Client, start: str) -> None:
    data = await data_of(client, "prom_range", promql="sum by (namespace) (up)", start=start)

    assert data["series"] > 0


async def test_pods_that_vanished_from_the_metrics_say_when(
    client: Client, prometheus: httpx.Client
) -> None:
    query = 'db_client_connections_usage{state="used"}'
    data = await data_of(client, "prom_range", promql=query, limit=50)
    present = {one["metric"]["pod"] for one in get(prometheus, "query", query=query)["result"]}

    ended = {
        row["labels"]["pod"]
        for row in data["rows"]
        if row["course"]["last_at"] < data["end"] - 2 * data["step"] - 300
    }
    assert ended
    assert not ended & present


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("http_reqests_total", "Did you mean 'http_requests_total'"),
        ("sum(rate(conainer_cpu_usage_seconds_total[5m]))", "'container_cpu_usage_seconds_total'"),
        ('http_requests_total{code="5xx"}', 'a class of codes is code=~"5.."'),
        ('http_requests_total{svc="auth-service"}', "has no label 'svc'"),
        ('http_requests_total{service="auth-servic"}', "Did you mean 'auth-service'?"),
        ("kube_node_spec_unschedulable > 0", "nothing meets '> 0': it compares 3 series at 0."),
        ("rate(http_requests_total[10s])", "finds no two; use [1m]."),
    ],
)
async def test_an_empty_answer_says_why(client: Client, query: str, why: str) -> None:
    for tool in ("prom_query", "prom_range"):
        text = await ask(client, tool, promql=query)

        assert text.startswith("No series")
        assert why in text


@pytest.mark.parametrize(
    "query", ["sum(rate(up[5m])", "up{job=}", "foo(up)", "up +", "up[5m", "sum by (job) up", "{}"]
)
async def test_broken_promql_gets_prometheuss_own_words(
    client: Client, prometheus: httpx.Client, query: str
) -> None:
    words = refusal_of(prometheus, query)

    text = await refused(client, "prom_query", promql=query)

    assert text.startswith(f"Prometheus refused the query: {words}\n")
    assert text.endswith("^")


@pytest.mark.parametrize(
    "text",
    [
        'a"b',
        "back\\slash",
        "new\nline",
        "tab\tand\rreturn",
        "nul\0",
        "ünï✓",
        "`tick'",
        "\x7f\x1b[0m",
    ],
)
def test_prometheus_reads_an_escaped_text_as_it_was(prometheus: httpx.Client, text: str) -> None:
    answered = get(prometheus, "query", query=promql.string(text))
    found = get(prometheus, "query", query=promql.exactly({"__name__": "up", "job": text}))
    named = prometheus.get(f"/api/v1/label/{promql.label_in_path(text)}/values")

    assert answered["result"][1] == text
    assert found["result"] == []
    assert named.status_code == 200


async def test_the_status_is_the_true_one(client: Client, prometheus: httpx.Client) -> None:
    (content,) = (await client.read_resource("jamie://status")).contents
    assert isinstance(content, TextResourceContents)
    (source,) = json.loads(content.text)["sources"]

    assert source["version"] == get(prometheus, "status/buildinfo")["version"]
    assert source["reachable"] is True
    assert "missing" not in source


def get(prometheus: httpx.Client, path: str, **params: str) -> Any:
    reply = prometheus.get(f"/api/v1/{path}", params=params or None)
    reply.raise_for_status()

    return reply.json()["data"]


def refusal_of(prometheus: httpx.Client, query: str) -> str:
    words: str = prometheus.get("/api/v1/query", params={"query": query}).json()["error"]

    return words.removeprefix('invalid parameter "query": ')


def key(labels: Labels) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))


def labels_of(sets: Any) -> Counter[tuple[tuple[str, str], ...]]:
    return Counter(map(key, sets))


def seconds(moment: str) -> float:
    return dt.datetime.fromisoformat(moment).timestamp()
