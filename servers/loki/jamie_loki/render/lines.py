"""Log lines and patterns, each on a line of its own, or a few for a trace."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, takewhile

from jamie_base.text import count, cut, shorten, size
from jamie_loki.data import LinePattern, LogAnswer, LogLine, Trace
from jamie_loki.wording import inline, spans_days, stamp

LINES_BYTES = 4_600
"""What the lines of an answer take; the rest is for what is said about them."""

PATTERN_BYTES = 3_200
LINE_CELLS = 400
TEMPLATE_CELLS = 240
LABELS_CELLS = 160
MOST_SERVICES = 3


def block(answer: LogAnswer) -> str:
    """Return everything in an answer that a stranger wrote."""
    shared = [f"all: {pairs(answer.common)}"] if answer.common else []
    dated = spans_days(int(answer.start), int(answer.end))
    summary = [pattern(one, dated=dated) for one in fitting_patterns(answer.patterns, dated=dated)]
    rows = [entry(one, dated=dated) for one in answer.lines]
    if not summary:
        return "\n".join([*shared, *rows])

    left = LINES_BYTES - sum(size(row) + 1 for row in summary)
    shown = list(_leading(rows, left))
    heading = ["", f"the {'newest' if answer.newest else 'oldest'} of them:"] if shown else []

    return "\n".join([*shared, *summary, *heading, *shown])


def entry(line: LogLine, *, dated: bool) -> str:
    """Write one entry: its time, the labels that tell it from the others, its text."""
    own = shorten(pairs(_telling(line)), LABELS_CELLS)
    head = f"{stamp(int(line.at), dated=dated)} {f'[{own}] ' if own else ''}"
    if line.trace:
        first, _, _ = line.line.partition("\n")
        return f"{head}{_shortened(first, line.cut)}\n    {trace(line.trace, first)}"

    return head + _shortened(line.line.replace("\n", " ⏎ "), line.cut)


def pattern(one: LinePattern, *, dated: bool) -> str:
    """Write one pattern: how many, how bad, when, from where, what."""
    names = [inline(name, 40) for name in list(one.services)[:MOST_SERVICES]]
    more = f" and {len(one.services) - len(names)} more" if len(one.services) > len(names) else ""
    where = f" {', '.join(names)}{more}" if names else ""
    level = "" if one.level == "unknown" else f" {one.level}"
    times = f"{stamp(int(one.first), dated=dated)[:-4]} to {stamp(int(one.last), dated=dated)[:-4]}"
    what = one.example if one.count == 1 else one.template

    return f"{one.count:,}x{level} {times}{where} | {shorten(_flat(what), TEMPLATE_CELLS)}"


def trace(one: Trace, first_line: str) -> str:
    """Write a folded trace: the root cause, unless just said, and the first frame of one's own."""
    root = "" if one.root in first_line else shorten(_flat(one.root), LINE_CELLS)
    frame = f"in {one.frame}" if one.frame else ""
    frames = f"({one.language} trace, {count('frame', one.hidden)} hidden)"

    return " ".join(filter(None, [root, frame, frames]))


def pairs(labels: Mapping[str, str]) -> str:
    """Write labels as `name=value`."""
    return " ".join(f"{name}={_flat(value)}" for name, value in labels.items())


def fitting_patterns(found: Sequence[LinePattern], *, dated: bool) -> Sequence[LinePattern]:
    """Keep the patterns that fit into their part of the answer, at least the first."""
    sizes = accumulate(size(pattern(one, dated=dated)) + 1 for one in found)
    kept = sum(1 for _ in takewhile(lambda taken: taken <= PATTERN_BYTES, sizes))

    return found[: max(kept, 1)]


def _telling(line: LogLine) -> Mapping[str, str]:
    """Keep the labels that say something the text, or another label, does not."""
    values = list(line.labels.values())

    return {
        name: value
        for place, (name, value) in enumerate(line.labels.items())
        if value not in line.line and not _said(value, values[:place], values[place + 1 :])
    }


def _said(value: str, before: Sequence[str], after: Sequence[str]) -> bool:
    """Tell whether a value stands before, or begins a longer one: a pod's name holds its app's."""
    return value in before or any(other.startswith(f"{value}-") for other in (*before, *after))


def _leading(rows: Sequence[str], budget: int) -> Sequence[str]:
    sizes = accumulate(size(row) + 1 for row in rows)
    kept = sum(1 for _ in takewhile(lambda taken: taken <= budget, sizes))

    return rows[:kept]


def _shortened(text: str, already_cut: int) -> str:
    """Cut a long line and say how much of it is missing."""
    shown = cut(shorten(text, LINE_CELLS), 3 * LINE_CELLS)
    missing = len(text) - len(shown) + already_cut

    return f"{shown} (+{missing:,} characters)" if missing > 0 else shown


def _flat(text: str) -> str:
    return " ".join(text.split())
