"""YAML as kubectl reads it."""

import pytest

from jamie_kubernetes.facts.yaml_text import DEPTH, VALUES, Document, YamlError, documents


def only(text: str) -> object:
    (found,) = documents(text)
    return found.value


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("", None),
        ("~", None),
        ("yes", True),
        ("Off", False),
        ("oN", "oN"),
        ('"yes"', "yes"),
        ("0644", 420),
        ("0o644", 420),
        ("0x1f", 31),
        ("-0b11", -3),
        ("1_000", 1000),
        ("08", 8),
        ("1e3", 1000),
        ("0.5", 0.5),
        (".5", 0.5),
        ("+7", 7),
        ("22:22", "22:22"),
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("=", "="),
        ("1.2.3", "1.2.3"),
        ("-", [None]),
        ("!!str 12", "12"),
        ("!!binary aGk=", "aGk="),
        ("|\n  a\n  b\n", "a\nb\n"),
    ],
)
def test_words_are_read_as_kubectl_reads_them(word: str, value: object) -> None:
    found = only(f"x: {word}" if word != "-" else "x:\n-")

    assert found == {"x": value}


def test_several_documents_know_their_lines() -> None:
    text = "# a comment\na: 1\n---\n---\n# another\n- b\n...\n"

    assert documents(text) == [Document({"a": 1}, 2), Document(["b"], 6)]


def test_json_is_yaml() -> None:
    assert only('{"a": [1, "x", {"b": null}], "c": true}') == {
        "a": [1, "x", {"b": None}],
        "c": True,
    }


def test_aliases_and_merges_work_as_usual() -> None:
    text = "base: &base {a: 1, b: 2}\nlist: [*base]\nown:\n  <<: *base\n  b: 3\n"

    assert only(text) == {
        "base": {"a": 1, "b": 2},
        "list": [{"a": 1, "b": 2}],
        "own": {"a": 1, "b": 3},
    }


def test_keys_become_texts() -> None:
    assert only("on: 1\n2: x\n~: z\n") == {"true": 1, "2": "x", "null": "z"}


def bomb(entry: str) -> str:
    rows = [f"a{one}: &a{one} {entry % ((f'*a{one - 1}',) * 9)}" for one in range(1, 12)]
    return "\n".join(["a0: &a0 {k: [x, x, x]}", *rows])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: [", "line 3, column 1: did not find expected node content"),
        ("a: b: c", "line 1, column 5: mapping values are not allowed in this context"),
        ("a: 1\na: 2", "line 2: the key 'a' stands twice"),
        ("a: *x", "line 1: the alias *x names nothing that is whole by then"),
        ("a: &x [*x]", "line 1: the alias *x names nothing"),
        ("? [a]\n: b", "line 1: a list or a mapping cannot be a key"),
        ("a: .inf", "line 1: .inf is no number that JSON knows"),
        ("a: !!python/object:os.system x", "line 1: the tag"),
        ("a: !mine {b: 1}", "line 1: the tag !mine is not one of JSON's types"),
        ("a: {<<: 1}", "line 1: << takes a mapping"),
        ("a: \x00", ""),
        ("[" * 200_000, f"nested deeper than {DEPTH} levels"),
        ("{a: " * 200_000, f"nested deeper than {DEPTH} levels"),
        ("- x\n" * (VALUES + 1), f"more than {VALUES:,} values"),
        (bomb("[%s, %s, %s, %s, %s, %s, %s, %s, %s]"), f"more than {VALUES:,} values"),
        (bomb("{<<: [%s, %s, %s, %s, %s, %s, %s, %s, %s]}"), f"more than {VALUES:,} values"),
    ],
)
def test_what_is_not_read_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(YamlError) as caught:
        documents(text)

    assert said in str(caught.value)
