"""Why a query found nothing: which of its conditions, which of its stages, or just the window."""

import re
from collections.abc import Sequence
from functools import partial

from jamie_base.errors import BackendError, Denied, Unreachable
from jamie_base.text import count as counted
from jamie_base.together import together
from jamie_base.when import UNITS, Window, clock, nanoseconds, span
from jamie_loki import logql
from jamie_loki.client import Limits, Loki
from jamie_loki.counting import count, count_by
from jamie_loki.data import Empty, Step
from jamie_loki.logql import Matcher
from jamie_loki.wording import inline
from jamie_signals.similar import nearest

DAY_NS = UNITS["d"]
MOST_STAGES = 8
MOST_SHOWN = 5


async def why_empty(loki: Loki, query: str, window: Window, limits: Limits, *, now: float) -> Empty:
    """Find out why a query found no line in the window.

    Raises:
        Unreachable, Denied: Loki does not answer us.

    """
    selector = next(iter(logql.selectors(query)), "")
    if not selector:
        return Empty("The query names no streams.")

    try:
        if await loki.streams(selector, window):
            return await _why_filtered(loki, query, window, limits)

        return await _why_no_stream(loki, selector, window, now=now)
    except (Unreachable, Denied):
        raise
    except BackendError as exc:
        return Empty(f"Nothing was found; why could not be told ({exc}).")


async def _why_filtered(loki: Loki, query: str, window: Window, limits: Limits) -> Empty:
    stages = logql.prefixes(query)[:MOST_STAGES]
    left = await together(*(partial(count, loki, stage, window, limits) for stage in stages))
    steps = tuple(
        Step(stage[len(before) :].strip(), lines)
        for before, stage, lines in zip(["", *stages], stages, left, strict=False)
    )
    if not left[0]:
        return Empty("The streams exist, but wrote nothing in this window.", steps=steps)

    match = f"{counted('line', left[0])} {'matches' if left[0] == 1 else 'match'} the selector"
    killer = next((step for step in steps if step.lines == 0), None)
    if killer:
        return Empty(f"{match}; none is left after {killer.stage}", steps=steps)

    refused = next((stage for stage, lines in zip(stages, left, strict=True) if lines is None), "")
    why = await _refusal(loki, refused, window, limits) if refused else ""

    return Empty(f"{match}; the rest of the query keeps none. {why}".rstrip(), steps=steps)


async def _refusal(loki: Loki, query: str, window: Window, limits: Limits) -> str:
    """Return why Loki would not count a query, in its own words."""
    try:
        await count_by(loki, query, "", window, limits)
    except BackendError as exc:
        return str(exc)

    return ""


async def _why_no_stream(loki: Loki, selector: str, window: Window, *, now: float) -> Empty:
    day = Window(min(window.start_ns, window.end_ns - DAY_NS), window.end_ns)
    longer = span(day.seconds)
    if await loki.streams(selector, day):
        last = (await loki.over(selector, day, limit=1)).lines
        when = f"; the last line came at {clock(last[0].at, now)}" if last else ""
        return Empty(f"No stream matches in this window, but in the {longer} before its end{when}.")

    if later := await _first_after(loki, selector, window, now=now):
        return Empty(f"No stream matches this early; the first line came at {later}.")

    conditions = logql.matchers(selector)
    names = await loki.labels(day)
    if not names:
        return Empty(f"This Loki holds no logs at all in the {longer} before the window's end.")

    found = await together(*(partial(_why_unmatched, loki, one, names, day) for one in conditions))
    blamed = next((empty for empty in found if empty), None)

    return blamed or await _why_not_together(loki, conditions, day)


async def _first_after(loki: Loki, selector: str, window: Window, *, now: float) -> str:
    """Say when the first line after the window came; "" when none did."""
    since = Window(window.end_ns, nanoseconds(now))
    if since.start_ns >= since.end_ns:
        return ""

    lines = (await loki.over(selector, since, limit=1, newest=False)).lines

    return clock(lines[0].at, now) if lines else ""


async def _why_unmatched(
    loki: Loki, one: Matcher, names: Sequence[str], day: Window
) -> Empty | None:
    """Explain why one condition alone matches nothing; None when it does match something."""
    if one.operator in ("!=", "!~"):
        return None

    if one.label not in names:
        near = tuple(nearest(one.label, names))
        return Empty(f"No stream has the label {inline(one.label)!r}.{_labels(near, names)}", near)

    values = await loki.values(one.label, day)
    if any(_matches(one, value) for value in values):
        return None

    near = tuple(nearest(one.value, values))
    shown = [inline(value) for value in near or values[:MOST_SHOWN]]
    others = f"; nearest: {', '.join(shown)}" if near else f"; it has {_some(shown, len(values))}"

    return Empty(f"No stream has {inline(str(one))}{others}.", tuple(near))


async def _why_not_together(loki: Loki, conditions: Sequence[Matcher], day: Window) -> Empty:
    """Name the condition without which streams do match."""
    for one in conditions:
        others = [other for other in conditions if other is not one]
        if others and await _any_stream(loki, others, day):
            return Empty(
                f"Each condition matches streams, but not all at once; without {inline(str(one))}"
                " some do."
            )

    return Empty("Each condition matches streams, but no stream matches all of them.")


async def _any_stream(loki: Loki, conditions: Sequence[Matcher], day: Window) -> bool:
    try:
        return bool(await loki.streams(logql.joined("", conditions), day))
    except (Unreachable, Denied):
        raise
    except BackendError:
        return False  # what is left selects too much for Loki to accept


def _matches(one: Matcher, value: str) -> bool:
    if one.operator == "=":
        return one.value == value

    try:
        return re.fullmatch(one.value, value, re.DOTALL) is not None
    except re.error:  # RE2 knows a few things Python does not
        return True


def _labels(near: Sequence[str], names: Sequence[str]) -> str:
    if near:
        return f" Did you mean {' or '.join(near)}?"

    return f" There are {_some(list(names[:MOST_SHOWN]), len(names))}."


def _some(shown: Sequence[str], total: int) -> str:
    more = f" and {total - len(shown)} more" if total > len(shown) else ""

    return f"{', '.join(shown)}{more}"
