from hypothesis import given
from hypothesis import strategies as st

from jamie_prometheus.structure import Condition, Matcher, Selector, read


def test_selectors_know_their_matchers_range_function_and_shift() -> None:
    structure = read('sum(rate(x_total{a="b", c!~"d.*"}[5m] offset 1h)) / on (pod) y')

    assert structure is not None
    assert structure.selectors == (
        Selector(
            "x_total",
            (Matcher("a", "=", "b"), Matcher("c", "!~", "d.*")),
            range=300.0,
            function="rate",
            shift=3600.0,
        ),
        Selector("y"),
    )


def test_a_condition_is_what_filters_not_what_answers_0_and_1() -> None:
    conditions = [
        structure.condition
        for query in ("up == 0", "(up == 0)", "0 < up", "up == bool 0", "sum(up == 0)")
        if (structure := read(query))
    ]

    assert conditions == [
        Condition("up", "== 0"), Condition("up", "== 0"), Condition("up", "0 < ..."), None, None,
    ]  # fmt: skip


def test_what_the_parser_does_not_know_is_not_read() -> None:
    assert read("up[5m] smoothed") is None
    assert read("sum(") is None


def test_what_would_end_the_parser_is_not_given_to_it() -> None:
    """Brackets, signs, operators and calls a hundred thousand deep crash promql-parser."""
    deep = ["(" * 99_999 + "x" + ")" * 99_999, "-" * 99_999 + "x", "x+" * 99_999 + "x"]
    calls = "abs(" * 99_999 + "x" + ")" * 99_999
    words = "x and " * 600 + "x"

    assert [read(query) for query in (*deep, calls, words)] == [None] * 5


@given(st.text(alphabet='up{}()[]"=~!,.5m sumrate+-*/<>by', max_size=60))
def test_any_text_is_read_or_not_but_never_fails(text: str) -> None:
    structure = read(text)

    assert structure is None or isinstance(structure.selectors, tuple)
