import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_signals.similar import nearest

METRICS = [
    "http_requests_total", "http_request_duration_seconds_bucket", "grpc_server_handled_total",
    "container_cpu_usage_seconds_total", "container_cpu_load_average_10s", "up",
    "container_memory_working_set_bytes", "node_memory_MemTotal_bytes",
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("http_request_total", "http_requests_total"),
        ("HTTPRequestsTotal", "http_requests_total"),
        ("contaner_cpu_usage", "container_cpu_usage_seconds_total"),
        ("container_memory", "container_memory_working_set_bytes"),
        ("memtotal_bytes", "node_memory_MemTotal_bytes"),
    ],
)
def test_a_misspelt_or_shortened_metric_is_recognised(name: str, first: str) -> None:
    assert nearest(name, METRICS)[0] == first


def test_a_swapped_letter_in_a_short_name_is_recognised() -> None:
    assert nearest("shpo", ["shop", "kube-system", "payments"]) == ["shop"]


def test_a_name_that_resembles_nothing_gets_no_suggestion() -> None:
    assert nearest("xyzzy", METRICS) == []


@given(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=30), st.integers(0, 5))
def test_suggestions_are_known_names_in_an_order_that_does_not_depend_on_theirs(
    name: str, candidates: list[str], n: int
) -> None:
    found = nearest(name, candidates, n)

    assert set(found) <= set(candidates)
    assert len(found) == len(set(found)) <= n
    assert nearest(name, reversed(candidates), n) == found
    if n and name in candidates:
        assert found[0] == name
