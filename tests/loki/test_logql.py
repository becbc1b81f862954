import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_loki import logql
from jamie_loki.logql import Matcher

ANY_TEXT = st.text(max_size=60)


def read_by_go(literal: str) -> str:
    """Read a double-quoted Go string, as Loki does; a line may not break inside."""
    assert literal[0] == literal[-1] == '"'
    inner = literal[1:-1]
    assert "\n" not in inner
    assert re.fullmatch(r'(?:[^"\\]|\\.)*', inner)

    return re.sub(
        r"\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|(.))",
        lambda found: chr(int(found[1] or found[2], 16)) if found[1] or found[2] else found[3],
        inner,
    )


def without_surrogates(text: str) -> str:
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


@given(ANY_TEXT)
def test_any_text_survives_as_a_string(text: str) -> None:
    assert read_by_go(logql.string(text)) == without_surrogates(text)


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_a_condition_reads_back_as_it_was_written(value: str) -> None:
    written = logql.joined("", [Matcher("app", "=", value)])

    assert logql.matchers(written) == [Matcher("app", "=", value)]


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_a_value_cannot_leave_its_selector(value: str) -> None:
    query = f"{logql.joined('', [Matcher('app', '=', value)])} {logql.containing(value)}"

    assert len(logql.selectors(query)) == 1
    assert len(logql.prefixes(query)) == 2
    assert not logql.is_metric(query)


@given(st.lists(st.text('ab.*+|()[]\\^$?{}"`- é', min_size=1, max_size=8), max_size=5), ANY_TEXT)
def test_one_of_matches_exactly_its_values(values: list[str], other: str) -> None:
    expression = read_by_go(logql.one_of(values))

    assert all(re.fullmatch(expression, value) for value in values)
    assert bool(re.fullmatch(expression, other)) is (other in values or (not values and not other))


@pytest.mark.parametrize(
    ("query", "is_metric"),
    [
        ('{app="x"}', False),
        ('  # sum(\n ({app="x"} |= "y")', False),
        ('rate({app="x"}[5m])', True),
        ('(sum(rate({app="x"}[5m])) / 2)', True),
        ("1 + 1", True),
    ],
)
def test_lines_and_numbers_are_told_apart(query: str, is_metric: bool) -> None:
    assert logql.is_metric(query) is is_metric


def test_stages_are_cut_outside_strings_only() -> None:
    query = '{app="a|b"} |= "x | y" | json | line_format `{{.a}} | {{.b}}` | level="err"'

    assert logql.prefixes(query) == [
        '{app="a|b"}',
        '{app="a|b"} |= "x | y"',
        '{app="a|b"} |= "x | y" | json',
        '{app="a|b"} |= "x | y" | json | line_format `{{.a}} | {{.b}}`',
        query,
    ]


def test_ranges_and_selectors_of_a_metric_query_are_found() -> None:
    query = 'sum(rate({a="]"}[5m])) / sum(rate({b="[1h]"} |= "[2h]" [10m]))'

    assert logql.ranges(query) == ["5m", "10m"]
    assert logql.selectors(query) == ['{a="]"}', '{b="[1h]"}']


def test_the_variables_of_dashboards_are_filled() -> None:
    query = 'rate({a="b"}[$__auto]) + rate({a="b"}[${__range}])'

    assert logql.ranges(logql.filled(query, interval="1m", whole="1h")) == ["1m", "1h"]


def test_a_complaint_about_the_second_line_points_there() -> None:
    pointed = logql.pointed('{app="x"}\n| jsn', "parse error at line 2, col 6: unexpected $end")

    assert pointed == "  | jsn\n       ^ here"


def test_a_complaint_far_to_the_right_is_shown_from_near_there() -> None:
    query = '{app="x"} |= "' + "y" * 200

    shown, caret = logql.pointed(query, "line 1, col 180: literal not terminated").split("\n")

    assert len(shown) < 120
    assert shown[len(caret) - len("^ here")] == "y"


def test_a_complaint_without_a_place_points_nowhere() -> None:
    assert logql.pointed("{}", "parse error : queries require at least one matcher") == ""
    assert logql.pointed("{}", "parse error at line 7, col 1: odd") == ""
