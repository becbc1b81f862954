"""What the tools answer with: every figure raw, times in epoch seconds.

A figure is a JSON number, or `"NaN"`, `"+Inf"` or `"-Inf"` where JSON has no number for it, as
Prometheus writes them; `float()` reads both. The figures of a series without a number are `"NaN"`.
"""

import math
from typing import Literal

import msgspec

Figure = float | Literal["NaN", "+Inf", "-Inf"]


class Histogram(msgspec.Struct, frozen=True):
    """A native histogram in a few figures; quantiles are interpolated within its buckets."""

    count: Figure
    sum: Figure
    mean: Figure
    p50: Figure
    p90: Figure
    p99: Figure


class Shift(msgspec.Struct, frozen=True):
    """A lasting change of level."""

    at: float
    before: Figure
    after: Figure


class Course(msgspec.Struct, frozen=True, omit_defaults=True):
    """A series over time; `nans` points hold no number, `gaps` points are missing in between.

    `first` and `last` are its first and last numbers in the window, and when they were.
    """

    first: Figure
    first_at: Figure
    last: Figure
    last_at: Figure
    min: Figure
    min_at: Figure
    max: Figure
    max_at: Figure
    mean: Figure
    count: int
    nans: int = 0
    gaps: int = 0
    step: Shift | None = None


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """One series of an instant query: its value, its histogram, or (with a range) its course."""

    labels: dict[str, str]
    value: Figure
    unit: str = ""
    histogram: Histogram | None = None
    course: Course | None = None


class Rest(msgspec.Struct, frozen=True):
    """The series that are not shown, by their (last) values; `max_at` is 0 for an instant.

    Where the unit is `mixed`, sum, max and min mean nothing.
    """

    series: int
    sum: Figure
    max: Figure
    unit: str = ""
    min: Figure = "NaN"
    max_at: Figure = 0.0


class QueryAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """An instant query's answer, largest first; `kind` is vector, matrix, scalar or string.

    Where every value is 0 or 1 (`flags`), the rarer of the two comes first instead.

    `series` counts all, `before` came on earlier pages, `common` are the labels all of them share
    and `needless` the names of those that only repeat others (the rows hold both), `empty` says why
    there is nothing, `notes` are remarks.
    """

    promql: str
    at: float
    now: float
    kind: str
    rows: tuple[Row, ...] = ()
    series: int = 0
    before: int = 0
    flags: bool = False
    common: dict[str, str] = {}
    needless: tuple[str, ...] = ()
    rest: Rest | None = None
    text: str = ""
    notes: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    cursor: str = ""
    changed: bool = False


class RangeRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One series of a range query, and the same drawn."""

    labels: dict[str, str]
    course: Course
    unit: str = ""
    sparkline: str = ""


class RangeAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A range query's answer, ranked by `rank`; `step` in seconds."""

    promql: str
    start: float
    end: float
    step: float
    now: float
    rank: str
    rows: tuple[RangeRow, ...] = ()
    series: int = 0
    common: dict[str, str] = {}
    needless: tuple[str, ...] = ()
    rest: Rest | None = None
    notes: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()


class Silenced(msgspec.Struct, frozen=True, omit_defaults=True):
    """A silence on an alert: by whom, until when (0: not told), and why."""

    by: str = ""
    until: float = 0.0
    why: str = ""


class Alert(msgspec.Struct, frozen=True, omit_defaults=True):
    """One alert: `since` it is active, `hold` seconds it must last before it fires.

    `alike` counts the alerts of its kind (name, state, severity), itself included.
    """

    name: str
    state: str
    labels: dict[str, str]
    severity: str = ""
    since: float = 0.0
    value: Figure = "NaN"
    unit: str = ""
    summary: str = ""
    description: str = ""
    runbook: str = ""
    expr: str = ""
    hold: float = 0.0
    group: str = ""
    silenced: tuple[Silenced, ...] = ()
    inhibited: bool = False
    receivers: tuple[str, ...] = ()
    alike: int = 1


class BrokenRule(msgspec.Struct, frozen=True):
    """A rule that cannot do its work, and why."""

    name: str
    group: str
    error: str


class AlertsAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The alerts, worst first.

    `firing` and `pending` count all that match; `hidden` of the state asked for are not in the
    list, and `others` names the kinds that have none in it; `broken` are rules that cannot be
    evaluated, `gaps` what could not be asked.
    """

    now: float
    alerts: tuple[Alert, ...] = ()
    firing: int = 0
    pending: int = 0
    rules: int = 0
    groups: int = 0
    evaluated_at: float = 0.0
    state: str = "all"
    match: str = ""
    hidden: int = 0
    others: tuple[str, ...] = ()
    broken: tuple[BrokenRule, ...] = ()
    gaps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def figure(value: float) -> Figure:
    """Turn a number into what JSON can carry."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"

    return value
