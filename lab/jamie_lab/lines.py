"""What pods write: lines as a pure function of the scenario, the pod and the time.

The same call for the same stretch of time gives the same lines, so history and live logs join
without a seam, and Loki and the API server tell the same story.
"""

import datetime as dt
import math
import random
from collections.abc import Iterator
from functools import lru_cache
from string import Template

import msgspec

from jamie_lab.incidents import Case
from jamie_lab.scenario import Field, Labels, LogLine, Sickness, Workload
from jamie_lab.timeline import RUN_SECONDS, Scene, crashes, sicknesses
from jamie_lab.world import Pod

Stretch = tuple[float, float]

MINUTE = 60.0
NANOSECONDS = 1_000_000_000


class Line(msgspec.Struct, frozen=True, order=True):
    """One entry of a log; the time in nanoseconds since the epoch. Its text may span lines."""

    nanoseconds: int
    text: str
    metadata: Labels = {}


class Voice(msgspec.Struct, frozen=True):
    """A kind of line a pod writes, how often, and from when to when; epoch seconds."""

    line: LogLine
    rate: float
    start: float
    end: float = math.inf


def voices(scene: Scene, workload: Workload, sickness: Sickness | None = None) -> list[Voice]:
    """Return everything a pod of a workload says over its life, ill or well.

    One whose container does not run says nothing any more, but see `last_words`.
    """
    common = [line for name in workload.voices for line in scene.scenario.voices[name]]
    started = scene.started(workload)
    everyday = [
        voice
        for line in [*common, *workload.logs]
        for voice in _quieter(scene, workload, Voice(line, line.rate, started))
    ]
    trouble = [
        Voice(line, line.rate, scene.since(change))
        for change in workload.changes
        for line in change.logs
    ]
    if sickness and sickness.ailment != "NotReady":
        silence = next(since for since, one in sicknesses(scene, workload) if one == sickness)
        return [_until(voice, silence) for voice in everyday]

    unheard = "well" if sickness else "sick"

    return [voice for voice in everyday + trouble if voice.line.pods != unheard]


def last_words(scene: Scene, workload: Workload, case: Case, stretch: Stretch) -> list[Line]:
    """Return what a crash-looping container says before each of its ends, in order."""
    said = [
        Voice(line, 1, case.since)
        for change in workload.changes
        for line in change.logs
        if line.pods != "well"
    ]
    moments = (
        (number, voice, end - RUN_SECONDS + (place + 1) * RUN_SECONDS / (len(said) + 1))
        for number, end in enumerate(crashes(case.since, stretch[1] + RUN_SECONDS, case.sickness))
        for place, voice in enumerate(said)
    )

    return [
        _line(scene, case.pod, voice, number, moment)
        for number, voice, moment in moments
        if stretch[0] <= moment < stretch[1]
    ]


def lines(scene: Scene, pod: Pod, spoken: list[Voice], stretch: Stretch) -> list[Line]:
    """Return what a pod says in a stretch of time (epoch seconds, the end excluded), in order."""
    said = (
        _line(scene, pod, voice, number, moment)
        for voice in spoken
        for number, moment in _moments(pod, voice, stretch)
    )

    return sorted(said)


def _quieter(scene: Scene, workload: Workload, voice: Voice) -> Iterator[Voice]:
    start, rate = voice.start, voice.rate
    for change in sorted(workload.changes, key=lambda change: -change.minutes_ago):
        yield Voice(voice.line, rate, start, scene.since(change))
        start, rate = scene.since(change), rate * change.quiet
    yield Voice(voice.line, rate, start)


def _until(voice: Voice, end: float) -> Voice:
    return msgspec.structs.replace(voice, end=min(voice.end, end))


def _moments(pod: Pod, voice: Voice, stretch: Stretch) -> Iterator[tuple[int, float]]:
    if voice.rate <= 0:
        return

    # Line number n falls somewhere in the n-th period since the epoch, for this pod always there.
    period = MINUTE / voice.rate
    start, end = max(stretch[0], voice.start), min(stretch[1], voice.end)
    for number in range(math.floor(start / period), math.ceil(end / period) + 1):
        moment = (number + _chance(pod, voice, number).random()) * period
        if start <= moment < end:
            yield number, moment


def _line(scene: Scene, pod: Pod, voice: Voice, number: int, moment: float) -> Line:
    chance = _chance(pod, voice, number)
    time = dt.datetime.fromtimestamp(moment, dt.UTC).isoformat(timespec="milliseconds")
    facts = {
        "time": time.replace("+00:00", "Z"),
        "pod": pod.metadata.name,
        "namespace": pod.metadata.namespace,
        "workload": pod.spec.containers[0].name,
        "node": pod.spec.node_name,
    }
    for name in _placeholders(voice.line.text):
        if name not in facts:
            facts[name] = _value(scene.scenario.fields[name], chance)
    metadata = {
        name: Template(text).substitute(facts) for name, text in voice.line.metadata.items()
    }

    return Line(int(moment * NANOSECONDS), Template(voice.line.text).substitute(facts), metadata)


def _chance(pod: Pod, voice: Voice, number: int) -> random.Random:
    # Seeded by what the line is, never by when we happen to ask.
    return random.Random(f"{pod.metadata.uid}/{voice.line.text}/{number}")


def _value(field: Field, chance: random.Random) -> str:
    if field.hex:
        return f"{chance.getrandbits(field.hex * 4):0{field.hex}x}"
    if field.choices:
        return chance.choice(field.choices)

    return str(chance.randint(field.low, field.high))


@lru_cache(maxsize=1024)
def _placeholders(text: str) -> tuple[str, ...]:
    return tuple(Template(text).get_identifiers())
