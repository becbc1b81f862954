"""Metrics as functions of time: what a target shows at any moment, past or present."""

import math
from collections.abc import Callable

import msgspec

from jamie_lab.scenario import Labels

Value = Callable[[float], float]


class Series(msgspec.Struct, frozen=True):
    """One time series: its labels and its value at a moment (epoch seconds)."""

    name: str
    labels: Labels
    value: Value


class Family(msgspec.Struct, frozen=True):
    """A metric with its type and its series, as one block of an exposition."""

    name: str
    kind: str
    help: str
    series: list[Series]


class Target(msgspec.Struct, frozen=True):
    """Something Prometheus scrapes: where, with which labels, and whether it answers."""

    path: str
    labels: Labels
    families: list[Family]
    up: bool = True


def constant(number: float) -> Value:
    """Make a value that does not change."""

    def value(_moment: float) -> float:
        return number

    return value


def family(name: str, kind: str, help_: str, series: list[tuple[Labels, Value]]) -> Family:
    """Make a family whose series all have its own name."""
    return Family(name, kind, help_, [Series(name, labels, value) for labels, value in series])


def gauges(name: str, help_: str, series: list[tuple[Labels, float]]) -> Family:
    """Make a family of gauges that stand still until the next look at the cluster."""
    return family(name, "gauge", help_, [(labels, constant(value)) for labels, value in series])


def whole(value: Value) -> Value:
    """Make a counter of things that come whole, such as requests."""

    def floored(moment: float) -> float:
        return float(math.floor(value(moment)))

    return floored
