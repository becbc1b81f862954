"""What the workloads themselves expose: HTTP requests, their own meters and their process."""

import math
from functools import partial

from jamie_lab.quantities import number
from jamie_lab.scenario import Labels, Workload
from jamie_lab.series import Family, Series, Value, family, whole
from jamie_lab.timeline import Scene, Span, spans, swing, total

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, math.inf)
REQUESTS = "http_requests_total"
DURATION = "http_request_duration_seconds"


def workload_families(scene: Scene, workload: Workload) -> list[Family]:
    """Return every family one pod of a workload exposes."""
    life = spans(scene, workload)
    http = [_requests(life), _durations(life)] if workload.http else []

    return [*http, *_meters(life), *_process(scene, workload, life)]


def _requests(life: list[Span]) -> Family:
    codes = sorted(
        {code for span in life if span.workload.http for code in span.workload.http.codes}
    )
    series = [
        ({"code": code}, whole(partial(total, life, partial(_code_rate, code)))) for code in codes
    ]

    return family(REQUESTS, "counter", "HTTP requests served.", series)


def _durations(life: list[Span]) -> Family:
    buckets = [
        Series(
            f"{DURATION}_bucket",
            {"le": "+Inf" if math.isinf(limit) else str(limit)},
            whole(partial(total, life, partial(_bucket_rate, limit))),
        )
        for limit in BUCKETS
    ]
    all_of_them = whole(partial(total, life, partial(_bucket_rate, math.inf)))
    count = Series(f"{DURATION}_count", {}, all_of_them)
    seconds = Series(f"{DURATION}_sum", {}, partial(total, life, _seconds_rate))

    return Family(DURATION, "histogram", "Latency of HTTP requests.", [*buckets, seconds, count])


def _code_rate(code: str, workload: Workload) -> float:
    return workload.http.rate * workload.http.codes.get(code, 0.0) if workload.http else 0.0


def _bucket_rate(limit: float, workload: Workload) -> float:
    http = workload.http
    if http is None:
        return 0.0
    if math.isinf(limit):
        return http.rate

    # The share of a log-normal distribution below the limit.
    distance = math.log(limit / http.median_seconds) / (http.spread * math.sqrt(2))

    return http.rate * 0.5 * (1 + math.erf(distance))


def _seconds_rate(workload: Workload) -> float:
    http = workload.http
    if http is None:
        return 0.0

    return http.rate * http.median_seconds * math.exp(http.spread**2 / 2)


def _meters(life: list[Span]) -> list[Family]:
    listed = life[-1].workload.meters
    names = dict.fromkeys(meter.name for meter in listed)

    return [
        family(
            name,
            next(meter.kind for meter in listed if meter.name == name),
            next((meter.help for meter in listed if meter.name == name and meter.help), ""),
            [
                (meter.labels, _meter(life, name, meter.labels, meter.kind))
                for meter in listed
                if meter.name == name
            ],
        )
        for name in names
    ]


def _meter(life: list[Span], name: str, labels: Labels, kind: str) -> Value:
    rate = partial(_meter_value, name, labels)
    if kind == "counter":
        return whole(partial(total, life, rate))

    def gauge(moment: float) -> float:
        begun = (span for span in reversed(life) if span.start <= moment)

        return rate(next(begun, life[0]).workload)

    return gauge


def _meter_value(name: str, labels: Labels, workload: Workload) -> float:
    values = (one.value for one in workload.meters if one.name == name and one.labels == labels)

    return next(values, 0.0)


def _process(scene: Scene, workload: Workload, life: list[Span]) -> list[Family]:
    started = scene.started(workload)
    memory = number(workload.usage.memory)

    def cpu(one: Workload) -> float:
        return number(one.usage.cpu)

    def resident(moment: float) -> float:
        return memory * (0.9 + 0.05 * swing(moment))

    def start(_moment: float) -> float:
        return started

    return [
        family(
            "process_cpu_seconds_total",
            "counter",
            "Total user and system CPU time spent in seconds.",
            [({}, partial(total, life, cpu))],
        ),
        family(
            "process_resident_memory_bytes",
            "gauge",
            "Resident memory size in bytes.",
            [({}, resident)],
        ),
        family(
            "process_start_time_seconds",
            "gauge",
            "Start time of the process since unix epoch in seconds.",
            [({}, start)],
        ),
    ]
