"""Quantities, in every form the API writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_kubernetes.facts.quantities import amount, known


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("0", 0),
        ("100m", 0.1),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5),
        ("123456n", 0.000123456),
        ("7u", 7e-6),
        ("2k", 2000),
        ("1Ki", 1024),
        ("1.5Gi", 1.5 * 2**30),
        ("2e3", 2000),
        ("1E3", 1000),
        ("1E", 1e18),
        ("-3", -3),
    ],
)
def test_a_quantity_is_read(quantity: str, expected: float) -> None:
    assert amount(quantity) == pytest.approx(expected)  # pyright: ignore[reportUnknownMemberType]  # untyped in pytest


@given(st.text(max_size=12))
def test_anything_else_is_refused_and_counts_as_nothing(text: str) -> None:
    try:
        assert known(text) == amount(text)
    except ValueError:
        assert known(text) == 0
