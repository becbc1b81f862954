import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_base.text import (
    clean,
    clip,
    columns,
    count,
    cut,
    grouped,
    join_words,
    phrase,
    shorten,
    size,
    width,
)

# Dense in what clean() removes, so that sequences of it are tried in every order.
nasty = st.text(
    st.characters()
    | st.sampled_from(
        "\x1b\x9b\x9d\x9c\x07[]mP\\0;\r\n\x85\u2028\u200b\u202e\ufeff\ue000\U000e0041\ud800"
    )
)


@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("a\x1b[1;31mred\x1b[0m", "ared"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]never closed, so kept", "never closed, so kept"),
        ("\x9b31mred", "red"),
        ("\x1b\u200b[31mred", "red"),
        ("\x1bPq#0\x1b\\after", "after"),
        ("one\r\ntwo\rthree\u2028four\x85five\x0bsix", "one\ntwo\nthree\nfour\nfive\nsix"),
        ("user\u202egnp.exe\u2066", "usergnp.exe"),
        ("pass\u200bword\ufeff\u00ad", "password"),
        ("ok\U000e0049\U000e0047\ufe0f", "ok"),
        ("nul\x00bell\x07del\x7f", "nulbelldel"),
        ("half\ud800pair", "half\ufffdpair"),
        ("naïve 日本 🙂 עברית", "naïve 日本 🙂 עברית"),
    ],
)
def test_what_a_reader_cannot_see_is_dropped(dirty: str, expected: str) -> None:
    assert clean(dirty) == expected


@given(nasty)
def test_cleaned_text_holds_nothing_hidden_and_stays_as_it_is(text: str) -> None:
    cleaned = clean(text)

    assert clean(cleaned) == cleaned
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]", cleaned)
    assert not re.search(
        "[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]", cleaned
    )
    assert not any(unicodedata.category(character) == "Cs" for character in cleaned)


@given(st.text(), st.integers(-5, 50))
def test_a_cut_text_is_a_beginning_that_fits(text: str, limit: int) -> None:
    kept = cut(text, limit)

    assert size(kept) <= max(limit, 0)
    assert text.startswith(kept)


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30)), st.integers(40, 400)
)
def test_clipped_lines_fit_the_budget(lines: list[str], budget: int) -> None:
    assert size(clip(lines, budget, hint="x")) <= budget


@given(st.lists(st.text("abcé", min_size=1, max_size=9), min_size=1), st.integers(60, 200))
def test_clipped_lines_and_hidden_lines_are_all_of_them(lines: list[str], budget: int) -> None:
    shown = clip(lines, budget).split("\n")
    hidden = re.fullmatch(r"\(([\d,]+) more lines? not shown\)", shown[-1])

    kept = shown[:-1] if hidden else shown
    assert kept == lines[: len(kept)]
    assert len(kept) + (int(hidden[1]) if hidden else 0) == len(lines)


def test_clipping_says_how_much_is_hidden_and_how_to_see_it() -> None:
    clipped = clip(["pod-1", "pod-2", *["pod"] * 1_998], 60, hint="raise limit")

    assert clipped == "pod-1\npod-2\npod\n(1,997 more lines not shown; raise limit)"


def test_a_first_line_that_alone_is_too_long_is_cut_between_characters() -> None:
    assert clip(["é" * 100, "next"], 50, hint="narrow") == (
        "ééééééé…\n(1 more line not shown; narrow)"
    )
    assert clip(["é" * 100], 30) == "éééééééé…\n(line cut)"


def test_the_remark_survives_the_smallest_budget() -> None:
    assert clip(["one", "two"], 0) == "(2 more lines not shown)"


def test_columns_align_by_what_a_terminal_shows() -> None:
    rows = [["NAME", "READY", "AGE"], ["web", "1/1"], ["日本", "0/1", "3d"], ["x", "", ""]]

    assert columns(rows) == ["NAME  READY  AGE", "web   1/1", "日本  0/1    3d", "x"]
    assert columns([]) == []


def test_things_are_counted() -> None:
    assert count("pod", 1) == "1 pod"
    assert count("pod", 1_532) == "1,532 pods"
    assert count("policy", 0, "policies") == "0 policies"


def test_same_rows_are_grouped_under_the_first_in_the_order_they_came() -> None:
    rows = ["web-2 Failed", "web-1 Running", "db-0 Running", "api-3 Failed"]

    assert grouped(rows, lambda row: row.split()[1]) == [(2, "web-2 Failed"), (2, "web-1 Running")]


@given(st.text("ab日本e\u0301", max_size=20), st.integers(0, 20), st.booleans())
def test_a_shortened_text_fits_its_cells(text: str, limit: int, middle: bool) -> None:
    assert width(shorten(text, limit, middle=middle)) <= limit


def test_names_lose_their_middle_and_messages_their_end() -> None:
    assert shorten("payment-service-7d9f6c-xk2lp", 15, middle=True) == "payment…c-xk2lp"
    assert shorten("connection refused by peer", 12) == "connection …"
    assert shorten("short", 12) == "short"


@given(nasty | st.text("a ([{}])"), st.integers(0, 40))
def test_a_phrase_fits_its_cells(text: str, limit: int) -> None:
    assert width(phrase(text, limit)) <= limit


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("it does not start, no image", "it does not start…"),
        ("it does not (image web:1 is no image)", "it does not…"),
        ("no (image web:1, registry.example.net)", "no (image web:1…)"),
        ("no (image [web:1, registry.example.net])", "no (image…)"),
        ("it (once) does (not) start", "it (once) does…"),
        ("it) does not start at all", "it) does not…"),
        ("verylongnameofsomething", "verylongnameofsom…"),
    ],
)
def test_a_phrase_is_cut_between_words_and_leaves_no_bracket_open(text: str, said: str) -> None:
    assert phrase(text, 19) == said
    assert phrase(text, 99) == text


def test_words_are_joined_as_a_person_would() -> None:
    assert join_words([]) == ""
    assert join_words(["a"]) == "a"
    assert join_words(["a", "b"], last="or") == "a or b"
    assert join_words(["a", "b", "c"]) == "a, b and c"
