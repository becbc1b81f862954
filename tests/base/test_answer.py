"""Pages within a budget, and cursors that neither repeat nor skip."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_base.answer import Page, paginate
from jamie_base.errors import InvalidArgument


def page(
    rows: list[int], *, limit: int = 3, cursor: str = "", query: str = "", budget: int = 1_000
) -> Page[int]:
    return paginate(
        rows,
        key=lambda row: (row,),
        line=str,
        limit=limit,
        cursor=cursor,
        query=query,
        budget=budget,
    )


def test_a_page_holds_the_first_rows_and_counts_the_rest() -> None:
    first = page([3, 1, 2, 5, 4])

    assert first.rows == (1, 2, 3)
    assert (first.total, first.before, first.hidden) == (5, 0, 2)
    assert first.cursor


def test_the_cursor_goes_on_where_the_page_ended() -> None:
    rows = [1, 2, 3, 4, 5]
    second = page(rows, cursor=page(rows).cursor)

    assert second == Page(rows=(4, 5), total=5, before=3)


def test_a_list_that_changed_neither_repeats_nor_skips_and_says_so() -> None:
    cursor = page([10, 20, 30, 40, 50]).cursor
    second = page([5, 10, 30, 35, 40, 50], cursor=cursor)

    assert second.rows == (35, 40, 50)
    assert second.changed


def test_rows_that_join_after_the_cursor_are_no_change_before_it() -> None:
    cursor = page([10, 20, 30, 40]).cursor

    assert not page([10, 20, 30, 35, 40], cursor=cursor).changed


def test_long_rows_end_the_page_before_its_limit() -> None:
    first = page([1_000, 2_000, 3_000], budget=10)

    assert first.rows == (1_000, 2_000)
    assert first.hidden == 1


def test_one_row_is_shown_however_long() -> None:
    assert page([10**50, 10**51], budget=5).rows == (10**50,)


@pytest.mark.parametrize("cursor", ["nonsense", "e30", "!!!", "a", "W10", "🙂"])
def test_a_cursor_that_is_none_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidArgument, match="leave it out to start again"):
        page([1, 2], cursor=cursor)


def test_a_cursor_of_another_question_is_refused() -> None:
    cursor = page([1, 2, 3, 4], query="namespace=a").cursor

    with pytest.raises(InvalidArgument, match="belongs to other arguments"):
        page([1, 2, 3, 4], query="namespace=b", cursor=cursor)


@given(st.sets(st.integers(-50, 50)), st.integers(1, 10), st.integers(1, 40))
def test_pages_together_are_the_list(rows: set[int], limit: int, budget: int) -> None:
    seen: list[int] = []
    cursor = ""
    while True:
        part = page(sorted(rows), limit=limit, budget=budget, cursor=cursor)
        assert part.before == len(seen)
        seen += part.rows
        cursor = part.cursor
        if not cursor:
            break

    assert seen == sorted(rows)
