"""The API's replies as they come over the wire, and what we make of them."""

from collections.abc import Iterable
from typing import Generic, TypeVar

import msgspec

from jamie_base.errors import BackendError
from jamie_signals.series import HistogramPoint, Point, Series

T = TypeVar("T")

Moment = tuple[float, str]


class WireHistogram(msgspec.Struct, frozen=True):
    """A native histogram's sample; a bucket is (rule, left, right, count)."""

    count: str
    sum: str
    buckets: tuple[tuple[int, str, str, str], ...] = ()


class WireSeries(msgspec.Struct, frozen=True):
    """One series: instant (value or histogram) or over time (values and histograms)."""

    metric: dict[str, str]
    value: Moment | None = None
    histogram: tuple[float, WireHistogram] | None = None
    values: tuple[Moment, ...] = ()
    histograms: tuple[tuple[float, WireHistogram], ...] = ()

    def over_time(self) -> Series:
        """Return it with numbers for texts."""
        return Series(
            self.metric,
            _points(self.values),
            tuple(
                HistogramPoint(at, number(one.count), number(one.sum))
                for at, one in self.histograms
            ),
        )


class Vector(msgspec.Struct, frozen=True, tag_field="resultType", tag="vector"):
    """Each series at one instant."""

    result: tuple[WireSeries, ...]


class Matrix(msgspec.Struct, frozen=True, tag_field="resultType", tag="matrix"):
    """Each series over time."""

    result: tuple[WireSeries, ...]


class Scalar(msgspec.Struct, frozen=True, tag_field="resultType", tag="scalar"):
    """One number without labels."""

    result: Moment


class String(msgspec.Struct, frozen=True, tag_field="resultType", tag="string"):
    """One text."""

    result: Moment


Result = Vector | Matrix | Scalar | String


class Envelope(msgspec.Struct, Generic[T], frozen=True, rename="camel"):
    """What every reply is wrapped in."""

    status: str
    data: T | None = None
    error_type: str = ""
    error: str = ""
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """A reply's data, and what the backend remarks about it."""

    data: T
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()


class Build(msgspec.Struct, frozen=True):
    """What answers: its version, and its name where it is not Prometheus itself."""

    version: str = ""
    application: str = ""


class Metadata(msgspec.Struct, frozen=True):
    """What a metric says of itself; `type` is gauge, counter, histogram, summary, unknown."""

    type: str = ""
    unit: str = ""
    help: str = ""


class Features(msgspec.Struct, frozen=True):
    """What a Prometheus from 3.9 on says it can do."""

    api: dict[str, bool] = {}


class RuleAlert(msgspec.Struct, frozen=True, rename="camel"):
    """One alert of a rule."""

    labels: dict[str, str]
    state: str
    value: str = ""
    active_at: str = ""
    annotations: dict[str, str] = {}


class Rule(msgspec.Struct, frozen=True, rename="camel"):
    """An alerting rule, `duration` (its `for`) in seconds."""

    name: str
    query: str
    type: str = "alerting"
    duration: float = 0.0
    labels: dict[str, str] = {}
    alerts: tuple[RuleAlert, ...] = ()
    health: str = ""
    last_error: str = ""
    last_evaluation: str = ""


class RuleGroup(msgspec.Struct, frozen=True):
    """Rules evaluated together every `interval` seconds."""

    name: str
    rules: tuple[Rule, ...]
    file: str = ""
    interval: float = 0.0


class RuleGroups(msgspec.Struct, frozen=True):
    """All rules."""

    groups: tuple[RuleGroup, ...] = ()


def number(text: str) -> float:
    """Read a figure as Prometheus writes it.

    Raises:
        BackendError: It is none.

    """
    try:
        return float(text)
    except ValueError as exc:
        raise BackendError(f"The backend answered {text[:40]!r} where a number belongs.") from exc


def _points(moments: Iterable[Moment]) -> tuple[Point, ...]:
    try:
        return tuple([(at, float(text)) for at, text in moments])
    except ValueError as exc:
        raise BackendError(f"The backend answered other than numbers ({exc}).") from exc
