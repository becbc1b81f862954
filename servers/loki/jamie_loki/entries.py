"""Lines as a reader wants them: traces folded, shared labels said once, similar lines counted."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from jamie_loki.data import Labels, LinePattern, LogLine, Trace
from jamie_loki.replies import Line
from jamie_loki.survey import SERVICE_LABELS
from jamie_signals.logs import Fold, Level, Miner, Stack, fold, level_of, parse, stack_in

LONGEST_LINE = 2_000
LONGEST_VALUE = 200

GUESSED_LEVEL = "detected_level"
UNKNOWN_SERVICE = "unknown_service"


def shared(lines: Sequence[Line]) -> Labels:
    """Return the labels all lines have in common, without what repeats another or is a guess."""
    common = set(lines[0].labels.items()) if lines else set[tuple[str, str]]()
    for line in lines[1:]:
        common &= line.labels.items()

    return _without(_noise(dict(lines[0].labels)), dict(sorted(common))) if lines else {}


def folded(lines: Iterable[Line], common: Mapping[str, str], *, newest: bool) -> list[LogLine]:
    """Fold traces stream by stream, and order the entries as asked."""
    streams: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        streams[line.origin].append(line)

    entries = [entry for stream in streams.values() for entry in _entries(stream, common)]
    entries.sort(key=lambda pair: pair[0], reverse=newest)

    return [entry for _, entry in entries]


def folds(texts: Sequence[str]) -> Iterator[Fold]:
    """Fold the traces of one stream, oldest first; a text of several lines is already one entry."""
    start = 0
    for is_whole, run in groupby(texts, key=lambda text: "\n" in text.rstrip("\n")):
        held = list(run)
        found = map(_whole, held) if is_whole else fold(held)
        for place, one in enumerate(found):
            offset = start + (place if is_whole else 0)
            yield Fold(one.start + offset, one.end + offset, one.text, one.stack)
        start += len(held)


def patterns(lines: Sequence[Line]) -> list[LinePattern]:
    """Sort lines into patterns, the most frequent first."""
    miner = Miner()
    for line in lines:
        parsed = parse(line.text)
        level = level_of(line.text, line.labels, parsed)
        miner.add(parsed.message, at=line.at, source=service_of(line.labels), level=level)

    return [
        LinePattern(
            template=one.template[:LONGEST_LINE],
            count=one.count,
            level=str(one.level),
            first=str(one.first),
            last=str(one.last),
            example=one.example[:LONGEST_LINE],
            services=dict(sorted(one.sources.items(), key=lambda pair: (-pair[1], pair[0]))[:20]),
        )
        for one in miner.patterns()
    ]


def service_of(labels: Mapping[str, str]) -> str:
    """Name the service that wrote a line, by whichever label says so."""
    names = (labels.get(name, "") for name in SERVICE_LABELS)

    return next((name for name in names if name and name != UNKNOWN_SERVICE), "")


def trace_of(stack: Stack | None) -> Trace | None:
    """Return a trace in our data's words."""
    return Trace(stack.language, stack.root, stack.frame, stack.hidden) if stack else None


def _whole(text: str) -> Fold:
    return Fold(0, 1, text, stack_in(text))


def _entries(
    stream: Sequence[Line], common: Mapping[str, str]
) -> Iterable[tuple[tuple[int, str, int], LogLine]]:
    ordered = sorted(stream, key=lambda line: line.key)
    for one in folds([line.text for line in ordered]):
        head = ordered[one.start]
        text = head.text if one.end == one.start + 1 else one.text
        yield (
            head.key,
            LogLine(
                at=str(head.at),
                line=text[:LONGEST_LINE],
                labels=_own(head, common),
                level=str(_level(head)),
                lines=one.end - one.start,
                cut=max(len(text) - LONGEST_LINE, 0),
                trace=trace_of(one.stack),
            ),
        )


def _level(line: Line) -> Level:
    return level_of(line.text, line.labels)


def _own(line: Line, common: Mapping[str, str]) -> Labels:
    """Return the labels others do not share, and what the query read beyond the text."""
    labels, noise = line.labels, _noise(line.labels)
    own = {name: value for name, value in labels.items() if name not in common}
    read = {name: value for name, value in line.parsed.items() if value not in line.text}

    return _without(noise, {**own, **read})


def _noise(labels: Mapping[str, str]) -> set[str]:
    """Name what tells a reader nothing: Loki's guess at the level, and a service named twice."""
    service = labels.get("service_name", "")
    elsewhere = [value for name, value in labels.items() if name != "service_name"]
    repeated = {"service_name"} if service in (*elsewhere, UNKNOWN_SERVICE) else set[str]()

    return {GUESSED_LEVEL, "__error_details__"} | repeated


def _without(noise: set[str], labels: Mapping[str, str]) -> Labels:
    return {
        name: value[:LONGEST_VALUE] for name, value in labels.items() if value and name not in noise
    }
