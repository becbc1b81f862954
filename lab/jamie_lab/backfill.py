"""Give Prometheus an hour of history: of every series, and of the alerts they would have raised.

The alerts come second, because only Prometheus can evaluate their expressions: running without
rules it is asked what each gave over the hour, and from that ALERTS and ALERTS_FOR_STATE are
written. When it starts again, with rules, it finds there since when an alert is active, so that
alerts fire at once, as old as their cause.
"""

import itertools
import math
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TextIO

import anyio
import httpx
import msgspec

from jamie_lab.builds import program
from jamie_lab.errors import LabError
from jamie_lab.exposition import openmetrics
from jamie_lab.history import epochs
from jamie_lab.observability import SCRAPE_SECONDS
from jamie_lab.paths import Folders
from jamie_lab.scenario import Labels, Rule
from jamie_lab.series import Series, constant
from jamie_lab.targets import targets
from jamie_lab.timeline import Scene
from jamie_lab.world import World

# A rate over a few minutes means little before it has them.
WARM_UP_SECONDS = 600

Identity = tuple[str, tuple[tuple[str, str], ...]]
Stretch = tuple[Series, list[float]]


async def backfill_metrics(place: Folders, scene: Scene, world: World) -> None:
    """Write the history of every series straight into Prometheus' store, while it is down."""
    await anyio.to_thread.run_sync(_write_history, place, scene, world)


async def backfill_alerts(place: Folders, scene: Scene, url: str) -> int:
    """Write the history of alerts, asking a running Prometheus; return how many fire at its end.

    Prometheus sees it after its next start.
    """
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as http:
        rules = [rule for group in scene.scenario.rules for rule in group.rules]
        stretches = [stretch for rule in rules for stretch in await _evaluate(http, scene, rule)]
    if stretches:
        await anyio.to_thread.run_sync(_write_series, place, "alerts", stretches)
    last = moments(scene.history_start, scene.loaded_at)[-1]

    return sum(
        series.labels.get("alertstate") == "firing" and scrapes[-1] == last
        for series, scrapes in stretches
    )


def moments(start: float, end: float) -> list[float]:
    """List the scrapes in a stretch of time, on a grid that all stretches share."""
    first = math.ceil(start / SCRAPE_SECONDS)
    last = math.ceil(end / SCRAPE_SECONDS)

    return [float(number * SCRAPE_SECONDS) for number in range(first, last)]


def history(scene: Scene, world: World) -> Iterator[Stretch]:
    """Yield each series with the moments it has in the history, all parts of a series together."""
    parts: dict[Identity, list[Stretch]] = defaultdict(list)
    for epoch in epochs(scene, world):
        scrapes = moments(epoch.start, epoch.end)
        for target in targets(scene, epoch.world):
            up = Series("up", target.labels, constant(float(target.up)))
            shown = (
                [one for family in target.families for one in family.series] if target.up else []
            )
            for series in (up, *shown):
                whole = msgspec.structs.replace(series, labels={**target.labels, **series.labels})
                parts[_identity(whole)].append((whole, scrapes))

    yield from itertools.chain.from_iterable(parts.values())


class _Result(msgspec.Struct, frozen=True):
    metric: Labels
    values: list[tuple[float, str]] = []


class _Matrix(msgspec.Struct, frozen=True):
    result: list[_Result] = []


class _MatrixReply(msgspec.Struct, frozen=True):
    data: _Matrix


async def _evaluate(http: httpx.AsyncClient, scene: Scene, rule: Rule) -> list[Stretch]:
    scrapes = moments(scene.history_start + WARM_UP_SECONDS, scene.loaded_at)
    parameters = {
        "query": rule.expr,
        "start": str(scrapes[0]),
        "end": str(scrapes[-1]),
        "step": str(SCRAPE_SECONDS),
    }
    reply = (await http.post("/api/v1/query_range", data=parameters)).raise_for_status()
    found = msgspec.json.decode(reply.content, type=_MatrixReply).data.result

    return [
        stretch
        for result in found
        for run in _runs([moment for moment, _ in result.values])
        for stretch in _alert(rule, result.metric, run)
    ]


def _runs(scrapes: list[float]) -> Iterator[list[float]]:
    """Split moments wherever one is missing; an alert that paused begins anew."""
    run: list[float] = []
    for moment in scrapes:
        if run and moment - run[-1] > SCRAPE_SECONDS:
            yield run
            run = []
        run.append(moment)
    if run:
        yield run


def _alert(rule: Rule, metric: Labels, run: list[float]) -> Iterator[Stretch]:
    plain = {name: value for name, value in metric.items() if name != "__name__"}
    labels = {**plain, **rule.labels, "alertname": rule.alert}
    fires = run[0] + rule.for_seconds
    yield Series("ALERTS_FOR_STATE", labels, constant(run[0])), run
    for state, during in (
        ("pending", [moment for moment in run if moment < fires]),
        ("firing", [moment for moment in run if moment >= fires]),
    ):
        if during:
            yield Series("ALERTS", {**labels, "alertstate": state}, constant(1.0)), during


def _identity(series: Series) -> Identity:
    return series.name, tuple(sorted(series.labels.items()))


def _write_history(place: Folders, scene: Scene, world: World) -> None:
    _write_series(place, "history", history(scene, world))


def _write_series(place: Folders, name: str, stretches: Iterable[Stretch]) -> None:
    file = place.data / f"{name}.openmetrics"
    with file.open("w", encoding="utf-8") as output:
        _write_lines(output, stretches)
    promtool = program(place, "promtool")
    command = ["tsdb", "create-blocks-from", "openmetrics", str(file)]
    result = subprocess.run(
        [promtool, *command, str(place.data / "prometheus")],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise LabError(f"promtool could not write {name}: {result.stderr[-500:]}")
    file.unlink()


def _write_lines(output: TextIO, stretches: Iterable[Stretch]) -> None:
    for series, scrapes in stretches:
        output.writelines(openmetrics(series, scrapes))
    output.write("# EOF\n")
