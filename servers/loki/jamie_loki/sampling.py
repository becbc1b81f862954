"""Reading suspects: all of them while they are few, else a fair share of every service's.

A sample is drawn service by service and slice by slice of the window, each in proportion to what
Loki counted there, so that a rare error is not drowned by a frequent one and an early one not by
late ones.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import partial

import msgspec
from msgspec.structs import replace

from jamie_base.errors import BackendError, Denied, TooMuch, Unreachable
from jamie_base.progress import progress
from jamie_base.together import together
from jamie_base.when import SECOND, Window
from jamie_loki import logql
from jamie_loki.client import Limits, Loki
from jamie_loki.counting import count_by
from jamie_loki.logql import Matcher
from jamie_loki.paging import Piece, pieces, read
from jamie_loki.replies import Line
from jamie_loki.survey import Layout
from jamie_loki.suspects import LEVEL_LABELS, Query

Who = tuple[str, str]
"""A namespace and a service."""

ALL_LINES = 5_000
"""Suspects read one by one; more than that are sampled."""

SERVICES_DRAWN = 12
LINES_DRAWN = 300
SLICES = 6
BUCKETS = 60


class Sample(msgspec.Struct, frozen=True):
    """Lines read, and how many there are by service.

    Where not all were read, `timeline` holds (bucket start, lines) by service.
    """

    lines: tuple[Line, ...]
    counted: dict[Who, int]
    is_part: bool = False
    timeline: dict[Who, list[tuple[int, float]]] = {}


class Place(msgspec.Struct, frozen=True):
    """Where to look: which streams, over which window, by which labels, under which limits."""

    selector: str
    window: Window
    layout: Layout
    limits: Limits

    @property
    def levels(self) -> tuple[str, ...]:
        """Return the labels that may state a level; where Loki guesses none, any may."""
        if not self.limits.guesses_levels:
            return LEVEL_LABELS

        return tuple(label for label in LEVEL_LABELS if label in self.layout.names)


async def drawn(loki: Loki, query: Query, place: Place) -> Sample:
    """Read the lines a kind of query finds, all or a sample.

    Raises:
        BackendError: Loki refuses, or does not answer.

    """
    try:
        found = await _read(
            loki, query(place.selector, place.levels), place.window, place, ALL_LINES
        )
        if not found.more:
            counted = Counter(place.layout.who(line.labels) for line in found.lines)
            return Sample(found.lines, dict(counted))
    except TooMuch:
        # Lines of many kilobytes: fewer of them tell as much.
        await progress("The lines are long; reading a sample of them.")

    return await _sampled(loki, query, place)


def merged(samples: Sequence[Sample]) -> Sample:
    """Put samples of queries that share no line together."""
    counted: Counter[Who] = Counter()
    timeline: dict[Who, Counter[int]] = defaultdict(Counter)
    for sample in samples:
        counted.update(sample.counted)
        for who, points in sample.timeline.items():
            timeline[who].update({at: round(number) for at, number in points})

    return Sample(
        lines=tuple(line for sample in samples for line in sample.lines),
        counted=dict(counted),
        is_part=any(sample.is_part for sample in samples),
        timeline={
            who: [(at, float(number)) for at, number in sorted(points.items())]
            for who, points in timeline.items()
        },
    )


async def _sampled(loki: Loki, query: Query, place: Place) -> Sample:
    try:
        return await _shared_out(loki, query, place)
    except (Unreachable, Denied):
        raise
    except BackendError:
        # More services than Loki counts in one query: all of them together, then.
        return await _shared_out(
            loki, query, replace(place, layout=Layout("", "", place.layout.names))
        )


async def _shared_out(loki: Loki, query: Query, place: Place) -> Sample:
    expression, layout = query(place.selector, place.levels), place.layout
    rows = await count_by(loki, expression, layout.by, place.window, place.limits)
    counted = {_who(layout, key): number for key, number in rows.items()}
    timeline = await _timeline(loki, expression, place)
    biggest = sorted(counted, key=lambda who: (-counted[who], who))[:SERVICES_DRAWN]
    await progress(f"{sum(counted.values()):,} lines to tell apart; reading a sample of them.")
    draws = [draw for who in biggest for draw in _draws(query, who, timeline.get(who, ()), place)]
    pages = await together(
        *(
            partial(_read, loki, expression, window, place, wanted)
            for expression, window, wanted in draws
        )
    )

    return Sample(
        lines=tuple(line for page in pages for line in page.lines),
        counted=counted,
        is_part=True,
        timeline=timeline,
    )


async def _read(loki: Loki, expression: str, window: Window, place: Place, wanted: int) -> Piece:
    return await read(
        loki, expression, window, wanted=wanted, newest=True, limits=place.limits, after=None
    )


async def _timeline(
    loki: Loki, expression: str, place: Place
) -> dict[Who, list[tuple[int, float]]]:
    """Count by service and bucket; Loki aligns the buckets to their length."""
    step = _bucket_ns(place.window)
    grouped = f"sum by ({place.layout.by}) (count_over_time({expression} [{step // SECOND}s]))"
    points: dict[Who, dict[int, float]] = defaultdict(dict)
    for part in pieces(place.window, place.limits.length_ns):
        for row in (await loki.over(grouped, part, step_ns=step)).series:
            key = tuple(row.labels.get(name, "") for name in place.layout.by.split(", "))
            starts = {round(at * SECOND) - step: number for at, number in row.points}
            points[_who(place.layout, key)].update(starts)

    grid = range(place.window.start_ns // step * step, place.window.end_ns, step)

    return {who: [(at, held.get(at, 0.0)) for at in grid] for who, held in points.items()}


def _draws(
    query: Query, who: Who, timeline: Sequence[tuple[int, float]], place: Place
) -> Iterator[tuple[str, Window, int]]:
    """Share out a service's lines over slices of the window, by how many fall into each."""
    expression = query(logql.joined(place.selector, _conditions(place.layout, who)), place.levels)
    total = sum(number for _, number in timeline)
    size = max(math.ceil(len(timeline) / SLICES), 1)
    step = _bucket_ns(place.window)
    for first in range(0, len(timeline), size):
        held = timeline[first : first + size]
        number = sum(number for _, number in held)
        window = Window(
            max(held[0][0], place.window.start_ns), min(held[-1][0] + step, place.window.end_ns)
        )
        if number and window.start_ns < window.end_ns:
            yield expression, window, max(round(LINES_DRAWN * number / total), 1)


def _conditions(layout: Layout, who: Who) -> list[Matcher]:
    named = zip((layout.namespace, layout.service), who, strict=True)

    return [Matcher(label, "=", value) for label, value in named if label and any(who)]


def _who(layout: Layout, key: Sequence[str]) -> Who:
    namespace, service, *_ = (*key, "", "") if layout.namespace else ("", *key, "")

    return namespace, service


def _bucket_ns(window: Window) -> int:
    return max(math.ceil(window.seconds / BUCKETS), 1) * SECOND
