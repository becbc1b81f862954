"""The answer to a query: what was asked, how much there is, the lines or series, what is left."""

from jamie_base.blocks import quoted
from jamie_base.text import count, shorten
from jamie_loki.data import LogAnswer
from jamie_loki.render import lines, series
from jamie_loki.render.nothing import nothing
from jamie_loki.wording import humanised, window_of

QUERY_CELLS = 300
SOURCE = "Loki"


def answer(found: LogAnswer) -> str:
    """Write lines or series; where there is neither, why."""
    window = window_of(int(found.start), int(found.end))
    if found.empty:
        noun = "series" if found.metric else "lines"
        head = f"No {noun}, {window}: {_query(found)}"
        return "\n".join([head, *nothing(found.empty), *found.notes])

    body = _series(found, window) if found.metric else _lines(found, window)

    return "\n".join([*body, *found.notes])


def _lines(found: LogAnswer, window: str) -> list[str]:
    if not found.covered:
        return [f"No more lines, {window}; {_total(found)} were shown: {_query(found)}"]

    return [
        f"{_total(found)}, {window} (UTC); {_shown(found)}: {_query(found)}",
        quoted(SOURCE, lines.block(found)),
        *_left(found),
    ]


def _series(found: LogAnswer, window: str) -> list[str]:
    total = len(found.series) + (found.rest.series if found.rest else 0)
    many = count("series", total, "series")
    head = f"{many}, {window}, {series.told(found)}: {_query(found)}"
    rest = found.rest
    tail = (
        [f"(rest: {rest.series:,} series, sum {humanised(rest.sum)}, max {humanised(rest.max)})"]
        if rest
        else []
    )

    return [head, quoted(SOURCE, series.table(found)), *tail]


def _query(found: LogAnswer) -> str:
    """Write the query, always last: a filter for `password=` would have what follows redacted."""
    return shorten(" ".join(found.query.split()), QUERY_CELLS)


def _total(found: LogAnswer) -> str:
    if found.total is None:
        return "Lines (not counted)"

    return count("line", max(found.total, found.before + found.covered))


def _shown(found: LogAnswer) -> str:
    order = "newest" if found.newest else "oldest"
    if found.before:
        which = f"{found.before + 1:,} to {found.before + found.covered:,}"
    else:
        which = f"the {order} {found.covered:,}" if found.cursor else "all of them"

    if not found.patterns:
        return f"{which} below, {order} first"

    return f"{which} say {count('different thing', len(found.patterns))}"


def _left(found: LogAnswer) -> list[str]:
    said: list[str] = []
    if found.patterns:
        said.append("limit=10 shows lines one by one")

    if found.cursor:
        left = (found.total or 0) - found.before - found.covered
        direction = "older" if found.newest else "later"
        how_many = f"{left:,} {direction} lines" if left > 0 else f"{direction} lines"
        said.append(f"{how_many}: cursor={found.cursor}")

    return [f"({'; '.join(said)})"] if said else []
