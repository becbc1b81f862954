"""prom_range through the front door."""

import time
from typing import Any, Literal

import pytest
from mcp.client import Client

from tests.asking import ask, data_of, refused
from tests.prometheus.conftest import Build
from tests.prometheus.pretend import PretendedPrometheus, over_time, refusal, series

HOUR = 3_600.0
Points = list[tuple[float, float]]


def points(values: list[float], step: float = 15.0, end: float = 0.0) -> Points:
    """Place values up to now."""
    last = end or time.time()
    return [(last - step * (len(values) - 1 - place), one) for place, one in enumerate(values)]


async def test_a_spike_of_one_point_and_a_step_are_told_with_their_times(
    server: Build, prometheus: PretendedPrometheus, era: Literal["auto", "legacy"]
) -> None:
    calm = [0.01] * 241
    calm[100] = 0.9
    stepped = [0.02] * 120 + [0.5] * 121
    prometheus.ranges["errors_ratio"] = [
        over_time(points(calm), name="errors_ratio", service="web"),
        over_time(points(stepped), name="errors_ratio", service="auth"),
    ]

    async with Client(server(), mode=era) as client:
        text = await ask(client, "prom_range", promql="errors_ratio")

    head, auth, auth_figures, web, web_figures = text.split("\n")
    assert head.endswith("1h by 15s, the most changed first; all errors_ratio.")
    assert auth == "service=auth  ▁▁▁▁▁▁▁▁████████"
    assert auth_figures.startswith("  2% -> 50%, min 2% at ")
    assert ", stepped 2% -> 50% at " in auth_figures
    assert "█" in web
    assert "max 90% at " in web_figures
    assert "stepped" not in web_figures


async def test_a_program_gets_every_figure_raw(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    values = points([1.0, 5.0, -2.0, 3.0])
    prometheus.ranges["x"] = [over_time(values, a="b")]

    data = await data_of(client, "prom_range", promql="x", start="1m", step="15s")

    (row,) = data["rows"]
    course = row["course"]
    assert {key: course[key] for key in ("first", "last", "min", "max", "mean", "count")} == {
        "first": 1.0, "last": 3.0, "min": -2.0, "max": 5.0, "mean": 1.75, "count": 4,
    }  # fmt: skip
    assert (course["max_at"], course["min_at"]) == (values[1][0], values[2][0])
    assert (data["step"], data["rank"], data["series"]) == (15.0, "change", 1)


async def test_series_that_come_or_go_are_changes(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    now = time.time()
    prometheus.ranges["x"] = [
        over_time(points([7.0] * 241), pod="steady"),
        over_time(points([12.0] * 60, end=now - 1_800), pod="gone"),
        over_time(points([9.0] * 60), pod="new"),
    ]

    text = await ask(client, "prom_range", promql="x")

    gone, new, steady = text.split("\n")[1:]
    assert gone.startswith("pod=gone: constant 12, began ")
    assert ", ended " in gone
    assert new.startswith("pod=new: constant 9, began ")
    assert "ended" not in new
    assert steady == "pod=steady: constant 7"


async def test_what_has_no_room_is_folded_into_one_row(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    prometheus.ranges["x_bytes"] = [
        over_time(points([1024.0 * n] * 5), name="x_bytes", n=f"{n:03}") for n in range(40)
    ]

    text = await ask(client, "prom_range", promql="x_bytes", start="1m", rank="max", limit=2)

    assert "the highest maximum first" in text
    assert [line.partition(":")[0] for line in text.split("\n")[1:3]] == ["n=039", "n=038"]
    assert "(38 more series not shown: last sum 703 KiB, max 37 KiB at " in text


async def test_an_answer_of_many_long_series_fits(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    prometheus.ranges["x"] = [
        over_time(points([float(n), float(n * n)]), pod=f"{n:03}{'p' * 200}", path="ü" * 200)
        for n in range(300)
    ]

    text = await ask(client, "prom_range", promql="x", limit=100)

    assert len(text.encode()) < 6_000


async def test_the_step_follows_the_scrape_interval_and_the_last_point_is_the_end(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    samples = [(30.0 * n, 1.0) for n in range(20)]
    prometheus.metrics = {"up": [{"job": "a"}]}
    prometheus.kinds['up{job="a"}[900s]'] = "matrix"
    prometheus.answers['up{job="a"}[900s]'] = [over_time(samples, name="up", job="a")]

    await ask(
        client, "prom_range", promql="up", start="2026-01-02T00:00:00Z", end="2026-01-02T00:50:10Z"
    )

    (form,) = prometheus.forms("/query_range")[-1:]
    assert form["step"] == "30"
    assert (float(form["end"]) - float(form["start"])) % 30 == 0
    assert form["end"] == "1767315010"


async def test_many_series_get_fewer_points_and_the_answer_says_what_that_hides(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    samples = [(15.0 * n, 1.0) for n in range(20)]
    prometheus.metrics = {"x": [{"n": "1"}]}
    prometheus.kinds['x{n="1"}[900s]'] = "matrix"
    prometheus.answers |= {
        "count(x\n)": [series("1500")],
        'x{n="1"}[900s]': [over_time(samples, name="x", n="1")],
    }
    prometheus.ranges["x"] = [over_time(points([1.0, 2.0]), n="1")]

    text = await ask(client, "prom_range", promql="x", start="6h")

    assert prometheus.forms("/query_range")[0]["step"] == "60"
    assert text.endswith(
        "note: the step of 1m is coarser than the samples (15s apart): a shorter spike may hide."
        " Shorten the window, or ask max_over_time(...[1m])."
    )


async def test_a_step_too_fine_is_refused_with_the_finest_that_works(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    text = await refused(client, "prom_range", promql="up", start="7d", step="10s")

    assert text == (
        "step '10s' makes 60,480 points a series of 7d and Prometheus gives 11,000;"
        " take 1m or more, or leave step out."
    )
    assert prometheus.asked == []


async def test_native_histograms_are_shown_by_their_mean(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    now = time.time()
    samples = [
        [now - 30, {"count": "10", "sum": "1"}],
        [now - 15, {"count": "0", "sum": "0"}],
        [now, {"count": "10", "sum": "4"}],
    ]
    query = "rate(wait_seconds[1m])"
    prometheus.ranges[query] = [{"metric": {"a": "b"}, "histograms": samples}]

    text = await ask(client, "prom_range", promql=query, start="1m")

    assert "  100 ms -> 400 ms, min 100 ms at " in text
    assert "note: native histograms are shown by their mean" in text


async def test_holes_and_nans_are_counted(client: Client, prometheus: PretendedPrometheus) -> None:
    values = points([1.0, 2.0, float("nan"), 4.0, 5.0, 6.0])
    del values[4]
    prometheus.ranges["x"] = [over_time(values, a="b"), over_time(points([float("nan")]), a="c")]

    text = await ask(client, "prom_range", promql="x", start="75s", step="15s")

    assert text.split("\n")[2].endswith(", 1 point missing, 1 point not a number")
    assert text.split("\n")[3] == "a=c: no number in 1 point"


async def test_an_empty_window_is_diagnosed(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    prometheus.metrics = {"http_requests_total": [{"code": "200"}]}

    text = await ask(client, "prom_range", promql="http_requets_total", start="30m")

    assert text.startswith("No series, ")
    assert "30m by 15s." in text
    assert text.endswith("Did you mean 'http_requests_total'?")


async def test_broken_promql_keeps_its_own_positions(
    client: Client, prometheus: PretendedPrometheus
) -> None:
    words = 'invalid parameter "query": 1:5: parse error: unexpected end of input'
    prometheus.refusals["sum("] = refusal(400, "bad_data", words)

    text = await refused(client, "prom_range", promql="sum(")

    assert text.split("\n")[1:] == ["  sum(", "      ^"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"start": "now", "end": "1h"}, "ends before it starts"),
        ({"start": "soon"}, "'soon' is not a time"),
        ({"step": "-5s"}, "'-5s' is not a duration"),
        ({"rank": "min"}, "'rank' = 'min'"),
        ({"limit": 5_000}, "'limit' = 5000"),
    ],
)
async def test_arguments_that_cannot_work_are_named(
    client: Client, prometheus: PretendedPrometheus, arguments: dict[str, Any], complaint: str
) -> None:
    assert complaint in await refused(client, "prom_range", promql="up", **arguments)
    assert prometheus.asked == []
