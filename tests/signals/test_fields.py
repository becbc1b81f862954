import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_signals.logs import Parsed, parse

LINES = [
    ('{"msg":"paid","http":{"status":500,"x":[1]},"n":null}',
     Parsed("paid", {"msg": "paid", "http.status": "500", "http.x": "[1]", "n": ""}, "json")),
    ('level=info msg="a \\"b\\" c" x=1',
     Parsed('a "b" c', {"level": "info", "msg": 'a "b" c', "x": "1"}, "logfmt")),
    ('E1122 10:00:00.123456       1 f.go:12] "Failed" err="x y" pod="a/b"',
     Parsed("Failed", {"source": "f.go:12", "err": "x y", "pod": "a/b"}, "klog")),
    ("E1122 10:00:00.123456       1 f.go:12] boom",
     Parsed("boom", {"source": "f.go:12"}, "klog")),
    ("2026-11-22 10:00:00,123 took 5 ms, user=joe",
     Parsed("took 5 ms, user=joe", {"user": "joe"}, "plain")),
    ("2026-11-22T10:00:00.123456789Z stderr F boom", Parsed("boom", {}, "plain")),
    ('{"log":"boom\\n","stream":"stdout","time":"t"}', Parsed("boom", {}, "plain")),
    ('{"broken":', Parsed('{"broken":', {}, "plain")),
    ("", Parsed("", {}, "plain")),
]  # fmt: skip


@pytest.mark.parametrize(("line", "parsed"), LINES)
def test_a_line_is_taken_apart(line: str, parsed: Parsed) -> None:
    assert parse(line) == parsed


def test_deeply_nested_json_is_read_as_far_as_it_makes_sense() -> None:
    line = '{"a":' * 5000 + "1" + "}" * 5000

    assert parse(line).format in ("json", "plain")


def test_fields_are_bounded() -> None:
    line = json.dumps({f"k{n}": n for n in range(1000)})

    assert len(parse(line).fields) == 64


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.text() | st.dictionaries(st.text(), json_values).map(json.dumps))
def test_no_line_breaks_the_parser(line: str) -> None:
    parsed = parse(line)

    assert len(parsed.fields) <= 64


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text('ab "\\=é', max_size=8), min_size=2
    )
)
def test_logfmt_comes_back_as_it_was_written(fields: dict[str, str]) -> None:
    line = " ".join(
        f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()
    )

    assert parse(line).fields == fields
