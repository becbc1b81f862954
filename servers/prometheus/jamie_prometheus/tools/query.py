"""The value of an expression at one instant."""

import math
import time as clock
import zlib
from collections.abc import Collection, Sequence
from functools import partial

import anyio
import msgspec

from jamie_base.answer import SortKey, paginate
from jamie_base.errors import InvalidArgument
from jamie_base.together import pair
from jamie_base.when import parse_time, to_seconds
from jamie_prometheus import rows
from jamie_prometheus.answers import QueryAnswer, Row
from jamie_prometheus.client import Period, Prometheus
from jamie_prometheus.diagnosis import RECENT_SECONDS, diagnose
from jamie_prometheus.remarks import explained, remarks
from jamie_prometheus.render.query import query_answer, row_line
from jamie_prometheus.structure import Structure, read
from jamie_prometheus.surroundings import PATIENCE_SECONDS, Surroundings, surroundings_of
from jamie_prometheus.tools.arguments import Backend, Cursor, Limit, PromQL, Time, tools
from jamie_prometheus.wire import Answer, Result, String

MOST_SERIES = 10_000
"""Series of an instant query that are read at most."""


@tools.reads(query_answer)
async def prom_query(
    prometheus: Backend, promql: PromQL, time: Time = "now", limit: Limit = 20, cursor: Cursor = ""
) -> QueryAnswer:
    """Evaluate PromQL at one instant, largest first.

    Series of 0 and 1 (up) come with the rarer first. For how values moved use prom_range. An empty
    answer says why: the metric or label that does not exist and the nearest that do.
    """
    now = clock.time()
    at, page_cursor = _resumed(cursor) if cursor else (to_seconds(parse_time(time, now=now)), "")
    structure = read(promql)
    answer, around = await _asked(prometheus, promql, at, structure)
    base = QueryAnswer(promql=promql, at=at, now=now, kind=_kind(answer.data))
    if isinstance(answer.data, String):
        return msgspec.structs.replace(base, text=answer.data.result[1])

    unit = rows.unit_for(promql, structure, around.metadata)
    found = rows.result_rows(answer.data, unit)
    if not found:
        period = Period(at - RECENT_SECONDS, at)
        why = await diagnose(prometheus, structure, period, around.intervals)
        return msgspec.structs.replace(base, empty=why, notes=remarks(answer, (), MOST_SERIES))

    notes = remarks(answer, around.hints(structure), MOST_SERIES)

    return _paged(msgspec.structs.replace(base, notes=notes), found, limit, page_cursor)


async def _asked(
    prometheus: Prometheus, promql: str, at: float, structure: Structure | None
) -> tuple[Answer[Result], Surroundings]:
    """Ask the query and, at the same time, what stands around it."""
    around = Surroundings()

    async def look_around() -> None:
        nonlocal around
        with anyio.move_on_after(PATIENCE_SECONDS):
            around = await surroundings_of(prometheus, promql, structure, at, steps=False)

    answer, _ = await pair(
        partial(explained, promql, partial(prometheus.query, promql, at, limit=MOST_SERIES)),
        look_around,
    )

    return answer, around


def _paged(base: QueryAnswer, found: list[Row], limit: int, cursor: str) -> QueryAnswer:
    labels = [one.labels for one in found]
    shared, needless = rows.common(labels), rows.needless(labels)
    unsaid = {*shared, *needless}
    rare = _rarer([float(one.value) for one in found])
    page = paginate(
        found,
        key=partial(_place, unsaid=unsaid, rare=rare),
        line=lambda one: row_line(one, unsaid),
        limit=limit,
        cursor=cursor,
        query=base.promql,
    )
    shown = {id(one) for one in page.rows}
    hidden = [one for one in found if id(one) not in shown]

    return msgspec.structs.replace(
        base,
        rows=page.rows,
        series=page.total,
        before=page.before,
        flags=rare is not None,
        common=shared,
        needless=needless,
        rest=rows.rest(hidden),
        cursor=f"{round(base.at * 1000)}.{page.cursor}" if page.cursor else "",
        changed=page.changed,
    )


def _rarer(values: Sequence[float]) -> float | None:
    """Return the rarer of 0 and 1 where there are both and nothing else."""
    zeros, ones = values.count(0.0), values.count(1.0)
    if not zeros or not ones or zeros + ones < len(values):
        return None

    return 0.0 if zeros <= ones else 1.0


def _place(one: Row, *, unsaid: Collection[str], rare: float | None) -> SortKey:
    """Order by value, largest first; infinities have a class of their own, as JSON has no word."""
    value = float(one.value)
    ordinary = math.isfinite(value)
    kind = 1 if ordinary else 0 if value > 0 else 2 if value < 0 else 3
    if value == rare:
        kind = 0
    labels = sorted(one.labels.items())
    told = " ".join(text for name, text in labels if name not in unsaid)

    return kind, -value if ordinary else 0.0, told[:24], f"{zlib.crc32(repr(labels).encode()):x}"


def _resumed(cursor: str) -> tuple[float, str]:
    """Take a cursor apart: the next page is of the same instant as the first."""
    instant, dot, rest = cursor.partition(".")
    if not dot or not instant.isdigit() or len(instant) > 15:
        raise InvalidArgument(
            f"cursor {cursor[:40]!r} is not one this server gave; leave it out to start again."
        )

    return int(instant) / 1000, rest


def _kind(result: Result) -> str:
    return str(result.__struct_config__.tag)
