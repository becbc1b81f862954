"""Objects shown whole, within a budget."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_kubernetes.facts.documents import arranged, fitted, path_of
from jamie_kubernetes.render.documents import as_json, as_yaml
from tests.kubernetes.wire import Json


def deployment(containers: int) -> Json:
    env = [{"name": f"V{n}", "value": "x" * 20} for n in range(20)]
    spec = {"containers": [{"name": f"c{n}", "env": env} for n in range(containers)]}
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    return {
        "status": {"conditions": [{"type": "Available", "status": "False"}]},
        "spec": {"template": {"spec": spec}},
        "metadata": {"name": "web", "managedFields": [1], "annotations": {applied: "{}"}},
        "kind": "Deployment",
    }


def test_status_goes_last_and_noise_goes_out() -> None:
    shown = arranged(deployment(1))

    assert [*shown] == ["metadata", "kind", "spec", "status"]
    assert shown["metadata"] == {"name": "web"}


def test_what_fits_is_left_as_it_is() -> None:
    one = arranged(deployment(1))

    assert fitted(one, 5_000, as_yaml) == as_yaml(one)


@pytest.mark.parametrize("dump", [as_yaml, as_json])
def test_the_largest_parts_go_first_named_by_path_and_the_status_stays(dump: object) -> None:
    text = fitted(arranged(deployment(6)), 2_000, dump)  # pyright: ignore[reportArgumentType]  # both fit

    assert len(text.encode()) <= 2_000
    assert "Available" in text
    assert "20 entries left out; fields=spec.template.spec.containers[0].env)" in text


def test_long_texts_are_cut_and_say_how_long_they_were() -> None:
    text = fitted({"data": {"a.txt": "line\n" * 2_000, "b": "short"}}, 1_500, as_yaml)

    assert "(10,000 bytes in all)" in text
    assert "b: short" in text


def test_a_list_that_is_left_out_leaves_valid_json() -> None:
    assert json.loads(fitted(arranged(deployment(9)), 1_500, as_json))["kind"] == "Deployment"


TREES = st.recursive(
    st.integers() | st.text(max_size=300) | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=9), inner, max_size=8)
    ),
    max_leaves=40,
)


@given(st.dictionaries(st.sampled_from(["metadata", "spec", "status", "data"]), TREES))
def test_whatever_it_is_it_fits(tree: Json) -> None:
    assert len(fitted(tree, 700, as_json).encode()) <= 700


def test_places_are_written_as_paths() -> None:
    assert path_of(("spec", "a", 0, "x.y", "b")) == 'spec.a[0]["x.y"].b'
