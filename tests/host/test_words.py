"""Small things: names, pieces, cleaning, policy, persona, arguments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.types import Tool, ToolAnnotations

from jamie_host.answer import ToolAnswer
from jamie_host.arguments import parse_arguments
from jamie_host.cleaning import clean
from jamie_host.expansion import UnsetError, expand
from jamie_host.names import FOREIGN, LONGEST, name_tools, nearest
from jamie_host.persona import dress
from jamie_host.policy import Word, judge
from jamie_host.settings import PolicySettings
from jamie_host.shelf import Shelf


def test_a_name_is_plain_when_unique_and_prefixed_when_not() -> None:
    names = name_tools([("a", "list"), ("b", "list"), ("b", "get.it")])

    assert set(names) == {"a__list", "b__list", "get_it"}
    assert names["get_it"].tool == "get.it"


@given(st.lists(st.tuples(st.text(max_size=9), st.text(max_size=90)), unique=True, max_size=20))
def test_every_tool_has_a_name_of_its_own_that_providers_take(tools: list[tuple[str, str]]) -> None:
    names = name_tools(tools)

    assert sorted((wired.server, wired.tool) for wired in names.values()) == sorted(tools)
    assert all(len(name) <= LONGEST and not FOREIGN.search(name) for name in names)


def test_the_nearest_names_come_first() -> None:
    assert nearest("k8s_pod", ["k8s_pods", "prom_query"])[0] == "k8s_pods"
    assert nearest("", ["a"]) == []


@given(st.text(min_size=1), st.integers(min_value=40, max_value=200))
def test_pieces_make_up_the_whole(text: str, size: int) -> None:
    shelf = Shelf(size)
    first = shelf.bounded(ToolAnswer(tool="t", text=text)).text
    if not shelf:
        assert first == text
        return
    read, offset = "", 0
    while offset < len(text):
        piece = shelf.piece("r1", offset)
        body, _, note = piece.rpartition("\n")
        read += body
        offset = len(read)
        assert len(body.encode()) <= size
        assert note

    assert read == text


def test_terminal_tricks_are_removed() -> None:
    nasty = "a\x1b[2Jb\x1b]0;title\x07c\u202ed\u200be\r\nf\tg\x00"

    assert clean(nasty) == "abcde\nf\tg"


@pytest.mark.parametrize(
    ("reads", "trusted", "verdict"),
    [(True, True, "allow"), (True, False, "ask"), (False, True, "ask"), (None, True, "ask")],
)
def test_a_tool_runs_unasked_only_when_a_trusted_one_says_it_reads(
    reads: bool | None, trusted: bool, verdict: str
) -> None:
    notes = None if reads is None else ToolAnnotations(read_only_hint=reads)
    tool = Tool(name="t", input_schema={"type": "object"}, annotations=notes)

    assert judge("t", Word(tool, trusted=trusted), PolicySettings()) == verdict


@pytest.mark.parametrize(("trusted", "verdict"), [(True, "allow"), (False, "ask")])
def test_a_tool_whose_trusted_server_asks_is_not_asked_about_twice(
    trusted: bool, verdict: str
) -> None:
    assert judge("t", Word(trusted=trusted, asks=True), PolicySettings()) == verdict
    assert judge("t", Word(trusted=trusted, asks=True), PolicySettings(ask=("t",))) == "ask"


def test_the_strictest_rule_wins() -> None:
    rules = PolicySettings(allow=("*",), ask=("k8s_*",), deny=("k8s_delete*",))

    assert judge("k8s_delete_pod", Word(), rules) == "deny"
    assert judge("k8s_scale", Word(), rules) == "ask"
    assert judge("other", Word(), rules) == "allow"


def test_the_persona_frames_an_answer_and_leaves_it_alone() -> None:
    text = "3 of 3 nodes ready."

    british = dress(text, "british", calm=True)

    assert text in british.split("\n\n")
    assert british == dress(text, "british", calm=True)
    assert british != dress(text, "british", calm=False)
    assert dress(text, "plain", calm=True) == text


@pytest.mark.parametrize(
    ("word", "schema", "value"),
    [
        ("a=5", {"type": "integer"}, 5),
        ("a=5", {"type": "string"}, "5"),
        ("a=0.5", {"type": "number"}, 0.5),
        ("a=yes", {"type": "boolean"}, True),
        ("a=x,y", {"type": "array"}, ["x", "y"]),
        ('a=["x,y"]', {"type": "array"}, ["x,y"]),
        ("a=b=c", {}, "b=c"),
        ("a=7", {"anyOf": [{"type": "integer"}, {"type": "null"}]}, 7),
    ],
)
def test_words_become_values_by_the_schema(
    word: str, schema: dict[str, object], value: object
) -> None:
    assert parse_arguments([word], "", {"properties": {"a": schema}}, "t") == {"a": value}


def test_variables_have_defaults_and_editors_inputs_have_none() -> None:
    assert expand("${A}-${B:-b}-$C", {"A": "a"}) == "a-b-$C"
    with pytest.raises(UnsetError, match="the variable A is not set"):
        expand("${A}", {})
    with pytest.raises(UnsetError, match="known to an editor only"):
        expand("${input:key}", {})
