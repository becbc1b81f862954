"""How a workload behaves over time: spans between changes, and sums of rates over them.

Everything is a pure function of time, so that history, live players and tests agree: what was
back-filled up to a moment goes on from that very moment.
"""

import itertools
import math
from collections.abc import Callable, Iterator

import msgspec

from jamie_lab.scenario import Change, Meter, Scenario, Sickness, Usage, Workload

# Traffic breathes: it swings by a tenth over ten minutes.
SWING = 0.1
SWING_SECONDS = 600.0
BACKOFF_SECONDS = (10, 20, 40, 80, 160)
BACKOFF_LIMIT_SECONDS = 300
RUN_SECONDS = 5

Rate = Callable[[Workload], float]


class Scene(msgspec.Struct, frozen=True):
    """A scenario and the moment it was loaded, in epoch seconds."""

    scenario: Scenario
    loaded_at: float

    @property
    def history_start(self) -> float:
        """Return the beginning of the back-filled history, in epoch seconds."""
        return self.loaded_at - self.scenario.history_minutes * 60

    def since(self, change: Change) -> float:
        """Return the moment a change took effect."""
        return self.loaded_at - change.minutes_ago * 60

    def started(self, workload: Workload) -> float:
        """Return when the pods of a workload started."""
        return self.loaded_at - workload.age_days * 86_400

    def moments(self) -> list[float]:
        """List when something about the cluster changed before loading, oldest first."""
        changed = {
            moment
            for workload in self.scenario.workloads
            for since, sickness in sicknesses(self, workload)
            for moment in (since, *crashes(since, self.loaded_at, sickness))
        }

        return sorted(moment for moment in changed if moment < self.loaded_at)


class Span(msgspec.Struct, frozen=True):
    """A stretch of time in which a workload behaves the same way; epoch seconds."""

    start: float
    end: float
    workload: Workload


def spans(scene: Scene, workload: Workload) -> list[Span]:
    """Cut the life of a workload at its changes; the last span never ends."""
    changes = sorted(workload.changes, key=lambda change: -change.minutes_ago)
    versions = itertools.accumulate(changes, _after, initial=workload)
    starts = [scene.started(workload), *map(scene.since, changes)]

    return [
        Span(start, end, version)
        for start, end, version in zip(starts, [*starts[1:], math.inf], versions, strict=True)
    ]


def at(scene: Scene, workload: Workload, moment: float) -> Workload:
    """Return the workload as it behaves at a moment."""
    behaviours = [span.workload for span in spans(scene, workload) if span.start <= moment]

    return behaviours[-1] if behaviours else workload


def total(stretches: list[Span], rate: Rate, moment: float) -> float:
    """Sum a rate a second over a life up to a moment, with the swing of traffic."""
    return sum(
        rate(span.workload) * _seconds(span.start, min(span.end, moment))
        for span in stretches
        if span.start < moment
    )


def swing(moment: float) -> float:
    """Return the factor by which traffic is up or down at a moment; 1 on average."""
    return 1 + SWING * math.sin(2 * math.pi * moment / SWING_SECONDS)


def sicknesses(scene: Scene, workload: Workload) -> Iterator[tuple[float, Sickness]]:
    """Yield each illness of a workload and since when it lasts."""
    for change in workload.changes:
        if change.sickness:
            yield scene.since(change), change.sickness


def crashes(since: float, until: float, sickness: Sickness) -> list[float]:
    """List when a crash-looping container ended, with the kubelet's own back-off in between."""
    if sickness.ailment != "CrashLoopBackOff":
        return []

    ends: list[float] = []
    moment = since + RUN_SECONDS
    for pause in itertools.chain(BACKOFF_SECONDS, itertools.repeat(BACKOFF_LIMIT_SECONDS)):
        if moment > until:
            return ends
        ends.append(moment)
        moment += pause + RUN_SECONDS

    return ends


def _seconds(start: float, end: float) -> float:
    # The integral of swing() from start to end.
    turn = 2 * math.pi / SWING_SECONDS

    return (end - start) - SWING / turn * (math.cos(turn * end) - math.cos(turn * start))


def _after(workload: Workload, change: Change) -> Workload:
    return msgspec.structs.replace(
        workload,
        http=change.http or workload.http,
        meters=_merged(workload.meters, change.meters),
        usage=_used(workload.usage, change.usage),
    )


def _merged(before: list[Meter], after: list[Meter]) -> list[Meter]:
    meters = {(meter.name, *sorted(meter.labels.items())): meter for meter in [*before, *after]}

    return list(meters.values())


def _used(before: Usage, after: Usage | None) -> Usage:
    return after or before
