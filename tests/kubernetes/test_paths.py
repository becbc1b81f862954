"""Paths into objects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_base.errors import InvalidArgument
from jamie_kubernetes.facts.paths import Found, follow, read_path, read_paths, split_outside
from tests.kubernetes.wire import Json

POD: Json = {
    "metadata": {
        "name": "web-0",
        "labels": {"app": "web", "app.kubernetes.io/name": "shop", "x": "1"},
    },
    "spec": {
        "containers": [
            {"name": "app", "image": "web:1", "ports": [{"port": 80}, {"port": 81}]},
            {"name": "proxy", "image": "envoy:2"},
        ]
    },
    "status": {
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "Other", "status": "False"}]
    },
}


def plain(found: Found) -> object:
    return found.value


def values(text: str) -> list[object]:
    return [found.value for found in follow(POD, read_path(text), plain)]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("metadata.name", ["web-0"]),
        (".metadata.name", ["web-0"]),
        ("{.metadata.name}", ["web-0"]),
        ("$.metadata.name", ["web-0"]),
        ("name", ["web-0"]),
        ("metadata.labels.app", ["web"]),
        ("metadata.labels.app.kubernetes.io/name", ["shop"]),
        (r"metadata.labels.app\.kubernetes\.io/name", ["shop"]),
        ('metadata.labels["app.kubernetes.io/name"]', ["shop"]),
        ("metadata.labels['app.kubernetes.io/name']", ["shop"]),
        ("metadata.labels.*", ["web", "shop", "1"]),
        ("spec.containers[*].image", ["web:1", "envoy:2"]),
        ("spec.containers.image", ["web:1", "envoy:2"]),
        ("spec.containers[].image", ["web:1", "envoy:2"]),
        ("spec.containers[1].name", ["proxy"]),
        ("spec.containers[-1].name", ["proxy"]),
        ("spec.containers[7].name", []),
        ("spec.containers[*].ports[*].port", [80, 81]),
        ("spec.containers[name=proxy].image", ["envoy:2"]),
        ('status.conditions[?(@.type=="Ready")].status', ["True"]),
        ("status.conditions[type=Ready].status", ["True"]),
        ("spec.nothing.here", []),
        ("metadata.name.further", []),
    ],
)
def test_a_path_leads_where_it_says(path: str, wanted: list[object]) -> None:
    assert values(path) == wanted


@pytest.mark.parametrize("text", ["", " ", "[", "a[", "a b", "a]", "spec.[?]", "x" * 400])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="is not a path"):
        read_path(text)


def test_paths_are_split_at_commas_outside_brackets_and_quotes() -> None:
    found = read_paths('a.b, c["x,y"].d,status.conditions[?(@.type=="a,b")].status,')

    assert [path.text for path in found] == [
        "a.b",
        'c["x,y"].d',
        'status.conditions[?(@.type=="a,b")].status',
    ]


@given(st.text(max_size=80))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        path = read_path(text)
    except InvalidArgument:
        return
    assert all(isinstance(found, Found) for found in follow(POD, path, plain))


@given(st.lists(st.text("abc[]()'\"", max_size=6), max_size=5))
def test_nothing_but_marks_and_blanks_gets_lost_in_a_split(parts: list[str]) -> None:
    text = ",".join(parts)

    assert "".join(split_outside(text, ",")).replace(",", "") == text.replace(",", "")


KEYS = st.text("abcxyz.-/", min_size=1, max_size=12)


@given(KEYS, st.integers())
def test_a_quoted_key_is_found_whatever_it_is(key: str, value: int) -> None:
    path = read_path(f'data["{key}"]')

    assert [found.value for found in follow({"data": {key: value}}, path, plain)] == [value]
