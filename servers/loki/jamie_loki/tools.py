"""What a model can ask Loki."""

from typing import Annotated, Literal

from pydantic import Field

from jamie_base.toolset import INJECTED, Toolset
from jamie_loki import render
from jamie_loki.client import Loki
from jamie_loki.data import LabelList, LogAnswer, LogErrors
from jamie_loki.errors import errors
from jamie_loki.inventory import inventory
from jamie_loki.search import search

tools = Toolset(chooser="source", chooser_help="Which Loki to ask.")

Backend = Annotated[Loki, INJECTED]
Query = Annotated[
    str, Field(description='LogQL, e.g. {namespace="shop"} |= "timeout"', min_length=1)
]
Start = Annotated[str, Field(description="1h, now-1h, 2026-05-01T14:00:00Z or epoch")]
End = Annotated[str, Field(description="Same forms as start.")]
Cursor = Annotated[str, Field(description="From an earlier answer, to go on.")]
Namespace = Annotated[str, Field(description="One namespace; all by default.")]
Service = Annotated[str, Field(description="One service; all by default.")]
Direction = Annotated[Literal["newest", "oldest"], Field(description="Which come first.")]
Lines = Annotated[int, Field(description="Lines, or series of metric LogQL.", ge=1, le=1_000)]
Rows = Annotated[int, Field(description="Rows at most.", ge=1, le=200)]
Services = Annotated[int, Field(description="Services at most.", ge=1, le=30)]
Selector = Annotated[str, Field(description='Stream selector, e.g. {namespace="shop"}')]
Label = Annotated[str, Field(description="List this label's values instead.")]


@tools.reads(render.errors)
async def loki_errors(
    loki: Backend,
    selector: Selector = "",
    namespace: Namespace = "",
    service: Service = "",
    start: Start = "1h",
    end: End = "now",
    limit: Services = 10,
) -> LogErrors:
    """Find the errors in the logs by service and kind, since when, with an example.

    Counts are exact, or said to be estimates. Traces are folded, warnings summarised. Without
    arguments: every service, the last hour. Start here for "any errors?".
    """
    return await errors(
        loki,
        selector=selector,
        namespace=namespace,
        service=service,
        start=start,
        end=end,
        limit=limit,
    )


@tools.reads(render.answer)
async def loki_query(
    loki: Backend,
    logql: Query,
    start: Start = "1h",
    end: End = "now",
    limit: Lines = 100,
    direction: Direction = "newest",
    cursor: Cursor = "",
) -> LogAnswer:
    """Show log lines matching LogQL, or the series of a metric query.

    Says how many lines match in the whole window. Lines that do not fit are grouped into patterns
    with counts; a small limit shows them one by one. Metric LogQL (rate, count_over_time, sum by)
    needs no step. An empty answer says which condition or stage is to blame.
    """
    return await search(
        loki, logql, start, end, limit=limit, newest=direction == "newest", cursor=cursor
    )


@tools.reads(render.labels)
async def loki_labels(
    loki: Backend,
    label: Label = "",
    selector: Selector = "",
    start: Start = "1h",
    limit: Rows = 50,
    cursor: Cursor = "",
) -> LabelList:
    """List labels with their values, or one label's values by volume, biggest first."""
    return await inventory(loki, label, selector, start, limit=limit, cursor=cursor)
