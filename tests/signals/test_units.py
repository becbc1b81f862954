import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_signals.units import Unit, humanise, unit_of

SAYINGS = [
    (1.4 * 2**30, Unit.BYTES, "1.4 GiB"),
    (1023, Unit.BYTES, "1,023 B"),
    (1023.97 * 2**20, Unit.BYTES, "1 GiB"),
    (-3 * 2**20, Unit.BYTES, "-3 MiB"),
    (1.5 * 2**20, Unit.BYTES_PER_SECOND, "1.5 MiB/s"),
    (0.23, Unit.SECONDS, "230 ms"),
    (0.99996, Unit.SECONDS, "1 s"),
    (4e-7, Unit.SECONDS, "400 ns"),
    (12.3, Unit.SECONDS, "12.3 s"),
    (59.97, Unit.SECONDS, "1m"),
    (125, Unit.SECONDS, "2m 5s"),
    (3599.7, Unit.SECONDS, "1h"),
    (90061, Unit.SECONDS, "1d 1h"),
    (1500, Unit.MILLISECONDS, "1.5 s"),
    (0.031, Unit.RATIO, "3.1%"),
    (0.9997, Unit.RATIO, "99.97%"),
    (1, Unit.RATIO, "100%"),
    (-0.004, Unit.RATIO, "-0.4%"),
    (92.25, Unit.PERCENT, "92.2%"),
    (12, Unit.PER_SECOND, "12/s"),
    (0.05, Unit.PER_SECOND, "0.05/s"),
    (0.8, Unit.CORES, "0.8 cores"),
    (1, Unit.CORES, "1 core"),
    (12_345, Unit.COUNT, "12,345"),
    (999_999.6, Unit.COUNT, "1 million"),
    (1_700_000_000, Unit.TIMESTAMP, "2023-11-14 22:13:20Z"),
    (1e300, Unit.TIMESTAMP, "1e+288 trillion"),
    (41.5, Unit.CELSIUS, "41.5 °C"),
    (0.0, Unit.SECONDS, "0 s"),
    (-0.0, Unit.NONE, "0"),
    (math.nan, Unit.BYTES, "not a number"),
    (math.inf, Unit.SECONDS, "infinity"),
    (-math.inf, Unit.NONE, "minus infinity"),
]

EXPRESSIONS = [
    ("container_memory_working_set_bytes", Unit.BYTES),
    ("http_requests_total", Unit.COUNT),
    ("up", Unit.NONE),
    ("process_start_time_seconds", Unit.TIMESTAMP),
    ("kube_pod_created", Unit.TIMESTAMP),
    ("node_hwmon_temp_celsius", Unit.CELSIUS),
    ('kube_pod_container_resource_limits{resource="memory"}', Unit.BYTES),
    ('kube_node_status_capacity{resource="cpu"}', Unit.CORES),
    ("rate(http_requests_total[5m])", Unit.PER_SECOND),
    ("sum by (pod) (rate(container_cpu_usage_seconds_total[5m]))", Unit.CORES),
    ("sum(rate(node_network_receive_bytes_total[5m] offset 1h)) by (node)", Unit.BYTES_PER_SECOND),
    ("increase(kube_pod_container_status_restarts_total[1h]) > 3", Unit.COUNT),
    ('sum(rate(a_total{code=~"5.."}[5m])) / ignoring(code) sum(rate(a_total[5m]))', Unit.RATIO),
    ("rate(a_seconds_sum[5m]) / rate(a_seconds_count[5m])", Unit.SECONDS),
    ("rate(a_sum[5m]) / rate(a_count[5m])", Unit.NONE),
    ("1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes", Unit.RATIO),
    ('100 * (1 - avg(rate(node_cpu_seconds_total{mode="idle"}[5m])))', Unit.PERCENT),
    ("histogram_quantile(0.99, sum by (le) (rate(a_seconds_bucket[5m])))", Unit.SECONDS),
    ("histogram_quantile(0.5, rate(a_size_bytes[5m]))", Unit.BYTES),
    ("time() - process_start_time_seconds", Unit.SECONDS),
    ("count(up == 0)", Unit.COUNT),
    ("sum(a_bytes) / 1024 / 1024", Unit.NONE),
    ("sum(a_bytes) + sum(b_seconds)", Unit.NONE),
    ("a_bytes > bool 5", Unit.NONE),
    ("sum(rate(a_total[5m])) or vector(0)", Unit.PER_SECOND),
    ("topk(3, a_bytes)", Unit.BYTES),
    ("max_over_time(rate(a_total[1m])[30m:1m])", Unit.PER_SECOND),
    ("job:a_errors:ratio_rate5m", Unit.RATIO),
    ("instance:a_bytes:rate5m", Unit.BYTES_PER_SECOND),
    ('label_replace(a_bytes, "x", "$1", "y", "(.*)")', Unit.BYTES),
    ("sum(rate(a_total[5m]", Unit.NONE),
    ("", Unit.NONE),
    ("(" * 10_000, Unit.NONE),
]

finite = st.floats(allow_nan=False, allow_infinity=False)
SCALES = {"B": 1.0, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40,
          "PiB": 2.0**50, "EiB": 2.0**60}  # fmt: skip


@pytest.mark.parametrize(("value", "unit", "said"), SAYINGS)
def test_a_number_is_said_in_its_unit(value: float, unit: Unit, said: str) -> None:
    assert humanise(value, unit) == said


@pytest.mark.parametrize(("expr", "unit"), EXPRESSIONS)
def test_the_unit_of_an_expression_is_read_from_its_text(expr: str, unit: Unit) -> None:
    assert unit_of(expr) is unit


@given(st.floats(), st.sampled_from(Unit))
def test_every_number_has_words_and_keeps_its_sign(value: float, unit: Unit) -> None:
    said = humanise(value, unit)

    assert said
    if value < 0 and unit is not Unit.TIMESTAMP:
        assert said.startswith(("-", "minus"))


@given(finite.map(abs), finite.map(abs))
def test_more_bytes_never_read_as_fewer(one: float, other: float) -> None:
    less, more = sorted([one, other])

    assert bytes_said(humanise(less, Unit.BYTES)) <= bytes_said(humanise(more, Unit.BYTES))


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_greater_share_never_reads_as_a_smaller_one(one: float, other: float) -> None:
    less, more = (humanise(value, Unit.RATIO) for value in sorted([one, other]))

    assert float(less.rstrip("%")) <= float(more.rstrip("%"))


@given(st.floats(1e-9, 1e11))
def test_a_figure_is_carried_into_the_next_unit(value: float) -> None:
    assert not humanise(value, Unit.BYTES).startswith("1,024 ")
    assert not humanise(value, Unit.SECONDS).startswith(("1,000 ", "60 s", "60m", "24h"))
    assert "60s" not in humanise(value, Unit.SECONDS)


@given(st.text("abc_(){}[]/*-+=\"'5m:rate sumby,", max_size=60))
def test_no_text_breaks_the_reading_of_an_expression(text: str) -> None:
    assert unit_of(text) in Unit


def bytes_said(text: str) -> float:
    figure, name = text.split(" ")
    return float(figure.replace(",", "")) * SCALES[name]
