"""Loki's results as lines and series."""

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import TypeVar

import msgspec

from jamie_loki.wire import Labels, LineEntry, MatrixRow, Sample, StreamLines, VectorRow
from jamie_signals.series import Series

RowT = TypeVar("RowT", StreamLines, MatrixRow, VectorRow)


class Line(msgspec.Struct, frozen=True):
    """A log line: when (nanoseconds), what, and the labels of its stream.

    `metadata` is what came with the line (a trace id, Loki's guess at the level), `parsed` what the
    query read out of it. `place` counts the lines of one stream (`origin`) at one instant, oldest
    first.
    """

    at: int
    text: str
    stream: Labels
    metadata: Labels
    parsed: Labels
    origin: str = ""
    place: int = 0

    @property
    def labels(self) -> Labels:
        """Return the stream's labels and the line's own."""
        return {**self.stream, **self.metadata}

    @property
    def key(self) -> tuple[int, str, int]:
        """Return what orders lines, and no two lines of a window share."""
        return (self.at, self.origin, self.place)


class Found(msgspec.Struct, frozen=True):
    """What a query gave: lines in the order asked for, or series, or a lone number as a series.

    `metric` tells which; `warnings` are Loki's.
    """

    metric: bool
    lines: tuple[Line, ...] = ()
    series: tuple[Series, ...] = ()
    warnings: tuple[str, ...] = ()


def found(kind: str, result: msgspec.Raw, *, newest: bool, warnings: Iterable[str]) -> Found:
    """Read a result of any of Loki's types.

    Raises:
        msgspec.DecodeError: It is not what its type says.

    """
    said = tuple(warnings)
    match kind:
        case "streams":
            streams = msgspec.json.decode(result, type=list[StreamLines])
            return Found(metric=False, lines=_lines(streams, newest=newest), warnings=said)
        case "matrix":
            rows = msgspec.json.decode(result, type=list[MatrixRow])
            series = tuple(Series(row.metric, _points(row.values)) for row in rows)
        case "vector":
            values = msgspec.json.decode(result, type=list[VectorRow])
            series = tuple(Series(row.metric, _points([row.value])) for row in values)
        case _:
            sample = msgspec.json.decode(result, type=Sample)
            series = (Series({}, _points([sample])),)

    return Found(metric=True, series=series, warnings=said)


def _points(samples: Iterable[Sample]) -> tuple[tuple[float, float], ...]:
    return tuple((at, float(value)) for at, value in samples)


def _lines(streams: Iterable[StreamLines], *, newest: bool) -> tuple[Line, ...]:
    placed: Counter[tuple[int, str]] = Counter()
    lines = [line for stream in streams for line in _placed(stream, placed, newest=newest)]

    return tuple(sorted(lines, key=lambda line: line.key, reverse=newest))


def _placed(
    stream: StreamLines, placed: Counter[tuple[int, str]], *, newest: bool
) -> Iterator[Line]:
    """Yield lines, those of one instant numbered as written: backwards Loki gives the last."""
    origin = _digest(stream.stream)
    oldest_first: Iterable[LineEntry] = reversed(stream.values) if newest else stream.values
    for entry in oldest_first:
        at, extra = int(entry.at), entry.extra
        place = placed[at, origin]
        placed[at, origin] += 1
        metadata = extra.structured_metadata
        yield Line(at, entry.line, stream.stream, metadata, extra.parsed, origin, place)


def _digest(labels: Labels) -> str:
    return blake2b(repr(sorted(labels.items())).encode(), digest_size=6).hexdigest()
