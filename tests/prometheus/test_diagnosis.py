"""What an empty or misleading answer of prom_query is explained by."""

import time

import httpx
import pytest
from mcp.client import Client
from pytest_httpx import HTTPXMock

from tests.asking import ask, body
from tests.prometheus.pretend import PretendedPrometheus, over_time, series

MEMORY = "container_memory_working_set_bytes"


async def test_a_misspelt_metric_gets_the_nearest_names(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    prometheus.metrics = {"http_requests_total": [{"code": "200"}], "go_goroutines": [{}]}

    text = await ask(client, "prom_query", promql="sum(rate(http_reqests_total[5m]))")

    assert body(text) == [
        "There is no metric 'http_reqests_total' here, now or in the last 24 h."
        " Did you mean 'http_requests_total'?"
    ]


async def test_a_server_that_searches_names_is_asked_to(
    client: Client, prometheus: PretendedPrometheus, httpx_mock: HTTPXMock
) -> None:
    lines = b'{"results":[{"name":"http_requests_total"}]}\n{"status":"success","has_more":false}\n'
    features = {"status": "success", "data": {"api": {"search": True}}}
    prometheus.refusals["/features"] = httpx.Response(200, json=features)
    prometheus.refusals["/search/metric_names"] = httpx.Response(
        200, content=lines, headers={"content-type": "application/x-ndjson; charset=utf-8"}
    )

    text = await ask(client, "prom_query", promql="http_reqests_total")

    assert "Did you mean 'http_requests_total'?" in text
    assert prometheus.forms("/search/metric_names")[0]["search[]"] == "http_reqests_total"


REQUESTS = [
    {"code": code, "service": service}
    for code in ("200", "404", "500")
    for service in ("auth", "frontend")
]


@pytest.mark.parametrize(
    ("promql", "why"),
    [
        (
            'http_requests_total{service="frontent"}',
            'http_requests_total has series, none with service="frontent";'
            " service is auth, frontend. Did you mean 'frontend'?",
        ),
        (
            'http_requests_total{svc="auth"}',
            "http_requests_total has no label 'svc'; it has code, service. Did you mean 'service'?",
        ),
        (
            'rate(http_requests_total{service="auth",code="5xx"}[5m])',
            'http_requests_total has series, none with code="5xx" (code="5xx" is literal;'
            ' a class of codes is code=~"5.."); code is 200, 404, 500.',
        ),
    ],
)
async def test_the_matcher_that_leaves_nothing_is_named(
    client: Client, prometheus: PretendedPrometheus, promql: str, why: str
) -> None:
    prometheus.metrics = {"http_requests_total": REQUESTS}
    prometheus.answers[promql] = []

    assert body(await ask(client, "prom_query", promql=promql)) == [why]


async def test_a_metric_that_went_says_when_it_was_last_there(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    prometheus.gone["jobs_done"] = {"job": "batch"}
    prometheus.ranges["count(jobs_done)"] = [over_time([(time.time() - 7_300, 1)])]

    text = await ask(client, "prom_query", promql="jobs_done")

    assert body(text) == [
        "jobs_done had series in the last 24 h, the last about 2h before this time:"
        " its target is down, or no longer exposes it."
    ]


async def test_a_condition_that_nothing_meets_is_no_fault(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    prometheus.metrics = {"up": [{"job": "a"}, {"job": "b"}]}
    prometheus.answers |= {
        "up == 0": [], "count(up)": [series("2")], "min(up)": [series("1")],
        "max(up)": [series("1")],
    }  # fmt: skip

    text = await ask(client, "prom_query", promql="up == 0")

    assert body(text) == ["The query works and nothing meets '== 0': it compares 2 series at 1."]


async def test_a_rate_over_too_short_a_range_says_how_long_it_must_be(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    samples = [(60.0 * minute, float(minute)) for minute in range(15)]
    prometheus.metrics = {"jobs_total": [{"job": "a"}]}
    prometheus.kinds['jobs_total{job="a"}[900s]'] = "matrix"
    prometheus.answers['jobs_total{job="a"}[900s]'] = [over_time(samples, name="jobs_total")]
    prometheus.answers["rate(jobs_total[1m])"] = []

    text = await ask(client, "prom_query", promql="rate(jobs_total[1m])")

    assert body(text) == [
        "jobs_total has a sample every 1m, so rate over 1m finds no two; use [4m]."
    ]


@pytest.mark.parametrize(
    ("promql", "hint"),
    [
        ("rate(temperature[5m])", "temperature is a gauge, where rate takes each fall for a"
         " restart; use deriv"),
        ("jobs_total", "jobs_total counts since each process started; rate(jobs_total[5m]) is its"
         " pace"),
        ('temperature{room="a|b"}', 'room="a|b" is literal; a pattern needs =~'),
        ("rate(sum(jobs_total)[5m:1m])", "a rate of a sum takes one restart for a fall of all;"
         " write sum(rate(...))"),
    ],
)  # fmt: skip
async def test_what_runs_and_may_mislead_gets_one_line(
    client: Client, prometheus: PretendedPrometheus, promql: str, hint: str
) -> None:
    prometheus.metadata = {"temperature": "gauge"}
    prometheus.answers[promql] = [series("1", a="1"), series("2", a="2")]

    text = await ask(client, "prom_query", promql=promql)

    assert body(text)[-1] == f"hint: {hint}"


async def test_a_time_before_the_first_sample_is_not_called_a_missing_metric(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    then = "2020-01-01T00:00:00Z"
    prometheus.metrics = {"up": [{"job": "a"}]}
    prometheus.since = time.time() - 60

    text = await ask(client, "prom_query", promql="up", time=then)

    assert body(text) == [
        "up has series now, none at that time or in the 24 h before:"
        " it is younger, or samples are not kept so long."
    ]


async def test_absent_answers_nothing_where_there_is_something(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    prometheus.metrics = {"up": [{"job": "a"}, {"job": "b"}]}
    prometheus.answers["absent(up)"] = []

    text = await ask(client, "prom_query", promql="absent(up)")

    assert body(text) == ["absent() answers nothing where there are series: up has 2."]


async def test_a_time_ahead_is_called_that(client: Client, prometheus: PretendedPrometheus) -> None:
    prometheus.answers["up"] = []

    assert body(await ask(client, "prom_query", promql="up", time="now+1h")) == [
        "That time lies ahead."
    ]
