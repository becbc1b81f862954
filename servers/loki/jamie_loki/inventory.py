"""Labels and their values: what there is to select by, and how much each holds."""

import time
from collections.abc import Mapping
from functools import partial

from msgspec.structs import replace

from jamie_base import when
from jamie_base.answer import paginate
from jamie_base.errors import BackendError, Denied, InvalidArgument, Unreachable
from jamie_base.together import pair, together
from jamie_base.when import Window
from jamie_loki import logql
from jamie_loki.client import Loki
from jamie_loki.data import Empty, LabelList, LabelRow
from jamie_loki.diagnosis import why_empty
from jamie_loki.paging import whole_milliseconds
from jamie_loki.render.labels import value_row
from jamie_signals.similar import nearest

EXAMPLES = 4
MOST_NAMES = 60


async def inventory(
    loki: Loki, label: str, selector: str, start: str, *, limit: int, cursor: str
) -> LabelList:
    """List label names, or the values of one label.

    Raises:
        InvalidArgument: The window, the label or the cursor cannot be used.
        BackendError: Loki refuses the selector, or does not answer.

    """
    now = time.time()
    window = whole_milliseconds(when.window(start, now=now))
    chosen = logql.joined(selector, []) if selector else ""
    blank = LabelList(
        label=label,
        selector=chosen,
        start=str(window.start_ns),
        end=str(window.end_ns),
        asked=str(when.nanoseconds(now)),
        total=0,
    )
    if not label:
        return await _names(loki, blank, window, limit, now=now)

    return await _values(loki, blank, window, limit, cursor)


async def _names(
    loki: Loki, blank: LabelList, window: Window, limit: int, *, now: float
) -> LabelList:
    names = await loki.labels(window, blank.selector)
    if not names:
        return replace(blank, empty=await _why_none(loki, blank, window, now=now))

    asked = names[: min(limit, MOST_NAMES)]
    values = await together(*(partial(loki.values, name, window, blank.selector) for name in asked))
    rows = [
        LabelRow(name=name, values=len(held), examples=tuple(held[:EXAMPLES]))
        for name, held in zip(asked, values, strict=True)
    ]

    return replace(blank, total=len(names), rows=tuple(rows))


async def _values(
    loki: Loki, blank: LabelList, window: Window, limit: int, cursor: str
) -> LabelList:
    label = blank.label
    selector = blank.selector or f'{{{label}=~".+"}}'
    names, values = await pair(
        partial(loki.values, label, window, blank.selector),
        partial(_sizes, loki, selector, window, label),
    )
    if not names:
        return replace(blank, empty=await _why_unknown(loki, blank, window))

    rows = [LabelRow(name=name, bytes=values.get(name) if values else None) for name in names]
    page = paginate(
        rows,
        key=lambda row: (-(row.bytes or 0), row.name),
        line=value_row,
        limit=limit,
        cursor=cursor,
        query=f"{label} {blank.selector}",
    )
    note = "(this Loki tells no volumes: its volume endpoint is off)"

    return replace(
        blank,
        total=page.total,
        rows=page.rows,
        bytes=sum(values.values()) if values else None,
        cursor=page.cursor,
        notes=() if values is not None else (note,),
    )


async def _sizes(loki: Loki, selector: str, window: Window, label: str) -> Mapping[str, int] | None:
    """Return bytes by value; None where Loki does not tell."""
    if not logql.is_label(label):
        raise InvalidArgument(f"{label[:80]!r} cannot be a label's name; loki_labels lists them.")

    try:
        return dict(await loki.volume(selector, window, label))
    except (Unreachable, Denied):
        raise
    except BackendError:
        return None


async def _why_unknown(loki: Loki, blank: LabelList, window: Window) -> Empty:
    names = await loki.labels(window, blank.selector)
    if blank.label in names or not names:
        return Empty("No stream in this window has a value for it.")

    near = tuple(nearest(blank.label, names))
    known = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(names[:12])}."

    return Empty(f"No stream in this window has the label {blank.label!r}. {known}", near)


async def _why_none(loki: Loki, blank: LabelList, window: Window, *, now: float) -> Empty:
    if not blank.selector:
        return Empty("This Loki holds no logs in this window; try a longer one, start=7d.")

    return await why_empty(loki, blank.selector, window, await loki.limits(), now=now)
