"""Loki's replies, the fields of them we use."""

from typing import Any

import msgspec

Labels = dict[str, str]
Sample = tuple[float, str]
"""When, in epoch seconds, and a number as text."""


class Extra(msgspec.Struct, frozen=True):
    """What a line carries beside its stream's labels."""

    structured_metadata: Labels = msgspec.field(
        default_factory=dict[str, str], name="structuredMetadata"
    )
    parsed: Labels = {}


class LineEntry(msgspec.Struct, frozen=True, array_like=True):
    """A line of a stream; the time is nanoseconds as text."""

    at: str
    line: str
    extra: Extra = Extra()


class StreamLines(msgspec.Struct, frozen=True):
    """A stream's labels and some of its lines."""

    stream: Labels
    values: list[LineEntry]


class MatrixRow(msgspec.Struct, frozen=True):
    """A series over time."""

    metric: Labels
    values: list[Sample]


class VectorRow(msgspec.Struct, frozen=True):
    """A series at one instant."""

    metric: Labels
    value: Sample


class QueryData(msgspec.Struct, frozen=True):
    """A result before its type is known."""

    result_type: str = msgspec.field(name="resultType")
    result: msgspec.Raw = msgspec.Raw(b"[]")


class QueryReply(msgspec.Struct, frozen=True):
    """What query and query_range answer."""

    data: QueryData
    warnings: list[str] = []


class NamesReply(msgspec.Struct, frozen=True):
    """What labels and values answer; nothing found is no `data` at all."""

    status: str
    data: list[str] = []


class SeriesReply(msgspec.Struct, frozen=True):
    """What series answers."""

    status: str
    data: list[Labels] = []


class BuildInfo(msgspec.Struct, frozen=True):
    """What status/buildinfo answers."""

    version: str = ""


class TenantLimits(msgspec.Struct, frozen=True):
    """The limits of a tenant, durations as Loki writes them."""

    max_entries_limit_per_query: int = 5_000
    max_query_length: str = "30d1h"
    max_query_series: int = 500
    volume_enabled: bool = True
    discover_log_levels: bool = False


class LimitsReply(msgspec.Struct, frozen=True):
    """What drilldown-limits answers."""

    limits: TenantLimits = TenantLimits()
    pattern_ingester_enabled: bool = False
    version: str = ""


class Complaint(msgspec.Struct, frozen=True):
    """A refusal in JSON, which some routes and gateways send instead of plain text."""

    error: Any = ""
    message: Any = ""
