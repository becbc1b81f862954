"""What is said beside an answer: the backend's warnings and infos, our hints, its own words."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from jamie_base.errors import InvalidArgument
from jamie_base.text import clean
from jamie_prometheus.client import Rejected
from jamie_prometheus.lint import without_info
from jamie_prometheus.wire import Answer

T = TypeVar("T")

TRUNCATED = "results truncated due to limit"
SHOWN_COLUMNS = 72

_POSITION = re.compile(r"(?:^|\D)(\d{1,6}):(\d{1,6}): parse error")
_PARAMETER = re.compile(r'^invalid parameter "query": ')
_ADVICE = (
    ("many-to-many", "Aggregate one side, or match on(...) with group_left."),
    ("too many samples", "Narrow the matchers, aggregate, or shorten the window."),
    ("unknown function", "It may be experimental and switched off here."),
)


def remarks(answer: Answer[T], hints: Sequence[str], most_series: int) -> tuple[str, ...]:
    """Return every remark on an answer, the most serious first."""
    warnings = [
        f"warning: over {most_series:,} series; only {most_series:,} of them were read, so the"
        " largest may be missing. Narrow the matchers or use topk()."
        if one == TRUNCATED
        else f"warning: {one}"
        for one in answer.warnings
    ]
    infos = [f"info: {one.removeprefix('PromQL info: ')}" for one in answer.infos]
    kept = without_info(hints, answer.infos)

    return (*warnings, *infos, *([f"hint: {'; '.join(kept)}"] if kept else []))


async def explained(promql: str, ask: Callable[[], Awaitable[T]]) -> T:
    """Ask, and show in a refused query the place that Prometheus means.

    Raises:
        InvalidArgument: Prometheus refused the query, with its own words.

    """
    try:
        return await ask()
    except Rejected as exc:
        words = _PARAMETER.sub("", exc.words)
        raise InvalidArgument(
            f"Prometheus refused the query: {words}{_help(promql, words)}"
        ) from exc


def caret(promql: str, line: int, column: int) -> str:
    """Show a line of the query with a caret below a column (from 1, in characters)."""
    lines = promql.split("\n")
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    start = max(0, column - 1 - SHOWN_COLUMNS // 2)
    end = start + SHOWN_COLUMNS
    head, tail = "…" if start else "", "…" if end < len(text) else ""
    # What clean() would drop must not move the caret.
    before = clean(text[start : column - 1].replace("\t", " "))
    after = clean(text[column - 1 : end].replace("\t", " "))

    return f"  {head}{before}{after}{tail}\n  {' ' * (len(head) + len(before))}^"


def _help(promql: str, words: str) -> str:
    if found := _POSITION.search(words):
        return "\n" + caret(promql, int(found[1]), int(found[2]))

    advice = next((said for sign, said in _ADVICE if sign in words), "")

    return f". {advice}" if advice else "."
