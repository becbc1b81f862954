"""Values put into PromQL come out again."""

from hypothesis import given
from hypothesis import strategies as st

from jamie_prometheus import promql
from jamie_prometheus.structure import Matcher, matchers_of, read

TEXTS = st.text(max_size=60)
NAMES = st.text(min_size=1, max_size=30)
GO_ESCAPES = {"\\": "\\", '"': '"', "n": "\n", "r": "\r", "t": "\t"}


def unquoted(text: str) -> str:
    """Read a PromQL string as Prometheus (Go) does."""
    inside, out = iter(text[1:-1]), ""
    for character in inside:
        assert character not in '"\n'
        if character != "\\":
            out += character
        elif (escaped := next(inside)) == "x":
            out += chr(int(next(inside) + next(inside), 16))
        else:
            out += GO_ESCAPES[escaped]

    return out


@given(TEXTS)
def test_any_text_survives_as_a_string(text: str) -> None:
    assert unquoted(promql.string(text)) == text.encode(errors="replace").decode()


@given(TEXTS, st.sampled_from(["=", "!="]))
def test_a_value_never_leaves_its_matcher(value: str, operator: str) -> None:
    matcher = Matcher("label", operator, value)

    structure = read(promql.selector("metric", (matcher,)) or "")

    if structure is not None:  # the linter's parser knows fewer escapes than Prometheus
        (found,) = structure.selectors
        assert found.metric == "metric"
        assert [one.name for one in found.matchers] == ["label"]


def test_plain_names_stay_plain_and_others_are_quoted() -> None:
    assert promql.selector("up") == "up"
    assert promql.selector("up", (Matcher("job", "=~", "a|b"),)) == 'up{job=~"a|b"}'
    assert promql.selector("http.server", (Matcher("k8s.pod", "=", "x"),)) == (
        '{__name__="http.server", "k8s.pod"="x"}'
    )
    assert promql.selector("and") == '{__name__="and"}'
    assert promql.exactly({"__name__": "up", "job": 'a"b'}) == 'up{job="a\\"b"}'


@given(NAMES)
def test_a_label_in_a_path_is_one_plain_segment(name: str) -> None:
    assert set(promql.label_in_path(name)) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:"
    )


def test_a_label_in_a_path_is_escaped_as_prometheus_does() -> None:
    assert promql.label_in_path("job") == "job"
    assert promql.label_in_path("k8s.pod_name") == "U__k8s_2e_pod__name"


def test_a_comment_at_the_end_of_a_query_does_not_swallow_the_bracket() -> None:
    assert promql.counted("up # all of them") == "count(up # all of them\n)"


@given(TEXTS)
def test_matchers_are_read_or_refused_but_never_widened(text: str) -> None:
    found = matchers_of(text)

    assert found is None or found or not text.strip().removeprefix("{").removesuffix("}").strip()


def test_what_is_no_list_of_matchers_is_refused() -> None:
    tricks = ['a="b"} or vector(1) or x{', 'a="b" or c="d"', "critical", 'a="b"}[5m', '"', "a=b"]

    assert [matchers_of(one) for one in tricks] == [None] * len(tricks)
