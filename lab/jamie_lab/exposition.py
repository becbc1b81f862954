"""Write series as text: now, for a scrape, or over a stretch of time, for promtool."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from jamie_lab.scenario import Labels
from jamie_lab.series import Series, Target

ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def exposition(target: Target, moment: float) -> bytes:
    """Render what a target shows at a moment, in the Prometheus text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshot(target, moment))

    return generate_latest(registry)


def openmetrics(series: Series, moments: Iterable[float]) -> Iterator[str]:
    """Yield a line for each moment a series has."""
    prefix = f"{series.name}{_braces(series.labels)}"
    for moment in moments:
        yield f"{prefix} {series.value(moment)!r} {moment:.3f}\n"


class _Snapshot(Collector):
    def __init__(self, target: Target, moment: float) -> None:
        self._target = target
        self._moment = moment

    def collect(self) -> Iterator[Metric]:
        for family in self._target.families:
            name = family.name.removesuffix("_total") if family.kind == "counter" else family.name
            metric = Metric(name, family.help or family.name, family.kind)
            for series in family.series:
                metric.add_sample(series.name, series.labels, series.value(self._moment))
            yield metric


def _braces(labels: Labels) -> str:
    pairs = (f'{name}="{value.translate(ESCAPES)}"' for name, value in labels.items())

    return f"{{{','.join(pairs)}}}"
