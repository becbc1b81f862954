"""Units told by a metric's name and selector, after the Prometheus naming conventions."""

import re

from jamie_signals.units.kinds import Unit, rate_of

_SUFFIXES = {
    "bytes": Unit.BYTES,
    "seconds": Unit.SECONDS,
    "milliseconds": Unit.MILLISECONDS,
    "ms": Unit.MILLISECONDS,
    "ratio": Unit.RATIO,
    "percent": Unit.PERCENT,
    "percentage": Unit.PERCENT,
    "celsius": Unit.CELSIUS,
    "cores": Unit.CORES,
    "created": Unit.TIMESTAMP,
}
_COUNTS = frozenset({"total", "count", "bucket"})
_MOMENT = re.compile(r"_timestamp(_seconds)?$|_(start|boot|completion)_time(_seconds)?$")
_MOMENTS = frozenset({"node_time_seconds"})
_RESOURCES = re.compile(
    r"kube_(pod_container_resource|pod_init_container_resource|node_status|resourcequota)"
)
_RESOURCE_UNITS = {
    "cpu": Unit.CORES,
    "memory": Unit.BYTES,
    "ephemeral_storage": Unit.BYTES,
    "pods": Unit.COUNT,
}
_RESOURCE = re.compile(r'\bresource\s*=\s*"(?:requests\.|limits\.)?(\w+)"')
_RULE_RATE = re.compile(r"(?:i?rate)\d+[smhdwy]$")


def unit_of_selector(name: str, matchers: str = "") -> Unit | None:
    """Tell the unit of the samples a selector yields; None for the sum of unknown things."""
    if ":" in name:
        return _unit_of_rule(name)
    if name in _MOMENTS or _MOMENT.search(name):
        return Unit.TIMESTAMP
    if _RESOURCES.match(name) and (resource := _RESOURCE.search(matchers)):
        return _RESOURCE_UNITS.get(resource[1])

    return _unit_of_suffix(name)


def unit_of_observations(name: str) -> Unit | None:
    """Tell what a histogram or summary of this name observes."""
    return _SUFFIXES.get(name.removesuffix("_bucket").rsplit("_", 1)[-1])


def is_processor_time(name: str) -> bool:
    """Tell whether a counter adds up seconds of a processor, whose rate is cores."""
    return "cpu" in name and name.endswith("_seconds_total")


def _unit_of_suffix(name: str) -> Unit | None:
    head, _, suffix = name.rpartition("_")
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    if suffix in ("total", "sum"):
        fallback = Unit.COUNT if suffix == "total" else None
        return _SUFFIXES.get(head.rpartition("_")[2], fallback)

    return Unit.COUNT if suffix in _COUNTS else Unit.NONE


def _unit_of_rule(name: str) -> Unit | None:
    """Read a recording rule's name, `level:metric:operations`, as far as it is unambiguous."""
    metric, operation = name.split(":")[-2:]
    if operation.startswith("ratio") or metric.endswith("_ratio"):
        return Unit.RATIO

    unit = _SUFFIXES.get(metric.removesuffix("_total").rpartition("_")[2])
    return rate_of(unit) if _RULE_RATE.search(operation) else unit
